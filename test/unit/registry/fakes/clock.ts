import { T0 } from './messages.ts';

/** A clock that only the test moves. */
export class FakeClock {
  #time: number;

  constructor(time = T0) {
    this.#time = time;
  }

  /** Milliseconds since 1970; bound, so that it can be handed in as a Clock. */
  readonly now = (): number => this.#time;

  advance(milliseconds: number): void {
    this.#time += milliseconds;
  }

  set(time: number): void {
    this.#time = time;
  }
}
