import type { ProbedStatus } from '../registry/ports.ts';

export interface Thresholds {
  readonly successBeforePassing: number;
  readonly failuresBeforeCritical: number;
}

/** What probes found in a row. */
export interface Streak {
  readonly successes: number;
  readonly failures: number;
}

export const NO_STREAK: Streak = { successes: 0, failures: 0 };

/** As Consul counts: a warning is a success, and one of the other kind begins anew. */
export function after({ successes, failures }: Streak, found: ProbedStatus): Streak {
  return found === 'critical' ? { successes: 0, failures: failures + 1 } : { successes: successes + 1, failures: 0 };
}

/** The status that a streak ending with this comes to; null: too short to say. */
export function verdict({ successes, failures }: Streak, found: ProbedStatus, thresholds: Thresholds): ProbedStatus | null {
  if (found === 'critical') return failures >= thresholds.failuresBeforeCritical ? 'critical' : null;
  return successes >= thresholds.successBeforePassing ? found : null;
}
