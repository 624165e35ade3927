import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { announcement } from './running-gateway.ts';

const PROGRAM = fileURLToPath(new URL('./mortal-node.program.mjs', import.meta.url));

/** An instance that can be killed, frozen and made sick, and that listens on the same port in every life. */
export class MortalNode {
  readonly nodeId: string;
  readonly #serviceName: string;
  #process: ChildProcess | null = null;
  #port = 0;

  constructor(nodeId: string, serviceName: string) {
    this.nodeId = nodeId;
    this.#serviceName = serviceName;
  }

  /** Resolves when it listens. */
  async start(): Promise<void> {
    const child = fork(PROGRAM, [String(this.#port)], { execArgv: [] });
    this.#process = child;
    const [port] = await once(child, 'message');
    this.#port = z.number().parse(port);
  }

  /** What it says of itself when it starts; its only capability is called like its service. */
  announcement(): object {
    const base = `http://127.0.0.1:${this.#port}`;
    return announcement(this.nodeId, {
      service_name: this.#serviceName,
      capabilities: [this.#serviceName],
      endpoints: { health: `${base}/health`, api: `${base}/api` },
    });
  }

  /** What `/health` answers from now on. */
  answer(status: number): void {
    this.#process?.send(status);
  }

  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  /** `kill -9`. Resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
}
