import type { StaleOrNot } from '../registry/registry.ts';

/** On every answer of `/graphql` that may be old, and on no other. */
export const STALE_HEADER = 'Registry-Status';

/** A structured field (RFC 9651): `stale;source=snapshot;age=42`, the age in seconds. null: nothing to say. */
export function staleHeader(freshness: StaleOrNot | null, now: number): string | null {
  if (freshness === null || !freshness.stale) return null;
  // A clock that was put back makes no negative ages.
  const age = Math.max(0, Math.round((now - freshness.asOf) / 1000));
  return `stale;source=${freshness.source.toLowerCase()};age=${age}`;
}
