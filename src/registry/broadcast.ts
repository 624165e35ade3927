/** Wakes everybody who waits at this moment. */
export class Broadcast {
  readonly #waiters = new Set<() => void>();

  send(): void {
    for (const wake of this.#waiters) wake();
  }

  /** Resolves at the next `send`, when the time (milliseconds) is over, or when the signal aborts. */
  wait(timeout: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiters.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, timeout);
      this.#waiters.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }
}
