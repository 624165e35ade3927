import { bulkhead } from 'cockatiel';
import { BackendError, messageOf, RefusedError, TakenError } from '../errors.ts';
import type { Announcement, MessagePosition } from '../events/announcement.ts';
import type { NodeId } from '../events/node-id.ts';
import type { Log } from '../log.ts';
import { type Alignment, initialStatus, type Touched } from './alignment.ts';
import type { Change, NewChange } from './change.ts';
import { type Decision, decideAnnouncement, decideGoodbye, decideRenewal } from './decide.ts';
import { EndpointProbes, type Probes } from './endpoint-probes.ts';
import type { Hearing } from './health.ts';
import { mapBounded } from './map-bounded.ts';
import type { NodeRecord } from './node-record.ts';
import { observedStep, observedTransaction } from './observed-steps.ts';
import { type RegistryObserver, UNOBSERVED } from './observer.ts';
import type { Completed, HealthProbe, IssuedRequest, Locked, RegistrationStore, ServiceCatalog, Writes } from './ports.ts';
import { correlationIds, type Group, groupsOf, nodeIdOf, positionsIn, positionsOf, type SagaItem } from './saga-groups.ts';
import { EMPTY, merge, type SagaOutcome, type SagaResult, tellEnds } from './saga-result.ts';
import { serviceFor, serviceOf } from './service-of.ts';
import type { RegistryView } from './view.ts';

/** Transactions side by side, where nothing else is said. */
const SIDE_BY_SIDE = 5;
/** Calls to Consul side by side. An agent takes 200 connections per client address. */
const CONCURRENCY = 32;

export interface SagaParts {
  readonly store: RegistrationStore;
  readonly catalog: ServiceCatalog;
  readonly probe: HealthProbe;
  readonly view: RegistryView;
  readonly alignment: Alignment;
  readonly hearing: () => Hearing;
  readonly log: Log;
  /** Default: nobody. */
  readonly observer?: RegistryObserver;
  /** Transactions that may be under way at a time: each holds a connection to Postgres. Default: 5. */
  readonly sideBySide?: number;
}

/** What the fold over one node's messages came to. */
interface Plan {
  readonly stored: NodeRecord | undefined;
  readonly node: NodeRecord | undefined;
  readonly changes: readonly NewChange[];
  readonly outcomes: readonly SagaOutcome[];
  readonly renewed: SagaResult['renewed'];
}

/**
 * Registers nodes in Consul and Postgres as one: under the nodes' locks Consul first, then one transaction with rows, positions and
 * change-log entries. When Postgres fails, Consul is put back to what is stored. docs/lifecycle.md tells the steps and their crashes.
 */
export class RegistrationSaga {
  readonly #parts: SagaParts;
  readonly #probes: EndpointProbes;
  readonly #observer: RegistryObserver;
  readonly #sideBySide: number;
  readonly #slots;

  constructor(parts: SagaParts) {
    this.#parts = parts;
    this.#probes = new EndpointProbes(parts);
    this.#observer = parts.observer ?? UNOBSERVED;
    this.#sideBySide = parts.sideBySide ?? SIDE_BY_SIDE;
    this.#slots = bulkhead(this.#sideBySide, Number.POSITIVE_INFINITY);
  }

