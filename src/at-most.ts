import { delay } from './delay.ts';

/** Waits for the work, but no longer than this: what hangs then must not hold up the end. Failures are the caller's. */
export async function atMost(milliseconds: number, work: Promise<unknown>): Promise<void> {
  const waiting = new AbortController();
  await Promise.race([work.finally(() => waiting.abort()), delay(milliseconds, waiting.signal)]);
}
