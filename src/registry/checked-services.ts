import type { NodeId } from '../events/node-id.ts';
import type { ServiceCatalog, ServiceCheck } from './ports.ts';
import { serviceOf } from './service-of.ts';
import type { RegistryView } from './view.ts';

export interface CheckedService {
  readonly id: string;
  readonly check: ServiceCheck;
}

interface Known {
  readonly contentHash: string;
  readonly service: CheckedService;
}

/** The services of all registered nodes with what is to be probed of each; worked out anew only for those that changed. */
export class CheckedServices {
  readonly #view: RegistryView;
  readonly #catalog: ServiceCatalog;
  #known: ReadonlyMap<NodeId, Known> = new Map();
  #services: readonly CheckedService[] = [];
  #revision = -1;

  constructor(view: RegistryView, catalog: ServiceCatalog) {
    this.#view = view;
    this.#catalog = catalog;
  }

  /** The same list as the last time where no record has changed since. */
  all(): readonly CheckedService[] {
    const revision = this.#view.revision();
    if (revision === this.#revision) return this.#services;
    const known = new Map<NodeId, Known>();
    const services: CheckedService[] = [];
    for (const node of this.#view.values()) {
      const { nodeId, state, consulServiceId, contentHash } = node;
      if (state !== 'REGISTERED' || consulServiceId === null) continue;
      let entry = this.#known.get(nodeId);
      if (entry === undefined || entry.contentHash !== contentHash || entry.service.id !== consulServiceId) {
        const { id, check } = serviceOf(this.#catalog, node);
        entry = { contentHash, service: { id, check } };
      }
      known.set(nodeId, entry);
      services.push(entry.service);
    }
    [this.#known, this.#services, this.#revision] = [known, services, revision];
    return services;
  }
}
