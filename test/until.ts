import { setTimeout as sleep } from 'node:timers/promises';

export type UntilOptions = {
  /** Milliseconds; 15 s by default. */
  readonly timeout?: number;
  /** Milliseconds between two looks; by default 25, and 100 once it has taken a second. */
  readonly interval?: number;
};

/**
 * Waits until `look` returns something truthy, and returns that. A look that throws counts as not yet.
 * Throws with `what` and the last answer or error when the time is over.
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  { timeout = 15_000, interval }: UntilOptions = {},
): Promise<NonNullable<T>> {
  const began = performance.now();
  const deadline = began + timeout;
  let last: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (seen) return seen;
      last = seen;
    } catch (error) {
      last = error;
    }
    if (performance.now() >= deadline) {
      const cause = last instanceof Error ? last : undefined;
      throw new Error(`Waited ${timeout / 1000} s in vain until ${what}; last seen: ${cause?.message ?? JSON.stringify(last)}`, { cause });
    }
    await sleep(interval ?? (performance.now() - began < 1000 ? 25 : 100));
  }
}
