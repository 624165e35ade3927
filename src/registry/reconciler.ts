import { BackendError, DeposedError, messageOf, RefusedError } from '../errors.ts';
import { type NodeId, toNodeId } from '../events/node-id.ts';
import { Broadcast } from './broadcast.ts';
import { removed, UNASKED } from './decide.ts';
import type { Leadership, Term } from './leadership.ts';
import { leaseEnd } from './leases.ts';
import { mapBounded } from './map-bounded.ts';
import type { NodeRecord } from './node-record.ts';
import type { OwnedService } from './ports.ts';
import { Repairs, type RepairsParts } from './repairs.ts';
import { shuffle } from './shuffle.ts';
import { NOTHING, writesOf } from './writes.ts';

const CONCURRENCY = 32;
const MAX_NODES = 500;
/** A node that changed this recently may be on its way into Consul, or out. Milliseconds. */
const GRACE = 2000;

export interface ReconcilerParts extends RepairsParts {
  readonly leadership: Leadership;
  /** RECONCILE_INTERVAL, milliseconds. */
  readonly interval: number;
  readonly leaseSeconds: number;
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
  readonly #repairs: Repairs;

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
    this.#repairs = new Repairs(parts);
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
          if (this.#vanished.size > 0) await this.#repairs.registerAgain(taken(this.#vanished), term);
          if (this.#misplaced.size > 0) await this.#repairs.align(taken(this.#misplaced), term);
          if (this.#unrun.size > 0) await this.#repairs.restartChecks(taken(this.#unrun), term);
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
    for (const nodeIds of batches(missing)) await this.#repairs.registerAgain(nodeIds, term);
    for (const nodeIds of batches(different)) await this.#repairs.align(nodeIds, term);
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
    // No node is always the first to go.
    const over = shuffle(
      [...view.values()].filter(ended).map(({ nodeId }) => nodeId),
      this.#parts.random,
    );
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
}

/** A time ahead of now is none that a clock would have given: it must not hold anything up until it comes. */
function isRecent(time: number, now: number): boolean {
  return Math.abs(now - time) < GRACE;
}

/** At most as many at a time as one transaction locks. */
function* batches(nodeIds: readonly NodeId[]): Iterable<readonly NodeId[]> {
  for (let start = 0; start < nodeIds.length; start += MAX_NODES) yield nodeIds.slice(start, start + MAX_NODES);
}

/** The first batch; they leave the set. */
function taken(waiting: Set<NodeId>): NodeId[] {
  const nodeIds = [...waiting].slice(0, MAX_NODES);
  for (const nodeId of nodeIds) waiting.delete(nodeId);
  return nodeIds;
}
