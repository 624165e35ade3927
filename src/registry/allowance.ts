export interface AllowanceOptions {
  /** A clock that nobody sets, milliseconds. */
  readonly monotonic: () => number;
  readonly perMinute: number;
  /** How many keys are remembered: they are the askers' choosing. */
  readonly maxKeys?: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** So much a minute for each key, some of it at once (a token bucket that holds a sixth of a minute's, at least one). */
export class Allowance {
  readonly #monotonic: () => number;
  readonly #perMillisecond: number;
  readonly #burst: number;
  readonly #maxKeys: number;
  /** In the order of use, the oldest first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor({ monotonic, perMinute, maxKeys = 10_000 }: AllowanceOptions) {
    this.#monotonic = monotonic;
    this.#perMillisecond = perMinute / 60_000;
    this.#burst = Math.max(1, Math.ceil(perMinute / 6));
    this.#maxKeys = maxKeys;
  }

  /** Takes one. Returns 0, or where there is none left after how many milliseconds there is. */
  take(key: string): number {
    const at = this.#monotonic();
    const before = this.#buckets.get(key);
    const tokens = before === undefined ? this.#burst : Math.min(this.#burst, before.tokens + (at - before.at) * this.#perMillisecond);
    this.#buckets.delete(key);
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size < this.#maxKeys) break;
      this.#buckets.delete(oldest);
    }
    const isLeft = tokens >= 1;
    this.#buckets.set(key, { tokens: isLeft ? tokens - 1 : tokens, at });
    return isLeft ? 0 : Math.ceil((1 - tokens) / this.#perMillisecond);
  }
}
