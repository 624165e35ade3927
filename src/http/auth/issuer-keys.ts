import { createLocalJWKSet, createRemoteJWKSet, errors, type FlattenedJWSInput, type JWSHeaderParameters } from 'jose';
import { messageOf } from '../../errors.ts';
import type { Log } from '../../log.ts';

/** How long an answer of the issuer is taken for current. A key that it takes back counts so much longer at most. Milliseconds. */
const MAX_AGE = 10 * 60_000;
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

/**
 * The key that signed a token, from the issuer's set: fetched when first needed, again when a token names a key that it does not have,
 * and every ten minutes. Throws KeysUnavailable where it cannot be had, and an error of jose where the issuer has no such key.
 */
export function issuerKeys({ url, now, log, cooldown = COOLDOWN }: IssuerKeysOptions) {
  const remote = createRemoteJWKSet(url, { cacheMaxAge: MAX_AGE, cooldownDuration: cooldown, timeoutDuration: TIMEOUT });
  let failedAt: number | null = null;
  let goodUntil = 0;

  async function lastKnown(header: JWSHeaderParameters, token: FlattenedJWSInput, cause?: unknown) {
    const known = remote.jwks();
    if (known === undefined || now() >= goodUntil) throw new KeysUnavailable('the keys of the issuer cannot be had', { cause });
    try {
      return await createLocalJWKSet(known)(header, token);
    } catch (error) {
      // A key that came since cannot be told from one that never was.
      throw error instanceof errors.JWKSNoMatchingKey ? new KeysUnavailable('the issuer cannot be asked for a new key', { cause }) : error;
    }
  }

  return async (header: JWSHeaderParameters, token: FlattenedJWSInput) => {
    if (failedAt !== null && now() - failedAt < cooldown) return lastKnown(header, token);
    try {
      const key = await remote(header, token);
      failedAt = null;
      goodUntil = now() + MAX_STALE;
      return key;
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) throw error;
      failedAt = now();
      log.warn(
        { error: messageOf(error), url: url.href },
        'could not fetch the keys of the issuer; its new tokens are answered with 503, will retry',
      );
      return lastKnown(header, token, error);
    }
  };
}
