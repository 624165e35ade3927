import { createHash } from 'node:crypto';

/** Tokens that are kept at most, some 300 bytes each: more than the clients that one gateway serves at a time. */
const MOST = 10_000;

interface Kept<T> {
  readonly value: T;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  readonly edition: object;
}

/**
 * What was found of tokens that count. Verifying a signature takes 0.1 to 0.2 ms, more than answering what is asked, and clients show the same
 * token with every request. By the SHA-256 of the token, so that no dump can tell it; tokens that do not count are not kept, so that nobody
 * pushes out those of others with them.
 */
export class VerifiedTokens<T extends { readonly expiresAt: number }> {
  readonly #kept = new Map<string, Kept<T>>();
  readonly #most: number;

  constructor(most = MOST) {
    this.#most = most;
  }

  get size(): number {
    return this.#kept.size;
  }

  /** What was found under this edition of the keys, and has not expired; `now` is milliseconds since 1970. */
  get(token: string, edition: object, now: number): T | undefined {
    const key = digestOf(token);
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    this.#kept.delete(key);
    if (kept.edition !== edition || kept.expiresAt <= now) return undefined;
    // To the end of the Map's order: the first is the one that was not shown the longest.
    this.#kept.set(key, kept);
    return kept.value;
  }

  set(token: string, edition: object, value: T): void {
    this.#kept.set(digestOf(token), { value, expiresAt: value.expiresAt, edition });
    if (this.#kept.size <= this.#most) return;
    for (const key of this.#kept.keys()) {
      this.#kept.delete(key);
      break;
    }
  }
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
