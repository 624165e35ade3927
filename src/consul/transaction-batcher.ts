/** How one item of a batch ended. */
export type Settled<R> = { readonly value: R } | { readonly error: Error };

export interface BatcherOptions<T, R> {
  /** The side effect: one answer for each item, in order. When it throws, every item of the batch fails with that. */
  readonly run: (batch: readonly T[]) => Promise<readonly Settled<R>[]>;
  /** Two items of one key never go at the same time: the later waits until the earlier has its answer. */
  readonly keyOf: (item: T) => string;
  readonly bytesOf: (item: T) => number;
  readonly maxItems: number;
  readonly maxBytes: number;
  /** Batches under way at once. */
  readonly inFlight: number;
  /** How long the first item waits for others, milliseconds. Default: until the end of this turn of the event loop. */
  readonly delay?: number;
}

interface Waiting<T, R> {
  readonly item: T;
  readonly key: string;
  readonly bytes: number;
  readonly resolve: (value: R) => void;
  readonly reject: (error: unknown) => void;
}

/** Makes few large calls of many small ones. What comes while all calls are under way waits, and goes together. */
export class TransactionBatcher<T, R> {
  readonly #options: BatcherOptions<T, R>;
  #waiting: Waiting<T, R>[] = [];
  #running = 0;
  /** Keys of the batches under way. */
  readonly #busy = new Set<string>();
  /** Calls off the flush that is to come. */
  #callOff: (() => void) | null = null;

  constructor(options: BatcherOptions<T, R>) {
    this.#options = options;
  }

  /** Resolves with what the side effect answers for this item; rejects with its error. */
  add(item: T): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, key: this.#options.keyOf(item), bytes: this.#options.bytesOf(item), resolve, reject });
      if (this.#waiting.length >= this.#options.maxItems) this.#flush();
      else this.#callOff ??= this.#flushLater();
    });
  }

  #flushLater(): () => void {
    const { delay } = this.#options;
    if (delay === undefined) {
      const turn = setImmediate(() => this.#flush());
      return () => clearImmediate(turn);
    }
    const timer = setTimeout(() => this.#flush(), delay);
    return () => clearTimeout(timer);
  }

  #flush(): void {
    this.#callOff?.();
    this.#callOff = null;
    while (this.#running < this.#options.inFlight) {
      const batch = this.#take();
      if (batch.length === 0) return;
      this.#running += 1;
      void this.#run(batch).finally(() => {
        this.#running -= 1;
        for (const { key } of batch) this.#busy.delete(key);
        this.#flush();
      });
    }
  }

  /** The oldest that may go and fit together, however large the first is. */
  #take(): readonly Waiting<T, R>[] {
    const { maxItems, maxBytes } = this.#options;
    const taken: Waiting<T, R>[] = [];
    const left: Waiting<T, R>[] = [];
    const passed = new Set<string>();
    let bytes = 0;
    for (const waiting of this.#waiting) {
      const { key } = waiting;
      const fits = taken.length < maxItems && (taken.length === 0 || bytes + waiting.bytes <= maxBytes);
      if (fits && !this.#busy.has(key) && !passed.has(key)) {
        taken.push(waiting);
        this.#busy.add(key);
        bytes += waiting.bytes;
      } else {
        left.push(waiting);
        // Of one key the earlier goes first, even where only the later would fit.
        passed.add(key);
      }
    }
    this.#waiting = left;
    return taken;
  }

  async #run(batch: readonly Waiting<T, R>[]): Promise<void> {
    try {
      const settled = await this.#options.run(batch.map(({ item }) => item));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const end = settled[index];
        if (end === undefined) reject(new Error(`the batch has no answer for its item ${index}`));
        else if ('error' in end) reject(end.error);
        else resolve(end.value);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
