import { delay } from './delay.ts';
import { BackendError } from './errors.ts';

/** Two clocks of one machine drift apart by some milliseconds an hour; what was set is noticed after this. Milliseconds. */
const INTERVAL = 5000;
/** More than this is no drift: somebody set a clock. Milliseconds. */
const STEP = 1000;

export interface SharedClockParts {
  /** Asks Postgres for its time, milliseconds since 1970. Throws BackendError. */
  readonly ask: () => Promise<number>;
  /** Milliseconds from some beginning, never set: `performance.now`. */
  readonly monotonic: () => number;
  /** The machine's own clock, until Postgres has been asked. Milliseconds since 1970. */
  readonly wall: () => number;
  /** Postgres' time jumped: what was measured across the jump means nothing. */
  readonly onStep: (milliseconds: number) => void;
}

/**
 * The time by which all gateways judge: that of Postgres, carried on by the machine's monotonic clock. A gateway whose own clock is wrong, or
 * is set while it runs, would otherwise store times that the others take for the future: they skip a node that "has just changed", or let
 * an older message win over one that was clamped (see "Order" in docs/lifecycle.md).
 */
export class SharedClock {
  readonly #parts: SharedClockParts;
  #offset: number;

  constructor(parts: SharedClockParts) {
    this.#parts = parts;
    this.#offset = parts.wall() - parts.monotonic();
  }

  /** Milliseconds since 1970, whole. */
  readonly now = (): number => Math.round(this.#parts.monotonic() + this.#offset);

  /** Throws BackendError. */
  async measure(): Promise<void> {
    const { ask, monotonic, onStep } = this.#parts;
    const asked = monotonic();
    const time = await ask();
    const answered = monotonic();
    const offset = time - (asked + answered) / 2;
    const step = offset - this.#offset;
    // Within what the round trip leaves open the clock runs on as it did: it should not tremble.
    if (Math.abs(step) <= (answered - asked) / 2) return;
    this.#offset = offset;
    if (Math.abs(step) > STEP) onStep(Math.round(step));
  }

  /** Measures now and then until the signal aborts. While Postgres is away it goes on by the monotonic clock. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await delay(INTERVAL, signal);
      if (signal.aborted) return;
      try {
        await this.measure();
      } catch (error) {
        // The circuit has it: everybody else who asks Postgres says the same.
        if (!(error instanceof BackendError)) throw error;
      }
    }
  }
}
