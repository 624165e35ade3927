import { pause } from './deadline.ts';
import type { TraceContext } from './trace-context.ts';

/** Why a node announces itself, and whose question it answers. */
export interface Occasion {
  readonly reason: string;
  /** Default: a new one. */
  readonly correlationId?: string;
  /** Asks every supplying function again instead of the caches. */
  readonly fresh: boolean;
  /** The trace that it belongs to. Default: none. */
  readonly trace?: TraceContext;
}

const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30_000;

/**
 * An announcement that Kafka did not take is owed: it is tried again, with growing pauses, until it is out. One is enough, since each
 * says all that the node has to say; but a startup stays a startup, because only that brings back a node that an operator removed.
 */
export class OwedAnnouncement {
  readonly #publish: (occasion: Occasion) => Promise<boolean>;
  readonly #random: () => number;
  readonly #signal: AbortSignal;
  #owed: Occasion | null = null;
  #running: Promise<void> | null = null;

  /** `publish` says whether Kafka took it, and never throws. */
  constructor(publish: (occasion: Occasion) => Promise<boolean>, random: () => number, signal: AbortSignal) {
    this.#publish = publish;
    this.#random = random;
    this.#signal = signal;
  }

  /** Announces now, and goes on trying in the background when that fails. Whether it worked at once. */
  async announce(occasion: Occasion): Promise<boolean> {
    const announced = await this.#publish(occasion);
    if (!announced && !this.#signal.aborted) this.#owe(occasion);
    return announced;
  }

  /** Resolves when nothing is tried any more. */
  async settled(): Promise<void> {
    await this.#running;
  }

  #owe(occasion: Occasion): void {
    if (this.#owed?.reason !== 'startup') this.#owed = occasion;
    this.#running ??= this.#pay().finally(() => {
      this.#running = null;
    });
  }

  async #pay(): Promise<void> {
    for (let wait = FIRST_PAUSE; this.#owed !== null; wait = Math.min(wait * 2, LONGEST_PAUSE)) {
      // Nodes that lost the same Kafka do not come back in step.
      await pause(wait * (0.5 + this.#random() / 2), this.#signal);
      if (this.#signal.aborted) return;
      const owed = this.#owed;
      const announced = await this.#publish(owed);
      // Something else may have become owed meanwhile.
      if (announced && this.#owed === owed) this.#owed = null;
    }
  }
}
