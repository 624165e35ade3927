import { BackendError, DeposedError, messageOf, RefusedError } from '../errors.ts';
import { type NodeId, toNodeId } from '../events/node-id.ts';
import type { Log } from '../log.ts';
import { type Alignment, initialStatus, NOTHING } from './alignment.ts';
import { Broadcast } from './broadcast.ts';
import { type Decision, judged, removed } from './decide.ts';
import type { ExpiryGuard } from './expiry-guard.ts';
import type { Hearing } from './health.ts';
import type { Leadership, Term } from './leadership.ts';
import { leaseEnd } from './leases.ts';
import { mapBounded } from './map-bounded.ts';
import type { NodeRecord } from './node-record.ts';
import type { HealthProbe, OwnedService, RegistrationStore, ServiceCatalog } from './ports.ts';
import { serviceOf } from './service-of.ts';
import type { RegistryView } from './view.ts';

const CONCURRENCY = 32;
const MAX_NODES = 500;
/** A node that changed this recently may be on its way into Consul, or out. Milliseconds. */
const GRACE = 2000;

export interface ReconcilerParts {
  readonly view: RegistryView;
  readonly store: RegistrationStore;
  readonly catalog: ServiceCatalog;
  readonly probe: HealthProbe;
  readonly alignment: Alignment;
  readonly guard: ExpiryGuard;
  readonly leadership: Leadership;
  readonly hearing: () => Hearing;
  readonly random: () => number;
  /** RECONCILE_INTERVAL, milliseconds. */
  readonly interval: number;
  readonly leaseSeconds: number;
  readonly log: Log;
  readonly onCommitted: () => void;
}

/** What the last pass found different between Consul and Postgres, and how many nodes' leases it ended. */
export interface Drift {
  readonly missing: number;
  readonly different: number;
  readonly orphaned: number;
  readonly expired: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Compares the registry's own services in Consul with what Postgres holds, both ways, and ends leases. Services of others are never touched. */
export class Reconciler {
  readonly #parts: ReconcilerParts;
  readonly #kicked = new Broadcast();
  #isDue = false;
  /** Services without a row, by id, with the time they were first seen so. */
  readonly #orphans = new Map<string, number>();
  #drift: Drift | null = null;
  #passes = 0;
  readonly #vanished = new Set<NodeId>();
  readonly #misplaced = new Set<NodeId>();
  readonly #unrun = new Set<NodeId>();

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
  }

  /** Of the last pass in this gateway's time as the leader; null: it does not lead, or has made none yet. */
  drift(): Drift | null {
    return this.#drift;
  }

  /** How many passes came to their end since the start. */
  passes(): number {
    return this.#passes;
  }

  /** Consul is back, or was emptied: look now. */
  kick(): void {
    this.#isDue = true;
    this.#kicked.send();
  }

  /** A check vanished from Consul: its service was dropped, or Consul lost its data. */
  vanished(nodeIds: readonly NodeId[]): void {
    for (const nodeId of nodeIds) this.#vanished.add(nodeId);
    if (nodeIds.length > 0) this.#kicked.send();
  }

  /** A service stands where it is not kept any more. */
  misplaced(nodeIds: readonly NodeId[]): void {
    for (const nodeId of nodeIds) this.#misplaced.add(nodeId);
    if (nodeIds.length > 0) this.#kicked.send();
  }

  /** Consul's agent restarted and has not run these checks since. */
  unrun(nodeIds: readonly NodeId[]): void {
    for (const nodeId of nodeIds) this.#unrun.add(nodeId);
    if (nodeIds.length > 0) this.#kicked.send();
  }

