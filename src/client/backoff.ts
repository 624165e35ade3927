export interface BackoffLimits {
  /** Milliseconds. */
  readonly min: number;
  /** Milliseconds. */
  readonly max: number;
}

/**
 * How long to wait after the nth failure in a row: doubling from `min` to `max`, and the upper half of it drawn by lot, so that clients that
 * lost one gateway together do not come to the next one together. Milliseconds.
 *
 * @param failures 1 or more
 */
export function backoff(failures: number, { min, max }: BackoffLimits, random: () => number): number {
  const full = Math.min(max, min * 2 ** (failures - 1));
  return full * (0.5 + 0.5 * random());
}