  /**
   * Works off messages of any nodes, in groups side by side; one node's stay in order. `onCommitted` hears of each group as soon as it is
   * committed. `completed` is recorded where there is only one, if nothing of it is left over: the result says whether it was.
   * Never throws for a back end: what did not succeed is in the result.
   */
  async run(
    items: readonly SagaItem[],
    completed: readonly Completed[],
    onCommitted: (changes: readonly Change[]) => void = () => undefined,
  ): Promise<SagaResult> {
    const groups = groupsOf(items, this.#parts.view, this.#parts.catalog.together);
    // Some are probed while others hold their locks: a slow endpoint keeps no connection waiting.
    const results = await mapBounded(groups, 2 * this.#sideBySide, async (group) => {
      const startedAt = performance.now();
      this.#observer.began(positionsOf(group), startedAt);
      const result = await this.#runGroup(group, groups.length === 1 ? completed : []);
      tellEnds(this.#observer, result, startedAt);
      if (result.changes.length > 0) onCommitted(result.changes);
      return result;
    });
    return merge(results);
  }

  /** One after the other; the last records that all is complete, if nothing is left over. */
  async #runEach(items: readonly SagaItem[], completed: readonly Completed[]): Promise<SagaResult> {
    const results: SagaResult[] = [];
    for (const [index, item] of items.entries()) {
      const isLast = index === items.length - 1 && results.every(({ retry, refused }) => retry.length + refused.length === 0);
      results.push(await this.#runGroup(new Map([[nodeIdOf(item), [item]]]), isLast ? completed : []));
    }
    return merge(results);
  }

  async #runGroup(group: Group, completed: readonly Completed[]): Promise<SagaResult> {
    const { store, alignment, log } = this.#parts;
    const touched: Touched = new Map();
    const failed: { retry: SagaItem[]; refused: { item: SagaItem; error: RefusedError }[] } = { retry: [], refused: [] };
    const renewed: SagaResult['renewed'][number][] = [];
    const outcomes: SagaOutcome[] = [];
    const positions = positionsOf(group);
    try {
      const probes = await this.#probed(group, positions);
      const work = async (locked: Locked) => {
        const plans = await mapBounded([...group], Math.max(CONCURRENCY, this.#parts.catalog.together), ([nodeId, items]) =>
          this.#work(nodeId, items, locked, probes, touched, failed),
        );
        const done = plans.filter((plan) => plan !== null);
        renewed.push(...done.flatMap((plan) => plan.renewed));
        outcomes.push(...done.flatMap((plan) => plan.outcomes));
        return writesOf(done, failed.retry.length + failed.refused.length === 0 ? completed : []);
      };
      const changes = await this.#slots.execute(() =>
        observedTransaction(this.#observer, positions, work, (timed) => store.transact([...group.keys()], correlationIds(group), timed)),
      );
      return {
        changes,
        done: outcomes,
        renewed,
        ...failed,
        isRecorded: failed.retry.length + failed.refused.length === 0 && completed.length > 0,
      };
    } catch (error) {
      if (!(error instanceof BackendError || error instanceof RefusedError)) throw error;
      log.warn(
        { error: messageOf(error), nodes: group.size },
        'Postgres did not take a batch, will put Consul back to what is stored and retry',
      );
      await alignment.restore(touched);
      const items = [...group.values()].flat();
      if (error instanceof BackendError) return { ...EMPTY, retry: items };
      // One of them is refused for good: alone, each shows which.
      const [only] = items;
      if (only !== undefined && items.length === 1) return { ...EMPTY, refused: [{ item: only, error }] };
      return this.#runEach(items, completed);
    }
  }

  async #probed(group: Group, positions: readonly MessagePosition[]): Promise<Probes> {
    const startedAt = performance.now();
    const probes = await this.#probes.of(group);
    if (probes.size > 0) this.#observer.step('probe', positions, { startedAt, endedAt: performance.now() });
    return probes;
  }

