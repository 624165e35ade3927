/** Milliseconds between two looks. */
const TICK = 50;
/** A look may be so much later than that in a process that is merely busy. Milliseconds. */
const USUAL = 50;

/**
 * How long the event loop of this process has stood still: a long task, a collection, a host that gives the process no time. What came
 * meanwhile is read only afterwards, and timers that became due fire before that.
 */
export class Standstills {
  #total = 0;
  #lookedAt = performance.now();
  readonly #timer = setInterval(() => this.total(), TICK).unref();

  /** Milliseconds since this was made, up to this moment. */
  total(): number {
    const now = performance.now();
    const late = now - this.#lookedAt - TICK;
    if (late > USUAL) this.#total += late;
    this.#lookedAt = now;
    return this.#total;
  }

  end(): void {
    clearInterval(this.#timer);
  }
}
