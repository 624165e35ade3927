/** Those who wait for the next change of something. */
export class Waiters {
  readonly #waiting = new Set<() => void>();

  get size(): number {
    return this.#waiting.size;
  }

  /** Resolves with the next `wake`, or as soon as the signal aborts. Never rejects. */
  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        this.#waiting.delete(end);
        signal.removeEventListener('abort', end);
        resolve();
      };
      if (signal.aborted) return end();
      this.#waiting.add(end);
      return signal.addEventListener('abort', end);
    });
  }

  wake(): void {
    for (const end of [...this.#waiting]) end();
  }
}
