import { on, once } from 'node:events';
import { WebSocket } from 'ws';
import { z } from 'zod';

const answer = z.object({ id: z.number().optional(), result: z.unknown(), error: z.object({ message: z.string() }).optional() });
const heapUsage = z.object({ usedSize: z.number() });

/** What V8's inspector tells of a process that listens for one (SIGUSR1 makes Node listen). */
export class Inspector {
  readonly #socket: WebSocket;
  #asked = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** Of an address that Node printed: `ws://…`. Throws when nothing answers there. */
  static async open(url: string): Promise<Inspector> {
    const socket = new WebSocket(url);
    await once(socket, 'open');
    return new Inspector(socket);
  }

  /** Bytes of the heap that are still in use once all garbage is collected, for which the process stands still. */
  async liveHeap(): Promise<number> {
    await this.#ask('HeapProfiler.collectGarbage');
    return heapUsage.parse(await this.#ask('Runtime.getHeapUsage')).usedSize;
  }

  close(): void {
    this.#socket.close();
  }

  async #ask(method: string): Promise<unknown> {
    this.#asked += 1;
    const asked = this.#asked;
    const messages = on(this.#socket, 'message', { close: ['close'] });
    this.#socket.send(JSON.stringify({ id: asked, method }));
    for await (const [message] of messages) {
      const { id, result, error } = answer.parse(JSON.parse(String(message)));
      if (id !== asked) continue;
      if (error !== undefined) throw new Error(`${method}: ${error.message}`);
      return result;
    }
    throw new Error(`${method}: the process has hung up`);
  }
}
