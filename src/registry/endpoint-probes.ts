import { isDeepStrictEqual } from 'node:util';
import type { Announcement } from '../events/announcement.ts';
import type { NodeId } from '../events/node-id.ts';
import { mapBounded } from './map-bounded.ts';
import type { NodeRecord } from './node-record.ts';
import type { HealthProbe, ObservedCheck, ServiceCatalog, ServiceCheck } from './ports.ts';
import type { Group } from './saga-groups.ts';
import { serviceFor, serviceOf } from './service-of.ts';
import type { RegistryView } from './view.ts';

/** Probes side by side. */
const CONCURRENCY = 32;

/** What a probe found of each node's endpoint. */
export type Probes = ReadonlyMap<NodeId, { readonly check: ServiceCheck; readonly observed: ObservedCheck | null }>;

export interface EndpointProbesParts {
  readonly view: RegistryView;
  readonly catalog: ServiceCatalog;
  readonly probe: HealthProbe;
}

/** The gateway's own look at what nodes announce, since Consul's first check comes up to its interval later. */
export class EndpointProbes {
  readonly #parts: EndpointProbesParts;

  constructor(parts: EndpointProbesParts) {
    this.#parts = parts;
  }

  /** Probes, before any lock is held, what memory does not show as passing already. */
  async of(group: Group): Promise<Probes> {
    const { view, catalog, probe } = this.#parts;
    // Only a node's last announcement of a batch reaches Consul.
    const latest = [...group].flatMap(([nodeId, items]) => {
      const event = items.at(-1)?.event;
      if (event?.kind !== 'announcement' || this.#isPassing(view.get(nodeId), event)) return [];
      return [{ nodeId, check: catalog.define(event.content, event.contentHash).check }];
    });
    const results = await mapBounded(
      latest,
      CONCURRENCY,
      async ({ nodeId, check }) => [nodeId, { check, observed: await probe.probe(check) }] as const,
    );
    return new Map(results);
  }

  /**
   * What the announcement's check shows, from the probes where they were of that very check; null: Consul's word stands. The probe was
   * skipped where memory showed this content with a passing check; `node`, what is stored, may say otherwise.
   */
  async found(node: NodeRecord | undefined, event: Announcement, check: ServiceCheck, probes: Probes): Promise<ObservedCheck | null> {
    if (this.#isPassing(node, event)) return null;
    const found = probes.get(event.content.nodeId);
    return isDeepStrictEqual(found?.check, check) ? (found?.observed ?? null) : this.#parts.probe.probe(check);
  }

  /** Whether Consul runs the very check that this announcement asks for, and it passes: then Consul's word stands and nothing may flap. */
  #isPassing(node: NodeRecord | undefined, event: Announcement): boolean {
    if (node?.state !== 'REGISTERED' || node.checkStatus === 'critical' || node.checkStatus === null) return false;
    if (node.contentHash === event.contentHash) return true;
    const { catalog } = this.#parts;
    const before = serviceOf(catalog, node);
    const after = serviceFor(catalog, event, node);
    return before.id === after.id && isDeepStrictEqual(before.check, after.check);
  }
}
