import type { ProbedStatus } from './ports.ts';

/** Probes that must fail in a row until an instance is out: one may be lost to the network, or to a pause of the gateway itself. */
const FAILURES = 2;
/** Probes that must pass in a row until it is back, the first time; twice as many each further time. */
const SUCCESSES = 2;
const MOST_SUCCESSES = 16;
/** Whoever has been back for so long without being out again begins anew. Milliseconds. */
const FORGIVEN_AFTER = 5 * 60_000;

/** What this gateway's own probes of one instance came to. Times are milliseconds of a clock that nobody sets. */
export interface Trial {
  /** Probes in a row that failed. */
  readonly failures: number;
  /** Probes that passed since the last one that failed. */
  readonly successes: number;
  /** When the failures began that it has not recovered from; null: there are none. */
  readonly failingSince: number | null;
  /** It has failed twice at once, and has not recovered yet. */
  readonly isOut: boolean;
  /** How often it went out lately. */
  readonly times: number;
  readonly backSince: number | null;
}

/** Nothing is known against it. */
export const UNTRIED: Trial = { failures: 0, successes: 0, failingSince: null, isOut: false, times: 0, backSince: null };

/**
 * The trial after one more probe. Two failures in a row put an instance out; it comes back by hysteresis, so that one that flaps does not
 * flap in the answers: after 2 passing probes in a row the first time, 4 the second, 8 the third, 16 from then on; 5 minutes without
 * being out are forgotten. With a probe every 2 s:
 *
 * | time | probe | then |
 * |---|---|---|
 * | 0 s | fails | the second try follows at once |
 * | 0.2 s | fails | out |
 * | 2.2 s | passes | out, 1 of 2 |
 * | 4.2 s | fails | out, 0 of 2 |
 * | 6.2 s, 8.2 s | pass | back |
 * | 10.2 s, 10.4 s | fail | out for the second time |
 * | 12.4 s … 18.4 s | pass, four times | back |
 *
 * `warning` (429: alive, and asking for less) neither puts out nor brings back: what it means is for Consul's own check to say.
 */
export function afterProbe(trial: Trial, status: ProbedStatus, at: number): Trial {
  if (status === 'critical') {
    const failures = trial.failures + 1;
    const goesOut = !trial.isOut && failures >= FAILURES;
    return {
      failures,
      successes: 0,
      failingSince: trial.failingSince ?? at,
      isOut: trial.isOut || goesOut,
      times: trial.times + (goesOut ? 1 : 0),
      backSince: goesOut ? null : trial.backSince,
    };
  }
  if (status === 'warning') return { ...trial, failures: 0, failingSince: trial.isOut ? trial.failingSince : null };
  const successes = trial.successes + 1;
  if (trial.isOut) {
    return successes < successesNeeded(trial)
      ? { ...trial, failures: 0, successes }
      : { ...UNTRIED, times: trial.times, successes, backSince: at };
  }
  const isForgiven = trial.backSince === null || at - trial.backSince >= FORGIVEN_AFTER;
  return isForgiven ? UNTRIED : { ...trial, failures: 0, successes, failingSince: null };
}

/** Passing probes in a row, from none on, until it is back. */
export function successesNeeded({ times }: Trial): number {
  return Math.min(SUCCESSES * 2 ** Math.max(0, times - 1), MOST_SUCCESSES);
}
