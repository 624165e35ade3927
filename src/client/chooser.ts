import type { Service } from './service.ts';
import type { Suspects } from './suspects.ts';

/**
 * Which instance comes first. `ROUND_ROBIN`: the next one at every call. `RANDOM`: one by lot. `LEAST_BUSY`: that with the fewest calls of this client
 * under way, as `call` counts them; the next one in turn among equals.
 */
export type Strategy = 'ROUND_ROBIN' | 'RANDOM' | 'LEAST_BUSY';

/** Orders and chooses among the instances of one request. */
export class Chooser {
  readonly #suspects: Suspects;
  readonly #calls: ReadonlyMap<string, number>;
  readonly #random: () => number;
  #turn: number;

  /** @param calls node id → this client's calls under way */
  constructor(suspects: Suspects, calls: ReadonlyMap<string, number>, random: () => number) {
    this.#suspects = suspects;
    this.#calls = calls;
    this.#random = random;
    // Clients that start together must not all begin with the same instance.
    this.#turn = Math.floor(random() * 1000);
  }

  /** Undefined when there is none. */
  choose<T extends Service>(services: readonly T[], strategy: Strategy): T | undefined {
    const candidates = this.#suspects.spare(services);
    if (strategy === 'RANDOM') return candidates[Math.floor(this.#random() * candidates.length)];
    this.#turn += 1;
    const start = this.#turn % candidates.length;
    if (strategy === 'ROUND_ROBIN') return candidates[start];
    let best: T | undefined;
    for (let index = 0; index < candidates.length; index += 1) {
      const candidate = candidates[(start + index) % candidates.length];
      if (candidate !== undefined && (best === undefined || this.#busy(candidate) < this.#busy(best))) best = candidate;
    }
    return best;
  }

  #busy({ nodeId }: Service): number {
    return this.#calls.get(nodeId) ?? 0;
  }
}
