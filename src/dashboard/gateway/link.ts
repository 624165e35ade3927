/** How the live connection stands. Moments are milliseconds since 1970. */
export type Link =
  | { readonly state: 'connecting'; readonly since: number }
  | { readonly state: 'live'; readonly since: number }
  | { readonly state: 'lost'; readonly since: number; readonly retryAt: number | null; readonly tries: number; readonly why: string | null }
  /** The gateway wants a token. */
  | { readonly state: 'refused'; readonly since: number };

/** The connection is gone, or could not be made again: since when stays what it was at first. */
export function lost(link: Link, now: number, why: string | null = null): Link {
  return link.state === 'lost' ? { ...link, why: why ?? link.why } : { state: 'lost', since: now, retryAt: null, tries: 0, why };
}

export function waiting(link: Link, now: number, duration: number): Link {
  const since = link.state === 'lost' ? link.since : now;
  const tries = link.state === 'lost' ? link.tries + 1 : 1;
  return { state: 'lost', since, retryAt: now + duration, tries, why: link.state === 'lost' ? link.why : null };
}

/** Milliseconds before the next try: soon at first, since most breaks are a restart, and every 5 s later. */
export function patience(tries: number, random: () => number): number {
  const steady = Math.min(5000, 400 * 2 ** Math.min(tries, 6));
  return Math.round(steady * (0.75 + random() * 0.5));
}
