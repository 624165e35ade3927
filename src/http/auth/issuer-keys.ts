import { createLocalJWKSet, createRemoteJWKSet, errors, type FlattenedJWSInput, type JWSHeaderParameters } from 'jose';
import { messageOf } from '../../errors.ts';
import type { Log } from '../../log.ts';

/** How long an answer of the issuer is taken for current. A key that it takes back counts so much longer at most. Milliseconds. */
const MAX_AGE = 10 * 60_000;
/** The keys are fetched anew in the background when they are so old and somebody asks, so that nobody ever waits for it. Milliseconds. */
const REFRESH_AGE = 5 * 60_000;
/** While the issuer does not answer, the last keys go on counting for so long. Milliseconds. */
const MAX_STALE = 60 * 60_000;
const TIMEOUT = 5000;
/** The issuer is not asked again before: neither for a key that it does not have, nor after it failed. Milliseconds. */
const COOLDOWN = 5000;

/** The issuer's keys could not be had: nobody can tell whether the token is right. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}

export interface IssuerKeysOptions {
  readonly url: URL;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Pick<Log, 'warn'>;
  /** Milliseconds. Default: 5,000. */
  readonly cooldown?: number;
}

type KeyOf = ReturnType<typeof createLocalJWKSet>;

interface Known {
  readonly keyOf: KeyOf;
  /** Milliseconds since 1970. */
  readonly fetchedAt: number;
}

/**
 * The issuer's keys: fetched when first needed, again when a token names one that is not among them, and every few minutes. While tokens
 * come, nobody waits for that; and while the issuer is away, the last keys count at once.
 */
export class IssuerKeys {
  readonly #remote: ReturnType<typeof createRemoteJWKSet>;
  readonly #url: URL;
  readonly #now: () => number;
  readonly #log: Pick<Log, 'warn'>;
  readonly #cooldown: number;
  #known: Known | null = null;
  #failedAt: number | null = null;
  #fetching: Promise<void> | null = null;

  constructor({ url, now, log, cooldown = COOLDOWN }: IssuerKeysOptions) {
    // When to fetch is decided here: the library would have every request wait for an issuer that hangs.
    this.#remote = createRemoteJWKSet(url, { cacheMaxAge: Number.POSITIVE_INFINITY, timeoutDuration: TIMEOUT });
    this.#url = url;
    this.#now = now;
    this.#log = log;
    this.#cooldown = cooldown;
  }

  /** What stands for the keys as they are, for whoever keeps what was verified by them; null where they do not count (any more). */
  get edition(): object | null {
    const known = this.#known;
    if (known === null || this.#age(known) >= (this.#failedAt === null ? MAX_AGE : MAX_STALE)) return null;
    this.#refresh(known);
    return known;
  }

  /** The key that signed a token. Throws KeysUnavailable where it cannot be had, and an error of jose where the issuer has no such key. */
  async keyOf(header: JWSHeaderParameters, token: FlattenedJWSInput): ReturnType<KeyOf> {
    const known = await this.#current();
    try {
      return await known.keyOf(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || this.#age(known) < this.#cooldown) throw error;
      const anew = await this.#fetchNow('the issuer cannot be asked for a new key');
      return anew.keyOf(header, token);
    }
  }

  async #current(): Promise<Known> {
    const known = this.#known;
    if (known === null || this.#age(known) >= MAX_STALE) return this.#fetchNow('the keys of the issuer cannot be had');
    if (this.#age(known) >= MAX_AGE && this.#failedAt === null) await this.#fetch().catch(() => undefined);
    this.#refresh(known);
    return this.#known ?? known;
  }

  /** Throws KeysUnavailable. */
  async #fetchNow(why: string): Promise<Known> {
    if (this.#isCoolingDown()) throw new KeysUnavailable(why);
    await this.#fetch().catch((cause: unknown) => {
      throw new KeysUnavailable(why, { cause });
    });
    if (this.#known === null) throw new KeysUnavailable(why);
    return this.#known;
  }

  #refresh(known: Known): void {
    if (known !== this.#known || this.#age(known) < REFRESH_AGE || this.#isCoolingDown()) return;
    // Whatever it comes to was said in the log.
    this.#fetch().catch(() => undefined);
  }

  #isCoolingDown(): boolean {
    return this.#failedAt !== null && this.#now() - this.#failedAt < this.#cooldown;
  }

  #age({ fetchedAt }: Known): number {
    return this.#now() - fetchedAt;
  }

  /** Once at a time. Rejects with what failed. */
  #fetch(): Promise<void> {
    this.#fetching ??= this.#ask().finally(() => {
      this.#fetching = null;
    });
    return this.#fetching;
  }

  async #ask(): Promise<void> {
    try {
      await this.#remote.reload();
      this.#known = { keyOf: createLocalJWKSet(this.#remote.jwks() ?? { keys: [] }), fetchedAt: this.#now() };
      this.#failedAt = null;
    } catch (error) {
      this.#failedAt = this.#now();
      this.#log.warn(
        { error: messageOf(error), url: this.#url.href },
        'could not fetch the keys of the issuer; its new tokens are answered with 503, will retry',
      );
      throw error;
    }
  }
}
