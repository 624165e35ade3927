/**
 * Waits for work that takes no signal itself, as most of kafkajs, but no longer than until the signal aborts. Throws what the work throws before
 * that; what it does afterwards is of no interest to anybody.
 */
export function unlessAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      signal.removeEventListener('abort', end);
      resolve();
    };
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    work.then(end, (error: unknown) => {
      signal.removeEventListener('abort', end);
      reject(error);
    });
  });
}
