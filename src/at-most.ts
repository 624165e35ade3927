import { delay } from './delay.ts';

/** Waits for the work, but no longer than this: what hangs then must not hold up the end. Throws what the work throws by then. */
export async function atMost(milliseconds: number, work: Promise<unknown>): Promise<void> {
  const waiting = new AbortController();
  try {
    await Promise.race([work, delay(milliseconds, waiting.signal)]);
  } finally {
    waiting.abort();
  }
}