  /** Until the signal aborts: at once, every interval, and when kicked. */
  async run(signal: AbortSignal): Promise<void> {
    const { leadership, hearing, interval, guard, view, log } = this.#parts;
    let nextPass = 0;
    let nextAllowance = 0;
    while (!signal.aborted) {
      const { now } = hearing();
      // A clock that was put back must not hold up what is due.
      const isOver = (time: number) => now >= time || now < time - interval;
      const term = leadership.term();
      if (term !== null) {
        try {
          if (isOver(nextPass) || this.#isDue) {
            // A pass that a back end broke off, or a kick, comes sooner than the interval: it must not let more expire.
            if (isOver(nextAllowance)) {
              guard.startPass([...view.values()].filter(({ state }) => state === 'REGISTERED').length);
              nextAllowance = now + interval;
            }
            this.#isDue = false;
            nextPass = now;
            await this.#pass(term);
            nextPass = now + interval;
          }
          if (this.#vanished.size > 0) await this.#repair(taken(this.#vanished), term);
          if (this.#misplaced.size > 0) await this.#realign(taken(this.#misplaced), term);
          if (this.#unrun.size > 0) await this.#restartChecks(taken(this.#unrun), term);
        } catch (error) {
          if (error instanceof DeposedError) log.info({ error: error.message }, 'leaves reconciling to the next leader');
          else if (error instanceof BackendError || error instanceof RefusedError)
            log.warn({ error: messageOf(error) }, 'could not reconcile, will retry');
          else throw error;
        }
      } else {
        // Another leader's pass knows better.
        this.#drift = null;
        guard.rest();
      }
      await this.#kicked.wait(1000, signal);
    }
  }

  /** Compares everything. Throws BackendError, DeposedError. */
  async #pass(term: Term): Promise<void> {
    const { catalog, view, hearing, guard, log } = this.#parts;
    const owned = new Map((await catalog.owned()).map((service) => [service.id, service]));
    const { now } = hearing();
    const missing: NodeId[] = [];
    const different: NodeId[] = [];
    for (const node of view.values()) {
      if (node.state !== 'REGISTERED' || node.consulServiceId === null || isRecent(node.updatedAt, now)) continue;
      const service = owned.get(node.consulServiceId);
      if (service === undefined) missing.push(node.nodeId);
      else if (service.contentHash !== node.contentHash || service.isMisplaced) different.push(node.nodeId);
    }
    for (let start = 0; start < missing.length; start += MAX_NODES) await this.#repair(missing.slice(start, start + MAX_NODES), term);
    for (let start = 0; start < different.length; start += MAX_NODES) await this.#realign(different.slice(start, start + MAX_NODES), term);
    const orphaned = await this.#removeOrphans(owned, now, term);
    const expired = await this.#endLeases(now, term);
    this.#drift = { missing: missing.length, different: different.length, orphaned, expired, at: now };
    this.#passes += 1;
    const level = missing.length + different.length + orphaned + expired > 0 ? 'warn' : 'debug';
    log[level](this.#drift, 'reconciled Consul with Postgres');
    if (guard.heldBack() > 0)
      log.error(
        { heldBack: guard.heldBack() },
        'a large part of the fleet would expire at once: holding back, is the view of this gateway right?',
      );
  }

  /**
   * Registered here, absent in Consul, or there without its check. What Consul last held critical it dropped for that: EXPIRED. Anything
   * else was lost, and is registered again, as is, as critical, what the guard holds back.
   */
  async #repair(nodeIds: readonly NodeId[], term: Term): Promise<void> {
    const { store, catalog, probe, guard, hearing, log, onCommitted } = this.#parts;
    const changes = await store.transact(
      nodeIds,
      [],
      async ({ nodes }) => {
        const registered = [...nodes.values()].filter(({ state, consulServiceId }) => state === 'REGISTERED' && consulServiceId !== null);
        const found = await mapBounded(registered, CONCURRENCY, async (node) => ({
          node,
          standing: await catalog.standing(serviceOf(catalog, node)),
        }));
        const where = new Map(found.map(({ node, standing }) => [node, standing]));
        const lost = found.flatMap(({ node, standing }) => (standing === 'whole' ? [] : [node]));
        const gone = found.flatMap(({ node, standing }) => (standing === 'gone' ? [node] : []));
        const dropped = this.#shuffled(gone.filter(({ checkStatus }) => checkStatus === 'critical'));
        const expiring = new Set(dropped.slice(0, guard.take(dropped.length)));
        const decisions = await mapBounded(lost, CONCURRENCY, async (node): Promise<(Decision & { outcome: 'applied' }) | null> => {
          const heard = hearing();
          if (where.get(node) === 'misplaced') {
            await this.#unlessRefused(node, () => catalog.register(serviceOf(catalog, node), initialStatus(node)));
            return null;
          }
          if (expiring.has(node)) return removed(node, { state: 'EXPIRED', reason: 'consul_critical', ...UNASKED }, heard.now);
          const service = serviceOf(catalog, node);
          const observed = node.checkStatus === 'critical' ? null : await probe.probe(service.check);
          const decision = judged(node, observed, 'reconciled', heard);
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
  async #restartChecks(nodeIds: readonly NodeId[], term: Term): Promise<void> {
    const { store, catalog, probe, hearing, log, onCommitted } = this.#parts;
    const changes = await store.transact(
      nodeIds,
      [],
      async ({ nodes }) => {
        const decisions = await mapBounded([...nodes.values()], CONCURRENCY, async (node) => {
          if (node.state !== 'REGISTERED' || node.checkStatus === 'critical') return null;
          const service = serviceOf(catalog, node);
          const observed = await probe.probe(service.check);
          if (observed !== null && observed.status !== 'critical')
            await this.#unlessRefused(node, () => catalog.register(service, observed.status));
          return judged(node, observed, `check_${observed?.status ?? 'none'}`, hearing());
        });
        return writesOf(decisions);
      },
      term,
    );
    log.info({ nodes: nodeIds.length, changed: changes.length }, "probed what Consul's agent has not checked since it restarted");
    if (changes.length > 0) onCommitted();
  }

  /** Another content in Consul than in Postgres, or at another place: Postgres is right. */
  async #realign(nodeIds: readonly NodeId[], term: Term): Promise<void> {
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

  /** Services under our mark that no row stands behind, after a grace period. Returns how many there are. */
  async #removeOrphans(owned: ReadonlyMap<string, OwnedService>, now: number, term: Term): Promise<number> {
    const { view, store, catalog, interval, log } = this.#parts;
    const orphans = [...owned.values()].filter(({ id, nodeId }) => {
      const node = view.get(nodeId);
      return node?.state !== 'REGISTERED' || node.consulServiceId !== id;
    });
    const ids = new Set(orphans.map(({ id }) => id));
    for (const id of this.#orphans.keys()) if (!ids.has(id)) this.#orphans.delete(id);
    for (const { id, nodeId } of orphans) {
      const since = this.#orphans.get(id);
      if (since === undefined) this.#orphans.set(id, now);
      else if (now - since >= interval) {
        const owner = toNodeId(nodeId);
        await store.transact(
          owner === undefined ? [] : [owner],
          [],
          async ({ nodes }) => {
            const stored = owner === undefined ? undefined : nodes.get(owner);
            if (stored?.state !== 'REGISTERED' || stored.consulServiceId !== id) {
              await catalog.deregister(id);
              log.warn({ serviceId: id, nodeId }, 'removed a service from Consul that no registration stands behind');
            }
            return NOTHING;
          },
          term,
        );
        this.#orphans.delete(id);
      }
    }
    return orphans.length;
  }

  /** Nodes without a sign of life for their whole lease. Returns how many expired. */
  async #endLeases(now: number, term: Term): Promise<number> {
    const { view, store, catalog, guard, hearing, leaseSeconds, onCommitted } = this.#parts;
    const ended = (node: NodeRecord) =>
      node.state === 'REGISTERED' && leaseEnd(node, hearing().now, leaseSeconds, hearing().since) <= hearing().now;
    const over = this.#shuffled([...view.values()].filter(ended).map(({ nodeId }) => nodeId));
    const expiring = over.slice(0, Math.min(guard.take(over.length), MAX_NODES));
    if (expiring.length === 0) return 0;
    const changes = await store.transact(
      expiring,
      [],
      async ({ nodes }) => {
        const decisions = await mapBounded([...nodes.values()].filter(ended), CONCURRENCY, async (node) => {
          if (node.consulServiceId !== null) await catalog.deregister(node.consulServiceId);
          return removed(node, { state: 'EXPIRED', reason: 'lease_expired', ...UNASKED }, now);
        });
        return writesOf(decisions);
      },
      term,
    );
    if (changes.length > 0) onCommitted();
    return changes.length;
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

  /** In random order, so that no node is always the first to go. */
  #shuffled<T>(items: readonly T[]): T[] {
    return items
      .map((item) => ({ item, key: this.#parts.random() }))
      .sort((a, b) => a.key - b.key)
      .map(({ item }) => item);
  }
}

/** A time ahead of now is none that a clock would have given: it must not hold anything up until it comes. */
function isRecent(time: number, now: number): boolean {
  return Math.abs(now - time) < GRACE;
}

/** At most as many as one transaction locks; they leave the set. */
function taken(waiting: Set<NodeId>): NodeId[] {
  const nodeIds = [...waiting].slice(0, MAX_NODES);
  for (const nodeId of nodeIds) waiting.delete(nodeId);
  return nodeIds;
}

const UNASKED = { correlationId: null, operator: null, note: null } as const;

function writesOf(decisions: readonly ((Decision & { outcome: 'applied' }) | null)[]) {
  const applied = decisions.filter((decision) => decision !== null);
  return {
    nodes: applied.map(({ node }) => node),
    changes: applied.flatMap(({ change }) => (change === null ? [] : [change])),
    processed: [],
    completed: [],
    rejected: [],
  };
}