  /** One node under its lock: decide, then Consul. null: the node leaves the batch, the others go on. */
  async #work(
    nodeId: NodeId,
    items: readonly SagaItem[],
    locked: Locked,
    probes: Probes,
    touched: Touched,
    failed: { retry: SagaItem[]; refused: { item: SagaItem; error: RefusedError }[] },
  ): Promise<Plan | null> {
    const plan = await this.#fold(locked.nodes.get(nodeId), items, locked, probes);
    try {
      return await this.#applyToConsul(plan, touched, (call) => observedStep(this.#observer, 'consul', positionsIn(items), call));
    } catch (error) {
      if (error instanceof RefusedError) {
        const culprit = plan.outcomes.findLast(({ outcome }) => outcome === 'applied')?.item;
        failed.refused.push(...items.filter((item) => item === culprit).map((item) => ({ item, error })));
        failed.retry.push(...items.filter((item) => item !== culprit));
      } else if (error instanceof BackendError) {
        this.#parts.log.warn({ nodeId, error: error.message }, 'Consul did not take a node, will retry it');
        failed.retry.push(...items);
      } else throw error;
      return null;
    }
  }

  async #fold(stored: NodeRecord | undefined, items: readonly SagaItem[], locked: Locked, probes: Probes): Promise<Plan> {
    let node = stored;
    const changes: NewChange[] = [];
    const outcomes: SagaOutcome[] = [];
    const renewed: SagaResult['renewed'][number][] = [];
    for (const item of items) {
      const { event } = item;
      const decided = this.#decide(node, event, locked, probes);
      // Most are decided at once: a batch of renewals is not worth a turn of the event loop each.
      const decision = decided instanceof Promise ? await decided : decided;
      outcomes.push({ item, outcome: decision.outcome, why: decision.outcome === 'superseded' ? decision.why : null });
      if (decision.outcome === 'superseded') continue;
      node = decision.node;
      if (decision.outcome === 'applied' && decision.change !== null) changes.push(this.#traced(decision.change, item));
      if (decision.outcome === 'unchanged' && event.kind === 'announcement' && event.reason === 'startup') {
        renewed.push({ node, correlationId: event.correlationId });
      }
    }
    return { stored, node, changes, outcomes, renewed };
  }

  /** The change as part of the message's trace, where that has one. */
  #traced(change: NewChange, { position }: SagaItem): NewChange {
    const traceparent = this.#observer.traceparentOf(position);
    return traceparent === null ? change : { ...change, traceparent };
  }

  #decide(node: NodeRecord | undefined, event: SagaItem['event'], locked: Locked, probes: Probes): Decision | Promise<Decision> {
    const hearing = this.#parts.hearing();
    if (event.kind === 'goodbye') return decideGoodbye(node, event, hearing.now);
    const request = event.correlationId === null ? undefined : locked.requests.get(event.correlationId);
    return decideRenewal(node, event, { hearing, request }) ?? this.#decideContent(node, event, request, probes);
  }

  async #decideContent(
    node: NodeRecord | undefined,
    event: Announcement,
    request: IssuedRequest | undefined,
    probes: Probes,
  ): Promise<Decision> {
    const { catalog, hearing } = this.#parts;
    const service = serviceFor(catalog, event, node);
    const probed = await this.#probes.found(node, event, service.check, probes);
    return decideAnnouncement(node, event, { hearing: hearing(), request, service, probed });
  }

  /** Consul as the plan's last state wants it. A call that times out may have happened: the service is marked as touched before it. */
  async #applyToConsul(plan: Plan, touched: Touched, timed: (call: () => Promise<void>) => Promise<void>): Promise<Plan> {
    const { stored, node, changes } = plan;
    if (node === undefined || changes.length === 0) return plan;
    const { catalog } = this.#parts;
    const standing = stored?.state === 'REGISTERED' ? stored.consulServiceId : null;
    const wanted = node.state === 'REGISTERED' ? node.consulServiceId : null;
    const touch = (serviceId: string) => touched.set(node.nodeId, [...(touched.get(node.nodeId) ?? []), serviceId]);
    const isSame = standing === wanted && stored?.contentHash === node.contentHash && stored.checkStatus === node.checkStatus;
    let applied = plan;
    if (wanted !== null && !isSame) {
      touch(wanted);
      const service = serviceOf(catalog, node);
      try {
        await timed(() => catalog.register(service, initialStatus(node)));
      } catch (error) {
        if (!(error instanceof TakenError)) throw error;
        // Two registries on one Consul know the same node: each has its own service, and neither touches the other's.
        touch(error.alternative);
        await timed(() => catalog.register({ ...service, id: error.alternative }, initialStatus(node)));
        applied = withServiceId(plan, wanted, error.alternative);
      }
    }
    if (standing !== null && standing !== applied.node?.consulServiceId) {
      touch(standing);
      await timed(() => catalog.deregister(standing));
    }
    return applied;
  }
}

function withServiceId(plan: Plan, from: string, to: string): Plan {
  const moved = (node: NodeRecord) => (node.consulServiceId === from ? { ...node, consulServiceId: to } : node);
  return {
    ...plan,
    node: plan.node === undefined ? undefined : moved(plan.node),
    changes: plan.changes.map((change) => ({ ...change, node: moved(change.node) })),
  };
}

function writesOf(plans: readonly Plan[], completed: readonly Completed[]): Writes {
  return {
    nodes: plans.flatMap(({ stored, node }) => (node === undefined || node === stored ? [] : [node])),
    changes: plans.flatMap(({ changes }) => changes),
    processed: plans.flatMap(({ outcomes }) => outcomes.map(({ item, outcome }) => ({ position: item.position, outcome }))),
    completed,
    rejected: [],
  };
}
