import { RefusedError } from '../errors.ts';
import type { NodeId } from '../events/node-id.ts';
import type { Log } from '../log.ts';
import { type Alignment, initialStatus } from './alignment.ts';
import { type Decision, judged, removed, UNASKED } from './decide.ts';
import type { ExpiryGuard } from './expiry-guard.ts';
import type { Hearing } from './health.ts';
import type { Term } from './leadership.ts';
import { mapBounded } from './map-bounded.ts';
import type { NodeRecord } from './node-record.ts';
import type { HealthProbe, ObservedCheck, RegistrationStore, ServiceCatalog } from './ports.ts';
import { probeTwice } from './second-try.ts';
import { serviceOf } from './service-of.ts';
import { type Random, shuffle } from './shuffle.ts';
import type { RegistryView } from './view.ts';
import { NOTHING, writesOf } from './writes.ts';

const CONCURRENCY = 32;

export interface RepairsParts {
  readonly view: RegistryView;
  readonly store: RegistrationStore;
  readonly catalog: ServiceCatalog;
  readonly probe: HealthProbe;
  readonly alignment: Alignment;
  readonly guard: ExpiryGuard;
  readonly hearing: () => Hearing;
  readonly random: Random;
  readonly log: Log;
  readonly onCommitted: () => void;
}

/**
 * Makes Consul hold again what Postgres says of some nodes, under their locks: at most as many as one transaction locks. What Consul's agent
 * cannot say is probed first, before any lock. Each throws BackendError, DeposedError.
 */
export class Repairs {
  readonly #parts: RepairsParts;

  constructor(parts: RepairsParts) {
    this.#parts = parts;
  }

  /**
   * Registered here, absent in Consul, or there without its check. What Consul last held critical it dropped for that: EXPIRED. Anything
   * else was lost, and is registered again, as is, as critical, what the guard holds back.
   */
  async registerAgain(nodeIds: readonly NodeId[], term: Term): Promise<void> {
    const { store, catalog, guard, hearing, random, log, onCommitted } = this.#parts;
    const found = await this.#probed(nodeIds);
    const changes = await store.transact(
      nodeIds,
      [],
      async ({ nodes }) => {
        const registered = [...nodes.values()].filter(({ state, consulServiceId }) => state === 'REGISTERED' && consulServiceId !== null);
        const looks = await mapBounded(registered, CONCURRENCY, async (node) => ({
          node,
          standing: await catalog.standing(serviceOf(catalog, node)),
        }));
        const where = new Map(looks.map(({ node, standing }) => [node, standing]));
        const lost = looks.flatMap(({ node, standing }) => (standing === 'whole' ? [] : [node]));
        const gone = looks.flatMap(({ node, standing }) => (standing === 'gone' ? [node] : []));
        // No node is always the first to go.
        const dropped = shuffle(
          gone.filter(({ checkStatus }) => checkStatus === 'critical'),
          random,
        );
        const expiring = new Set(dropped.slice(0, guard.take(dropped.length)));
        const decisions = await mapBounded(lost, CONCURRENCY, async (node): Promise<(Decision & { outcome: 'applied' }) | null> => {
          const heard = hearing();
          if (where.get(node) === 'misplaced') {
            await this.#unlessRefused(node, () => catalog.register(serviceOf(catalog, node), initialStatus(node)));
            return null;
          }
          if (expiring.has(node)) return removed(node, { state: 'EXPIRED', reason: 'consul_critical', ...UNASKED }, heard.now);
          const decision = judged(node, found(node), 'reconciled', heard);
          const service = serviceOf(catalog, node);
          const isBack = await this.#unlessRefused(node, () => catalog.register(service, initialStatus(decision?.node ?? node)));
          return isBack ? decision : null;
        });
        const counts = { missing: gone.length, unchecked: lost.length - gone.length, expired: expiring.size };
        if (lost.length > 0) log.warn(counts, 'services were missing in Consul, or stood without their checks');
        return writesOf(decisions);
      },
      term,
    );
    if (changes.length > 0) onCommitted();
  }

  /** Probes in Consul's place what its agent has not checked since it restarted, and starts those checks anew with what was found. */
  async restartChecks(nodeIds: readonly NodeId[], term: Term): Promise<void> {
    const { store, catalog, hearing, log, onCommitted } = this.#parts;
    const found = await this.#probed(nodeIds);
    const changes = await store.transact(
      nodeIds,
      [],
      async ({ nodes }) => {
        const decisions = await mapBounded([...nodes.values()], CONCURRENCY, async (node) => {
          const observed = node.state === 'REGISTERED' ? found(node) : null;
          if (observed === null) return null;
          if (observed.status !== 'critical')
            await this.#unlessRefused(node, () => catalog.register(serviceOf(catalog, node), observed.status));
          return judged(node, observed, `check_${observed.status}`, hearing());
        });
        return writesOf(decisions);
      },
      term,
    );
    log.info({ nodes: nodeIds.length, changed: changes.length }, "probed what Consul's agent has not checked since it restarted");
    if (changes.length > 0) onCommitted();
  }

  /** Another content in Consul than in Postgres, or at another place: Postgres is right. */
  async align(nodeIds: readonly NodeId[], term: Term): Promise<void> {
    const { store, alignment } = this.#parts;
    await store.transact(
      nodeIds,
      [],
      async ({ nodes }) => {
        await mapBounded([...nodes.values()], CONCURRENCY, (node) => this.#unlessRefused(node, () => alignment.align(node, [])));
        return NOTHING;
      },
      term,
    );
  }

  /**
   * What probes find of the nodes that are not critical already, by what is stored: null where another content was registered meanwhile,
   * and nothing is known of that.
   */
  async #probed(nodeIds: readonly NodeId[]): Promise<(stored: NodeRecord) => ObservedCheck | null> {
    const { view, catalog, probe } = this.#parts;
    const nodes = nodeIds.flatMap((nodeId) => view.at(nodeId) ?? []).filter(isProbed);
    const results = await mapBounded(
      nodes,
      CONCURRENCY,
      async (node) => [node.nodeId, { of: node.contentHash, observed: await probeTwice(probe, serviceOf(catalog, node).check) }] as const,
    );
    const found = new Map(results);
    return (stored) => {
      const look = found.get(stored.nodeId);
      return look?.of === stored.contentHash && isProbed(stored) ? look.observed : null;
    };
  }

  /** One node that Consul refuses (its service id is somebody else's by now) must not keep the others from being reconciled. */
  async #unlessRefused({ nodeId, consulServiceId }: NodeRecord, call: () => Promise<void>): Promise<boolean> {
    try {
      await call();
      return true;
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.#parts.log.error(
        { nodeId, consulServiceId, error: error.message },
        'Consul refuses a registered node, will try again next time',
      );
      return false;
    }
  }
}

function isProbed({ state, checkStatus }: NodeRecord): boolean {
  return state === 'REGISTERED' && checkStatus !== 'critical';
}
