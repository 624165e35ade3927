import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A TCP proxy before a gateway whose connections a test can cut, refuse, or let hang. */
export class BreakableLink {
  readonly port: number;
  /** Connections that were made so far. */
  connections = 0;
  /** While set, new connections are cut at once. */
  isDown = false;
  /** While set, nothing passes, and nothing is closed. */
  isSilent = false;
  /** Where new connections lead. */
  target: number;
  readonly #sockets = new Set<Socket>();

  private constructor(port: number, target: number) {
    this.port = port;
    this.target = target;
  }

  /** @param target a port of 127.0.0.1 */
  static async to(target: number): Promise<BreakableLink> {
    const server = createServer({ pauseOnConnect: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address: AddressInfo | string | null = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const link = new BreakableLink(address.port, target);
    server.on('connection', (socket) => link.#accept(socket));
    onTestFinished(() => {
      server.close();
      link.cut();
    });
    return link;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/graphql`;
  }

  get open(): number {
    return this.#sockets.size / 2;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(socket: Socket): void {
    if (this.isDown) {
      socket.destroy();
      return;
    }
    this.connections += 1;
    const upstream = connect(this.target, '127.0.0.1');
    for (const [from, to] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (data) => {
        if (!this.isSilent) to.write(data);
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
    socket.resume();
  }
}
