/**
 * Aborts with the first of its signals, for a piece of work that is shorter than they live: `end` lets go of them. `AbortSignal.any` does not
 * on Node 20, where each call leaves something behind at every signal that it was given, for as long as that lives.
 */
export class EitherSignal {
  readonly #either = new AbortController();
  readonly #signals: readonly AbortSignal[];
  readonly #abort = () => this.#either.abort(this.#signals.find(({ aborted }) => aborted)?.reason);

  constructor(...signals: readonly AbortSignal[]) {
    this.#signals = signals;
    for (const signal of signals) signal.addEventListener('abort', this.#abort);
    if (signals.some(({ aborted }) => aborted)) this.#abort();
  }

  /** With the reason of the one that aborted. After `end` it aborts no more. */
  get signal(): AbortSignal {
    return this.#either.signal;
  }

  end(): void {
    for (const signal of this.#signals) signal.removeEventListener('abort', this.#abort);
  }
}
