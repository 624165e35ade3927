import { setMaxListeners } from 'node:events';
import { atMost } from './at-most.ts';
import { delay } from './delay.ts';
import type { Log } from './log.ts';

const RESTART_AFTER = 1000;

/** Tasks that run as long as the gateway. One that fails is a bug: it is said loudly and the task starts again. */
export class Background {
  readonly #log: Log;
  readonly #stop = new AbortController();
  readonly #tasks = new Map<string, Promise<void>>();
  readonly #running = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
    // Every task listens to this one signal, and so does everything that a task waits for.
    setMaxListeners(0, this.#stop.signal);
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  isRunning(name: string): boolean {
    return this.#running.has(name);
  }

  /** Runs the task until `stop`; it must return soon after the signal aborts. */
  start(name: string, task: (signal: AbortSignal) => Promise<void>): void {
    this.#tasks.set(name, this.#supervise(name, task));
  }

  /** Runs the work now and then, the first time after one interval (milliseconds). */
  every(name: string, interval: number, work: () => Promise<void>): void {
    this.start(name, async (signal) => {
      while (!signal.aborted) {
        await delay(interval, signal);
        if (!signal.aborted) await work();
      }
    });
  }

  /**
   * Ends every task. Returns the names of those that did not end within so many milliseconds: a back end that hangs must not hold up the
   * end, and what they were at is as after a crash.
   */
  async stop(within = Number.POSITIVE_INFINITY): Promise<readonly string[]> {
    this.#stop.abort();
    const all = Promise.all(this.#tasks.values());
    await (within === Number.POSITIVE_INFINITY ? all : atMost(within, all));
    return [...this.#running];
  }

  async #supervise(name: string, task: (signal: AbortSignal) => Promise<void>): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#running.add(name);
      try {
        await task(this.#stop.signal);
        break;
      } catch (error) {
        this.#running.delete(name);
        this.#log.error({ task: name, error }, 'a background task failed, will start it again');
        await delay(RESTART_AFTER, this.#stop.signal);
      }
    }
    this.#running.delete(name);
  }
}
