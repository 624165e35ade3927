import { isSameInstance, type Service } from './service.ts';

/** Kept at most; beyond that the oldest suspicion is dropped. */
const MAX = 1000;

/** Instances that failed a moment ago, as far as this client saw. Where a node answers now counts: one that moved is no suspect. */
export class Suspects {
  readonly #avoidFor: number;
  readonly #now: () => number;
  readonly #failed = new Map<string, { readonly service: Service; readonly until: number }>();

  /** @param avoidFor milliseconds */
  constructor(avoidFor: number, now: () => number) {
    this.#avoidFor = avoidFor;
    this.#now = now;
  }

  add(service: Service): void {
    this.#failed.delete(service.nodeId);
    this.#failed.set(service.nodeId, { service, until: this.#now() + this.#avoidFor });
    const [oldest] = this.#failed.keys();
    if (this.#failed.size > MAX && oldest !== undefined) this.#failed.delete(oldest);
  }

  has(service: Service): boolean {
    const entry = this.#failed.get(service.nodeId);
    if (entry === undefined) return false;
    if (entry.until > this.#now()) return isSameInstance(entry.service, service);
    this.#failed.delete(service.nodeId);
    return false;
  }

  /** Those that are no suspects, or all where all are. */
  spare<T extends Service>(services: readonly T[]): readonly T[] {
    if (this.#failed.size === 0) return services;
    const good = services.filter((service) => !this.has(service));
    return good.length === 0 ? services : good;
  }
}
