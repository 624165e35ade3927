/** Keys after which buckets that are full again are thrown away. */
const SWEEP = 10_000;
/** Keys that are kept at most: some hundred bytes each. */
const MOST = 200_000;

/**
 * One token bucket per key, by the generic cell rate algorithm: a key costs one number, the time at which its bucket would be full again, and
 * no timer. Synchronous, since it stands before everything else that a request does.
 */
export class TokenBuckets {
  readonly #perToken: number;
  readonly #burst: number;
  readonly #now: () => number;
  readonly #fullAt = new Map<string, number>();
  #sweepAt = SWEEP;

  /** `rate`: tokens per second, 0 for no limit; `burst`: tokens of a full bucket; `now`: milliseconds, from any start, never backwards. */
  constructor({ rate, burst, now }: { readonly rate: number; readonly burst: number; readonly now: () => number }) {
    this.#perToken = rate === 0 ? 0 : 1000 / rate;
    this.#burst = Math.max(burst, 1) * this.#perToken;
    this.#now = now;
  }

  /** Keys whose bucket is known not to be full. */
  get size(): number {
    return this.#fullAt.size;
  }

  /** Takes tokens: 0 where there were enough, else the milliseconds until there will be, and none is taken. */
  take(key: string, tokens = 1): number {
    if (this.#perToken === 0) return 0;
    const now = this.#now();
    const fullAt = Math.max(this.#fullAt.get(key) ?? now, now) + tokens * this.#perToken;
    const wait = fullAt - now - this.#burst;
    if (wait > 0) return wait;
    this.#fullAt.set(key, fullAt);
    if (this.#fullAt.size > this.#sweepAt) this.#sweep(now);
    return 0;
  }

  #sweep(now: number): void {
    for (const [key, fullAt] of this.#fullAt) if (fullAt <= now) this.#fullAt.delete(key);
    for (const key of this.#fullAt.keys()) {
      if (this.#fullAt.size <= MOST) break;
      this.#fullAt.delete(key);
    }
    this.#sweepAt = Math.min(MOST, Math.max(SWEEP, 2 * this.#fullAt.size));
  }
}
