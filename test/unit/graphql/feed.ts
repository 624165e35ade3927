/** A queue as an async generator: ends at once when `return` is called, even while somebody waits for the next value. */
export class Feed<T> implements AsyncGenerator<T, void, undefined> {
  readonly #onEnd: () => void;
  readonly #values: T[] = [];
  readonly #waiting: PromiseWithResolvers<IteratorResult<T, void>>[] = [];
  #error: Error | undefined;
  #ended = false;

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  get length(): number {
    return this.#values.length;
  }

  push(value: T): void {
    if (this.#ended) return;
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#values.push(value);
    else waiting.resolve({ done: false, value });
  }

  /** The iteration throws the error in place of what was queued. */
  fail(error: Error): void {
    const waiting = this.#waiting.shift();
    this.#values.length = 0;
    if (waiting === undefined) this.#error = error;
    else waiting.reject(error);
    this.#end();
  }

  next(): Promise<IteratorResult<T, void>> {
    const error = this.#error;
    this.#error = undefined;
    if (error !== undefined) return Promise.reject(error);
    const [value] = this.#values.splice(0, 1);
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    const waiting = withResolvers<IteratorResult<T, void>>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  return(): Promise<IteratorResult<T, void>> {
    this.#values.length = 0;
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  throw(error: unknown): Promise<IteratorResult<T, void>> {
    this.#end();
    return Promise.reject(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const waiting of this.#waiting.splice(0)) waiting.resolve({ done: true, value: undefined });
    this.#onEnd();
  }
}

interface PromiseWithResolvers<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

function withResolvers<T>(): PromiseWithResolvers<T> {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
