import { Deadline } from './deadline.ts';
import { NoHealthyService, RegistryUnavailable } from './errors.ts';
import type { Explanations } from './explanation.ts';
import type { Link } from './link.ts';
import type { ResolvedService, ServiceRequest } from './service.ts';
import type { ServiceSet } from './service-set.ts';
import type { ServiceSets } from './service-sets.ts';

export interface WaitOptions extends ServiceRequest {
  /** How long to wait where nothing is known yet. Milliseconds. Default: that of the client. */
  readonly timeout?: number | undefined;
  /** Where there is no healthy service, waits for one, as long as `timeout`. Default: false. */
  readonly wait?: boolean | undefined;
  /** Ends the wait with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Takes something of a set; undefined where the set has nothing to take. */
export type Choice<T> = (set: ServiceSet, services: readonly ResolvedService[]) => T | undefined;

export interface ResolverParts {
  readonly sets: ServiceSets;
  readonly link: Link;
  readonly explanations: Explanations;
  /** Milliseconds. */
  readonly timeout: number;
  /** The end of the client. */
  readonly closing: AbortSignal;
}

/** Chooses from the set of a request, at once where it is known, and else waits for it. */
export class Resolver {
  readonly #parts: ResolverParts;

  constructor(parts: ResolverParts) {
    this.#parts = parts;
  }

  /** Throws NoHealthyService, RegistryUnavailable, DiscoveryError, and the signal's reason. */
  async find<T>(capability: string, options: WaitOptions, choose: Choice<T>): Promise<T> {
    options.signal?.throwIfAborted();
    const set = this.#parts.sets.get(capability, options);
    const services = set?.services;
    if (set !== null && services !== undefined) {
      const chosen = choose(set, services);
      if (chosen !== undefined) return chosen;
      if (options.wait !== true) throw await this.#none(set);
    }
    const deadline = new Deadline(options.timeout ?? this.#parts.timeout, this.#parts.closing, options.signal);
    try {
      return await this.#wait(set, capability, options, deadline, choose);
    } finally {
      deadline.end();
    }
  }

  async #wait<T>(first: ServiceSet | null, capability: string, options: WaitOptions, deadline: Deadline, choose: Choice<T>): Promise<T> {
    const { sets } = this.#parts;
    // From here to the wait nothing may wait: a set that nobody waits for makes room for others.
    for (let set = first; ; set ??= sets.get(capability, options)) {
      deadline.throwIfAborted();
      if (set !== null) {
        if (deadline.isOver) await set.recall();
        const { services, refusal } = set;
        if (refusal !== null) throw refusal;
        const chosen = services === undefined ? undefined : choose(set, services);
        if (chosen !== undefined) return chosen;
        if (services !== undefined && (options.wait !== true || deadline.isOver)) throw await this.#none(set);
      }
      if (deadline.isOver) throw this.#unknown(capability, set);
      await (set ?? sets).waiters.wait(deadline.signal);
    }
  }

  async #none(set: ServiceSet): Promise<NoHealthyService> {
    const { capability, staleSince } = set;
    const since = staleSince === null ? null : new Date(staleSince);
    const age = since === null ? '' : `, as of ${since.toISOString()}: no gateway confirms it at the moment`;
    const explanation = await this.#parts.explanations.of(set);
    const why = explanation === null ? '' : `. ${explanation.summary}`;
    return new NoHealthyService(capability, `There is no healthy service for "${capability}"${age}${why}`, since, explanation);
  }

  #unknown(capability: string, set: ServiceSet | null): RegistryUnavailable {
    const { link, sets } = this.#parts;
    if (set === null) {
      return new RegistryUnavailable(`"${capability}" found no place: ${sets.size} other requests wait for an answer (option maxRequests)`);
    }
    const why =
      link.session === null || set.lastError === null ? link.unavailable().message : `${link.session.url}: ${set.lastError.message}`;
    return new RegistryUnavailable(`Nothing is known of "${capability}" so far. ${why}`);
  }
}
