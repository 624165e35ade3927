import { explanationAnswer, understood } from './answers.ts';
import type { ClientLogger } from './client-logger.ts';
import { EXPLAIN_DISCOVERY } from './documents.ts';
import { messageOf } from './errors.ts';
import type { Link } from './link.ts';
import type { ServiceSet } from './service-set.ts';

/** Why there is no healthy service, in the words of the gateway. */
export interface Explanation {
  /** All of it in a few sentences. */
  readonly summary: string;
  /** Nodes that have what was asked for, or part of it, and are not handed out; the nearest first, five at most. */
  readonly withheld: readonly {
    readonly nodeId: string;
    /** Such as `UNHEALTHY`, `EXPIRED` or `WRONG_VERSION`. */
    readonly reason: string;
    readonly explanation: string;
  }[];
  /** Did you mean …? */
  readonly suggestions: readonly string[];
}

/** How long an explanation holds while the set stays the same: whoever asks in a loop must not ask the gateway each time. Milliseconds. */
const HOLDS = 1000;
/** An error is not held up for longer than that. Milliseconds. */
const TIMEOUT = 1000;

interface Held {
  readonly of: readonly unknown[] | undefined;
  readonly until: number;
  readonly explanation: Promise<Explanation | null>;
}

/** Asks for explanations, once for all who fail at the same time. */
export class Explanations {
  readonly #link: Link;
  readonly #logger: ClientLogger;
  readonly #now: () => number;
  readonly #held = new WeakMap<ServiceSet, Held>();

  constructor(link: Link, logger: ClientLogger, now: () => number) {
    this.#link = link;
    this.#logger = logger;
    this.#now = now;
  }

  /** Null where no gateway gives one. Never rejects. */
  of(set: ServiceSet): Promise<Explanation | null> {
    const held = this.#held.get(set);
    if (held !== undefined && held.of === set.services && held.until > this.#now()) return held.explanation;
    const explanation = this.#ask(set);
    this.#held.set(set, { of: set.services, until: this.#now() + HOLDS, explanation });
    return explanation;
  }

  async #ask({ variables, capability }: ServiceSet): Promise<Explanation | null> {
    try {
      return understood(explanationAnswer, await this.#link.ask({ query: EXPLAIN_DISCOVERY, variables }, TIMEOUT)).explainDiscovery;
    } catch (error) {
      this.#logger.debug({ capability, error: messageOf(error) }, 'no gateway explains why there is no service');
      return null;
    }
  }
}
