import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { adoptChild, type Child } from '../../src/local/child.ts';
import type { Guard } from '../../src/local/guard.ts';
import { until } from '../until.ts';
import type { Order } from './fail-point.ts';

/** From SIGTERM to the end, milliseconds: the promise of the product, with some room for a loaded machine. */
const STOP_DEADLINE = 12_000;

/** One gateway, over all its lives: it keeps its id and port when it is killed and started again. */
export class GatewayProcess {
  readonly id: string;
  readonly url: string;
  readonly logFile: string;
  readonly #program: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #guard: Guard;
  #process: ChildProcess | null = null;
  #child: Child | null = null;
  #hasPassed = false;

  /** `program` is the compiled mortal-gateway.ts. */
  constructor(id: string, port: number, program: string, logFile: string, env: Readonly<Record<string, string>>, guard: Guard) {
    this.id = id;
    this.#program = program;
    this.url = `http://127.0.0.1:${port}`;
    this.logFile = logFile;
    this.#env = { ...env, GATEWAY_ID: id, SERVICE_PORT: String(port) };
    this.#guard = guard;
  }

  get isRunning(): boolean {
    return this.#child?.running ?? false;
  }

  /** Resolves when the process is there; `ready` tells when it answers. */
  async start(): Promise<void> {
    const log = createWriteStream(this.logFile, { flags: 'a' });
    await once(log, 'open');
    this.#process = spawn(process.execPath, [this.#program], {
      detached: true,
      env: { PATH: process.env['PATH'] ?? '', ...this.#env },
      stdio: ['ignore', log, log, 'ipc'],
    });
    log.close();
    // An order to a process that has just died reaches nobody.
    this.#process.on('error', () => undefined);
    this.#process.on('message', () => {
      this.#hasPassed = true;
    });
    this.#child = await adoptChild(this.#process, this.#program, 'SIGTERM', this.#guard);
  }

  /** Until it answers reads. Throws with the end of its log. */
  async ready(): Promise<void> {
    try {
      await until(`${this.id} is ready`, async () => (await fetch(`${this.url}/health/ready`, { signal: AbortSignal.timeout(2000) })).ok, {
        timeout: 60_000,
        interval: 100,
      });
    } catch (error) {
      throw new Error(`${this.id} did not become ready. The end of its log:\n${(await readFile(this.logFile, 'utf8')).slice(-3000)}`, {
        cause: error,
      });
    }
  }

  order(what: Order): void {
    if (this.isRunning && this.#process?.connected) this.#process.send(what);
  }

  /**
   * Arms a fail point and waits, so many milliseconds, until the process has died at it, stands still at it, or has told that it passed it.
   * Returns whether it came to that; otherwise the fail point is disarmed.
   */
  async fails(arm: Extract<Order, { kind: 'arm' }>, patience: number): Promise<boolean> {
    if (!this.isRunning) return false;
    const { mishap } = arm;
    this.#hasPassed = false;
    this.order(arm);
    const deadline = performance.now() + patience;
    while (performance.now() < deadline) {
      if (mishap === 'kill' && !this.isRunning) return true;
      if (mishap === 'freeze' && (await this.#state()) === 'T') return true;
      if (mishap === 'sever' && this.#hasPassed) return true;
      await sleep(20);
    }
    this.order({ kind: 'disarm' });
    return false;
  }

  /** The state letter of the process: T stands still. null where it is gone. */
  async #state(): Promise<string | null> {
    return /State:\s+(\w)/.exec(await this.#status())?.[1] ?? null;
  }

  async #status(): Promise<string> {
    if (this.#child === null || !this.isRunning) return '';
    try {
      return await readFile(`/proc/${this.#child.pid}/status`, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return '';
      throw error;
    }
  }

  /** SIGKILL, or nothing where it is gone already. Resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === null || !child.running) return;
    child.signal('SIGKILL');
    await child.exited;
  }

  /** SIGTERM. Throws when it does not end in time, or with another code than 0. */
  async terminate(): Promise<void> {
    const child = this.#child;
    if (child === null || !child.running) return;
    const { code, signal } = await child.stop(STOP_DEADLINE);
    if (code !== 0) throw new Error(`Shutdown: ${this.id} ended with ${signal ?? `code ${code}`} after SIGTERM, not with code 0 in 10 s`);
  }

  freeze(): void {
    this.#child?.signal('SIGSTOP');
  }

  thaw(): void {
    this.#child?.signal('SIGCONT');
  }

  /** Bytes that the process holds in memory; 0 where it does not run. */
  async memory(): Promise<number> {
    return Number(/VmRSS:\s+(\d+) kB/.exec(await this.#status())?.[1] ?? 0) * 1024;
  }
}
