/** What is answered may be this much behind before it counts as stale. Milliseconds. */
const STALE_AFTER = 15_000;

/** LIVE: loaded from Postgres, and following its change log. SNAPSHOT: from the file that an earlier run wrote. */
export type RegistrySource = 'LIVE' | 'SNAPSHOT';

export interface Freshness {
  readonly source: RegistrySource;
  /** Until when what memory holds is known to be right, milliseconds since 1970. */
  readonly asOf: number;
}

/** Whether what memory holds may be old: it comes from a snapshot, or the change log has not been read for 15 s. */
export function isStale({ source, asOf }: Freshness, now: number): boolean {
  return source === 'SNAPSHOT' || now - asOf > STALE_AFTER;
}
