import type { Hearing } from './health.ts';
import type { Clock } from './ports.ts';

export interface EarsParts {
  /** Whether signs of life can reach the gateway at this moment. */
  readonly canHear: () => boolean;
  readonly now: Clock;
  /** HEARTBEAT_TIMEOUT_SECONDS, milliseconds. */
  readonly timeout: number;
}

/** Since when the gateway hears: silence that it could not have heard does not count. */
export class Ears {
  readonly #parts: EarsParts;
  #since: number;

  constructor(parts: EarsParts) {
    this.#parts = parts;
    this.#since = parts.now();
  }

  /** It hears (again) from this moment on. */
  readonly open = (): void => {
    this.#since = this.#parts.now();
  };

  /** While it is deaf, hearing begins anew at every moment. */
  readonly hearing = (): Hearing => {
    const { canHear, now, timeout } = this.#parts;
    if (!canHear()) this.open();
    return { now: now(), since: this.#since, timeout };
  };
}
