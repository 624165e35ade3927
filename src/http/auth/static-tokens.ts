import { createHash, timingSafeEqual } from 'node:crypto';
import type { StaticToken } from '../../config/auth.ts';

/**
 * The listed token that this is; null: none. Takes the same time whichever it is, or none: digests are of one length, all of them are
 * compared, and each comparison looks at every byte.
 */
export function findToken(listed: readonly StaticToken[], token: string): StaticToken | null {
  const digest = createHash('sha256').update(token).digest();
  let found: StaticToken | null = null;
  for (const candidate of listed) {
    if (timingSafeEqual(candidate.digest, digest)) found = candidate;
  }
  return found;
}
