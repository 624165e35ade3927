/**
 * What the work comes to, or null when the signal aborts before that: for what takes no signal itself, as most of kafkajs. Throws what the work
 * throws before that; what it does afterwards is of no interest to anybody.
 */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const end = () => resolve(null);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', end));
  });
}
