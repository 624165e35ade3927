import { delay } from '../delay.ts';
import { BackendError, messageOf, RefusedError } from '../errors.ts';
import type { NodeId } from '../events/node-id.ts';
import type { Log } from '../log.ts';
import { mapBounded } from './map-bounded.ts';
import type { NodeRecord } from './node-record.ts';
import type { Locked, RegistrationStore, ServiceCatalog } from './ports.ts';
import { serviceOf } from './service-of.ts';
import { NOTHING } from './writes.ts';

/** Nodes whose services in Consul may differ from what is stored, with the ids of those services. */
export type Touched = Map<NodeId, readonly string[]>;

const CONCURRENCY = 32;
const RETRY_MIN = 500;
const RETRY_MAX = 10_000;

/**
 * Compensation: makes Consul say again what Postgres holds. It locks and reads first, since a COMMIT whose answer was lost may have
 * succeeded, and then what is stored is the new registration. While Postgres is away it is tried again in the background; the
 * reconciler of any gateway would find the same.
 */
export class Alignment {
  readonly #store: RegistrationStore;
  readonly #catalog: ServiceCatalog;
  readonly #log: Log;
  readonly #pending: Touched = new Map();

  constructor(parts: { readonly store: RegistrationStore; readonly catalog: ServiceCatalog; readonly log: Log }) {
    this.#store = parts.store;
    this.#catalog = parts.catalog;
    this.#log = parts.log;
  }

  /** Nodes that still wait for their compensation. */
  pending(): number {
    return this.#pending.size;
  }

  /** Puts the nodes' services back to what is stored, or leaves them for the background. Never throws for a back end. */
  async restore(touched: Touched): Promise<void> {
    if (touched.size === 0) return;
    for (const [nodeId, services] of touched) this.#pending.set(nodeId, [...(this.#pending.get(nodeId) ?? []), ...services]);
    await this.#restorePending();
  }

  /** Retries what is pending until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    let wait = RETRY_MIN;
    while (!signal.aborted) {
      await delay(wait, signal);
      if (this.#pending.size === 0) continue;
      await this.#restorePending();
      wait = this.#pending.size === 0 ? RETRY_MIN : Math.min(wait * 2, RETRY_MAX);
    }
  }

  async #restorePending(): Promise<void> {
    const batch = new Map([...this.#pending].slice(0, 500));
    try {
      await this.#store.transact([...batch.keys()], [], async (locked) => {
        await mapBounded([...batch], CONCURRENCY, ([nodeId, services]) => this.#restoreNode(nodeId, services, locked));
        return NOTHING;
      });
    } catch (error) {
      if (!(error instanceof BackendError || error instanceof RefusedError)) throw error;
      this.#log.warn({ error: messageOf(error), pending: this.#pending.size }, 'compensation has to wait, will retry');
    }
  }

  async #restoreNode(nodeId: NodeId, services: readonly string[], { nodes }: Locked): Promise<void> {
    const stored = nodes.get(nodeId);
    try {
      await this.align(stored, services);
      if (this.#pending.get(nodeId)?.every((service) => services.includes(service))) this.#pending.delete(nodeId);
      this.#log.info({ nodeId, stored: stored?.state ?? 'none' }, 'put Consul back to what is stored');
    } catch (error) {
      if (error instanceof RefusedError) this.#pending.delete(nodeId);
      else if (!(error instanceof BackendError)) throw error;
      this.#log.warn({ nodeId, error: messageOf(error) }, 'could not put Consul back');
    }
  }

  /** Under the node's lock: the stored service stands, the other named ones do not. Throws BackendError, RefusedError. */
  async align(stored: NodeRecord | undefined, services: readonly string[]): Promise<void> {
    const keep = stored?.state === 'REGISTERED' ? stored.consulServiceId : null;
    if (stored !== undefined && keep !== null) await this.#catalog.register(serviceOf(this.#catalog, stored), initialStatus(stored));
    for (const service of new Set(services)) if (service !== keep) await this.#catalog.deregister(service);
  }
}

/** The status that a node's check starts with in Consul. */
export function initialStatus(node: NodeRecord): 'passing' | 'warning' | 'critical' {
  return node.checkStatus === null || node.checkStatus === 'none' ? 'passing' : node.checkStatus;
}
