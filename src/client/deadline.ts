/**
 * An end for a wait: a time, or signals. It lets go of everything with `end`, which `AbortSignal.any` of Node 20 does not: there every wait would
 * leave something behind at the signal of a whole client.
 */
export class Deadline {
  readonly #over = new AbortController();
  readonly #signals: readonly AbortSignal[];
  readonly #timer: NodeJS.Timeout;
  readonly #abort = () => this.#over.abort();
  #isOver = false;

  constructor(milliseconds: number, ...signals: readonly (AbortSignal | undefined)[]) {
    this.#signals = signals.filter((signal) => signal !== undefined);
    this.#timer = setTimeout(() => {
      this.#isOver = true;
      this.#abort();
    }, milliseconds);
    for (const signal of this.#signals) signal.addEventListener('abort', this.#abort);
    if (this.#signals.some(({ aborted }) => aborted)) this.#abort();
  }

  /** Aborted at the time, or with any of the signals. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Whether the time is over. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Throws the reason of a signal that is aborted. */
  throwIfAborted(): void {
    for (const signal of this.#signals) signal.throwIfAborted();
  }

  end(): void {
    clearTimeout(this.#timer);
    for (const signal of this.#signals) signal.removeEventListener('abort', this.#abort);
  }
}
