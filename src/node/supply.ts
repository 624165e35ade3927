import { within } from './deadline.ts';

/** A value, or a function that supplies it whenever the cached one is too old. */
export type Supplied<T> = T | (() => T | Promise<T>);

/** A supplier that hangs would otherwise hold back every message of the node. */
const SUPPLIER_TIMEOUT = 5000;

export interface SupplyOptions {
  /** What is supplied, for error messages. */
  readonly name: string;
  /** How long a supplied value is used, in milliseconds. */
  readonly ttl: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Called when the supplier failed and the last good value is used instead. */
  readonly onError: (error: unknown) => void;
}

/** What the node says about one thing: given once, or supplied by a function and cached. */
export class Supply<T> {
  readonly #options: SupplyOptions;
  #source: Supplied<T>;
  #cached: { readonly value: T; readonly readAt: number } | null = null;
  #reading: Promise<T> | null = null;

  constructor(source: Supplied<T>, options: SupplyOptions) {
    this.#source = source;
    this.#options = options;
  }

  /** From now on this. */
  set(source: Supplied<T>): void {
    this.#source = source;
    this.#cached = null;
    this.#reading = null;
  }

  /** The value, from the cache unless that is too old or `fresh` is asked for. Rejects when the supplier fails and there is no earlier value. */
  async get(fresh = false): Promise<T> {
    if (!isSupplier(this.#source)) return this.#source;
    const cached = this.#cached;
    const age = cached === null ? Number.POSITIVE_INFINITY : this.#options.now() - cached.readAt;
    // A negative age is a clock that stepped back: then nobody knows how old the value is.
    if (cached !== null && !fresh && age >= 0 && age < this.#options.ttl) return cached.value;
    try {
      this.#reading ??= this.#read(this.#source);
      return await this.#reading;
    } catch (error) {
      if (cached === null) throw error;
      this.#options.onError(error);
      return cached.value;
    }
  }

  async #read(supplier: () => T | Promise<T>): Promise<T> {
    try {
      const value = await within(SUPPLIER_TIMEOUT, `the function that supplies ${this.#options.name}`, Promise.resolve().then(supplier));
      if (this.#source === supplier) this.#cached = { value, readAt: this.#options.now() };
      return value;
    } finally {
      if (this.#source === supplier) this.#reading = null;
    }
  }
}

function isSupplier<T>(source: Supplied<T>): source is () => T | Promise<T> {
  return typeof source === 'function';
}
