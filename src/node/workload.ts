import type { JsonObject } from '../events/json.ts';

/** What the node is doing: operations that run now, that ran, and since when it lives. */
export class Workload {
  readonly #now: () => number;
  #bornAt: number;
  #active = 0;
  #tracked = 0;
  #totalMilliseconds = 0;
  #lastActivityAt: number | null = null;

  /** `now`: milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now;
    this.#bornAt = now();
  }

  /** A new life begins: the uptime counts from now. */
  begin(): void {
    this.#bornAt = this.#now();
  }

  get active(): number {
    return this.#active;
  }

  /** Milliseconds since 1970; null while nothing was tracked. */
  get lastActivityAt(): number | null {
    return this.#lastActivityAt;
  }

  uptimeSeconds(): number {
    return Math.max(0, Math.round((this.#now() - this.#bornAt) / 1000));
  }

  async track<T>(work: () => T | Promise<T>): Promise<T> {
    const startedAt = this.#now();
    this.#active += 1;
    this.#lastActivityAt = startedAt;
    try {
      return await work();
    } finally {
      this.#active -= 1;
      this.#tracked += 1;
      this.#lastActivityAt = this.#now();
      this.#totalMilliseconds += Math.max(0, this.#lastActivityAt - startedAt);
    }
  }

  /** null while nothing was tracked. */
  performance(): JsonObject | null {
    if (this.#tracked === 0) return null;
    return { operations_tracked: this.#tracked, average_ms: Math.round((100 * this.#totalMilliseconds) / this.#tracked) / 100 };
  }
}
