import { vi } from 'vitest';
import type { FakeClock } from './clock.ts';

/** The longest that anything waits before it tries again. Milliseconds. */
const LONGEST_WAIT = 10_000;
/** A promise that needs more than this many waits hangs. */
const MAX_WAITS = 500;

/** Fakes the timers, but not `setImmediate`, by which `settled` lets promises go on. Undone by `vi.useRealTimers`. */
export function useFakeTimers(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
}

/** Everything goes on that waits for no timer. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The promise's end, with time passing as fast as anybody waits for it. */
export async function settled<T>(promise: Promise<T>, clock: FakeClock, what: string): Promise<T> {
  let isSettled = false;
  const end = promise.finally(() => {
    isSettled = true;
  });
  // Looked at below; until then a rejection has its handler here.
  end.catch(() => undefined);
  await turn();
  for (let waits = 0; !isSettled; waits += 1) {
    if (waits > MAX_WAITS) throw new Error(`Bounded: ${what} did not end although every back end answers again`);
    clock.advance(LONGEST_WAIT);
    vi.advanceTimersByTime(LONGEST_WAIT);
    await turn();
  }
  return end;
}

/** Time passes until the condition holds. */
export async function until(condition: () => boolean, clock: FakeClock, what: string): Promise<void> {
  await turn();
  for (let waits = 0; !condition(); waits += 1) {
    if (waits > MAX_WAITS) throw new Error(`Bounded: ${what}`);
    clock.advance(LONGEST_WAIT);
    vi.advanceTimersByTime(LONGEST_WAIT);
    await turn();
  }
}
