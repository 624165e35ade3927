import { GatewayError } from '../../../src/errors.ts';
import { type NodeId, toNodeId } from '../../../src/events/node-id.ts';
import type { Change, ChangeEvent, ChangeFilter, LoggedChangeType } from '../../../src/registry/change.ts';
import { type Cursor, printCursor, toCursor } from '../../../src/registry/cursor.ts';
import { Discovery } from '../../../src/registry/discovery.ts';
import { readRequest } from '../../../src/registry/discovery-request.ts';
import { DiscoveryExplanation } from '../../../src/registry/explanation.ts';
import type { LogRange } from '../../../src/registry/log-reader.ts';
import { NodeCounts } from '../../../src/registry/node-counts.ts';
import type { NodeRecord } from '../../../src/registry/node-record.ts';
import type {
  Caller,
  CapabilitySummary,
  DiscoveryQuery,
  EjectionStatus,
  FailureReport,
  HealthyServicesQuery,
  NodeFilter,
  Registry,
  RegistryStatus,
  RejectedEvent,
  Reporter,
  StaleOrNot,
  SubscribeOptions,
} from '../../../src/registry/registry.ts';
import { SideBySide, type SideBySideParts } from '../../../src/registry/side-by-side.ts';
import { RegistryView } from '../../../src/registry/view.ts';
import { EMPTY_BACK_ENDS } from '../registry/fakes/empty-back-ends.ts';
import { Feed } from './feed.ts';

export const T0 = Date.parse('2026-11-24T13:29:00.000Z');

const STANDING = {
  gatewayId: 'gateway-1',
  environment: 'test',
  version: '1.2.3',
  startedAt: T0 - 3_600_000,
  isHealthy: false,
  leads: true,
  subscribers: 2,
  consumerLag: null,
  consumerWaitsFor: ['consul'],
  expiriesHeldBack: 4,
  ejected: 1,
} as const satisfies Partial<RegistryStatus>;

export function nodeId(text: string): NodeId {
  const id = toNodeId(text);
  if (id === undefined) throw new Error(`not a node id: ${text}`);
  return id;
}

/** A healthy, registered effect node with an `api` and a `health` endpoint. */
export function sampleNode(id: string, overrides: Partial<NodeRecord> = {}): NodeRecord {
  return {
    nodeId: nodeId(id),
    instance: null,
    type: 'effect',
    name: `name of ${id}`,
    role: null,
    version: '1.4.2',
    announcedServiceName: null,
    capabilities: ['database.query', 'database.write'],
    capabilityDetails: { supported_operations: ['database.query', 'database.write'], batch_size: 100 },
    endpoints: [
      { name: 'api', url: 'http://10.0.3.17:8080' },
      { name: 'health', url: 'http://10.0.3.17:8080/health' },
    ],
    address: '10.0.3.17',
    port: 8080,
    metadata: { region: 'eu-1' },
    environment: 'dev',
    networkId: null,
    deploymentId: 'blue',
    state: 'REGISTERED',
    stateReason: 'startup',
    health: 'HEALTHY',
    serviceName: 'effect-service',
    consulServiceId: `effect-${id}`,
    checkStatus: 'passing',
    checkOutput: 'HTTP GET: 200 OK',
    currentState: 'ready',
    contentHash: 'a'.repeat(64),
    accepted: { epoch: 2 ** 40, time: T0 * 1000, payloadTime: T0 * 1000, rawTime: T0 * 1000, aheadTime: 0, receivedAt: T0 },
    leaseSeconds: null,
    liveness: {
      lastSeenAt: T0 + 1000,
      lastHeartbeatAt: null,
      reportedHealth: 'healthy',
      activeOperations: 3,
      cpuPercent: 12.5,
      memoryMb: 256.5,
      memoryPercent: 62.5,
      uptimeSeconds: 86_400,
    },
    acknowledgedAt: null,
    registeredAt: T0,
    updatedAt: T0,
    cursor: toCursor(0),
    ...overrides,
  };
}

/** The registry's interface over plain arrays: enough real behaviour for lists, logs and live feeds. */
export class MemoryRegistry implements Registry {
  readonly log: Change[] = [];
  readonly rejected: RejectedEvent[] = [];
  /** The ids of each call of changesOfNodes. */
  readonly batches: { readonly ids: readonly string[]; readonly first: number }[] = [];
  /** The cursors of each call of changesAt. */
  readonly positions: (readonly Cursor[])[] = [];
  readonly callers: Caller[] = [];
  readonly introspections: { nodeId?: string | null; nodeTypes?: readonly string[] | null; reason?: string | null }[] = [];
  readonly queries: HealthyServicesQuery[] = [];
  readonly reports: (Reporter & { readonly nodeId: string; readonly reason?: string | null })[] = [];
  /** Nodes that are left out of the answers. */
  readonly ejections = new Map<string, EjectionStatus>();
  /** What reads of Postgres and both mutations throw, while set. */
  failure: Error | null = null;
  backEnds: SideBySideParts = EMPTY_BACK_ENDS;
  fresh: StaleOrNot | null = { stale: false, source: 'LIVE', asOf: T0 };
  /** Cursor before the oldest entry that is kept. */
  floor = 0;
  /** Of each call of changes, whether somebody still waits for the answer. */
  readonly wanted: (() => boolean)[] = [];
  /** Unread events after which a subscriber is too slow. */
  maxUnread = 1000;
  #stalled: Promise<void> = Promise.resolve();
  #goOn: () => void = () => undefined;
  readonly #nodes = new Map<string, NodeRecord>();
  readonly #changeFeeds = new Map<Feed<ChangeEvent>, ChangeFilter | null>();
  readonly #serviceFeeds = new Map<Feed<readonly NodeRecord[]>, HealthyServicesQuery>();

  get subscribers(): number {
    return this.#changeFeeds.size + this.#serviceFeeds.size;
  }

  put(node: NodeRecord, type: LoggedChangeType = 'ADDED', reason = 'startup', caller: Caller = { operator: null }): Change {
    const cursor = toCursor(this.log.length + 1);
    const stored = { ...node, cursor };
    const change: Change = {
      cursor,
      type,
      nodeId: node.nodeId,
      node: stored,
      before: null,
      reason,
      changedFields: type === 'MODIFIED' ? ['capabilities', 'version'] : [],
      correlationId: 'c-1',
      operator: caller.operator,
      occurredAt: T0,
    };
    this.#nodes.set(node.nodeId, stored);
    this.log.push(change);
    for (const [feed, filter] of this.#changeFeeds) {
      if (!matches(change, filter)) continue;
      feed.push(change);
      if (feed.length > this.maxUnread) {
        feed.fail(new GatewayError('SUBSCRIBER_TOO_SLOW', 'too slow: resume from lastCursor', { lastCursor: printCursor(cursor) }));
      }
    }
    for (const [feed, query] of this.#serviceFeeds) feed.push(this.healthyServices(query));
    return change;
  }

  failFeeds(error: Error): void {
    for (const feed of [...this.#changeFeeds.keys(), ...this.#serviceFeeds.keys()]) feed.fail(error);
  }

  head(): Cursor {
    return toCursor(this.log.length);
  }

  node(id: string): NodeRecord | undefined {
    return this.#nodes.get(id);
  }

  nodes(filter: NodeFilter | null): readonly NodeRecord[] {
    return [...this.#nodes.values()]
      .filter(
        (node) =>
          (filter?.types?.includes(node.type) ?? true) &&
          (filter?.states?.includes(node.state) ?? true) &&
          (filter?.health?.includes(node.health) ?? true) &&
          (filter?.capabilities?.every((name) => node.capabilities.includes(name)) ?? true) &&
          (filter?.search === null || filter?.search === undefined || node.nodeId.includes(filter.search)),
      )
      .sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
  }

  healthyServices(query: HealthyServicesQuery): readonly NodeRecord[] {
    this.queries.push(query);
    if (query.versionRange === 'nonsense') throw new GatewayError('BAD_USER_INPUT', 'versionRange is no semver range');
    return this.nodes({ states: ['REGISTERED'], health: ['HEALTHY'], capabilities: [query.capability], types: query.types }).slice(
      0,
      query.limit ?? undefined,
    );
  }

  /** It takes no turns. */
  tentatively<T>(ask: () => T | null): T | null {
    return ask();
  }

  explainDiscovery(query: DiscoveryQuery): DiscoveryExplanation {
    const view = new RegistryView();
    view.load(this.nodes(null), this.head());
    return new DiscoveryExplanation(view, new Discovery(view, () => 0), readRequest(query));
  }

  capabilities(): readonly CapabilitySummary[] {
    const nodes = this.nodes({ states: ['REGISTERED'] });
    return [...new Set(nodes.flatMap((node) => node.capabilities))].sort().map((name) => {
      const having = nodes.filter((node) => node.capabilities.includes(name));
      return { name, nodes: having.length, healthy: having.filter((node) => node.health === 'HEALTHY').length };
    });
  }

  leaseExpiresAt(node: NodeRecord): number | null {
    return node.state === 'REGISTERED' ? node.liveness.lastSeenAt + 86_400_000 : null;
  }

  ejection(node: NodeRecord): EjectionStatus | null {
    return this.ejections.get(node.nodeId) ?? null;
  }

  freshness(): StaleOrNot | null {
    return this.fresh;
  }

  recordsOf(node: NodeRecord) {
    return new SideBySide(node, this.backEnds);
  }

  status(): RegistryStatus {
    if (this.fresh === null) throw new GatewayError('BACKEND_UNAVAILABLE', 'not loaded yet');
    const backend = { available: true, circuit: 'closed', lastError: null, since: T0 } as const;
    const backends = [
      { name: 'kafka', ...backend },
      { name: 'consul', ...backend, available: false, circuit: 'half_open' },
      { name: 'postgres', ...backend },
    ] as const;
    const counts = new NodeCounts();
    for (const node of this.#nodes.values()) counts.add(node);
    return { ...STANDING, ...this.fresh, cursor: this.head(), nodes: this.#nodes.size, nodeCounts: counts.list(), backends };
  }

  /** Lets reads of the log hang, until `goOn`. */
  stall(): void {
    this.#stalled = new Promise((resolve) => {
      this.#goOn = resolve;
    });
  }

  goOn(): void {
    this.#goOn();
  }

  async changes({ after, first, filter }: LogRange, isWanted: () => boolean): Promise<readonly ChangeEvent[]> {
    this.wanted.push(isWanted);
    await this.#stalled;
    this.#mayFail();
    this.#checkCursor(after);
    return this.log.filter((change) => change.cursor > (after ?? this.floor) && matches(change, filter)).slice(0, first);
  }

  async changesAt(cursors: readonly Cursor[]): Promise<ReadonlyMap<Cursor, ChangeEvent>> {
    this.positions.push(cursors);
    this.#mayFail();
    return new Map(this.log.filter(({ cursor }) => cursors.includes(cursor)).map((change) => [change.cursor, change]));
  }

  async changesOfNodes(nodeIds: readonly NodeId[], first: number): Promise<ReadonlyMap<NodeId, readonly ChangeEvent[]>> {
    this.batches.push({ ids: nodeIds, first });
    this.#mayFail();
    return new Map(
      nodeIds.map((id) => [
        id,
        this.log
          .filter((change) => change.nodeId === id)
          .reverse()
          .slice(0, first),
      ]),
    );
  }

  async rejectedEvents(first: number): Promise<readonly RejectedEvent[]> {
    this.#mayFail();
    return this.rejected.slice(0, first);
  }

  async requestIntrospection(
    request: { readonly nodeId?: string | null; readonly nodeTypes?: readonly string[] | null; readonly reason?: string | null },
    caller: Caller,
  ) {
    this.#mayFail();
    this.callers.push(caller);
    this.introspections.push(request);
    const nodes = this.nodes({ states: ['REGISTERED'], types: request.nodeTypes });
    const addressed = nodes.filter((node) => request.nodeId === null || request.nodeId === undefined || node.nodeId === request.nodeId);
    if (request.nodeId !== null && request.nodeId !== undefined && addressed.length === 0) throw notFound(request.nodeId);
    return { correlationId: 'r-1', requestedAt: T0, expectedNodes: addressed.length };
  }

  async deregister(request: { readonly nodeId: string; readonly reason?: string | null }, caller: Caller) {
    this.#mayFail();
    this.callers.push(caller);
    const node = this.#nodes.get(request.nodeId);
    if (node === undefined) throw notFound(request.nodeId);
    const removed: NodeRecord = { ...node, state: 'REMOVED', stateReason: 'operator', consulServiceId: null };
    const { node: stored, cursor } = this.put(removed, 'REMOVED', 'operator', caller);
    return { node: stored, cursor, correlationId: 'd-1' };
  }

  async reportFailure(report: { readonly nodeId: string; readonly reason?: string | null }, reporter: Reporter): Promise<FailureReport> {
    this.#mayFail();
    this.reports.push({ ...report, ...reporter });
    const node = this.#nodes.get(report.nodeId);
    if (node === undefined) throw notFound(report.nodeId);
    const ejection = this.ejection(node);
    return { node, probed: true, outcome: ejection === null ? 'ANSWERING' : 'EJECTED', output: ejection?.error ?? 'HTTP GET: 200' };
  }

  subscribeChanges({ after, snapshot, filter }: SubscribeOptions): AsyncGenerator<ChangeEvent, void, undefined> {
    const feed: Feed<ChangeEvent> = new Feed(() => this.#changeFeeds.delete(feed));
    this.#changeFeeds.set(feed, filter ?? null);
    try {
      this.#checkCursor(after ?? null);
    } catch (error) {
      feed.fail(error instanceof Error ? error : new Error(String(error)));
      return feed;
    }
    if (after !== null && after !== undefined) {
      for (const change of this.log) if (change.cursor > after && matches(change, filter ?? null)) feed.push(change);
    } else if (snapshot === true) {
      const nodes = this.nodes({ states: ['REGISTERED'], types: filter?.nodeTypes });
      for (const node of [...nodes].sort((a, b) => a.cursor - b.cursor)) feed.push(snapshotOf(node));
      feed.push(bookmark(this.head()));
    }
    return feed;
  }

  subscribeHealthyServices(query: HealthyServicesQuery): AsyncGenerator<readonly NodeRecord[], void, undefined> {
    const now = this.healthyServices(query);
    const feed: Feed<readonly NodeRecord[]> = new Feed(() => this.#serviceFeeds.delete(feed));
    this.#serviceFeeds.set(feed, query);
    feed.push(now);
    return feed;
  }

  #mayFail(): void {
    if (this.failure !== null) throw this.failure;
  }

  #checkCursor(after: Cursor | null): void {
    if (after === null) return;
    if (after < this.floor) throw new GatewayError('CURSOR_EXPIRED', 'the log begins later: take a snapshot', { floor: this.floor });
    if (after > this.head()) throw new GatewayError('CURSOR_INVALID', 'the log does not reach that far');
  }
}

function matches(change: ChangeEvent, filter: ChangeFilter | null): boolean {
  return (
    (filter?.nodeIds?.includes(change.nodeId ?? '') ?? true) &&
    (filter?.nodeTypes?.includes(change.node?.type ?? '') ?? true) &&
    (filter?.changeTypes?.includes(change.type) ?? true)
  );
}

function snapshotOf(node: NodeRecord): ChangeEvent {
  return { ...bookmark(node.cursor), type: 'SNAPSHOT', nodeId: node.nodeId, node, reason: node.stateReason };
}

function bookmark(cursor: Cursor): ChangeEvent {
  return {
    cursor,
    type: 'BOOKMARK',
    nodeId: null,
    node: null,
    reason: null,
    changedFields: [],
    correlationId: null,
    operator: null,
    occurredAt: T0,
  };
}

function notFound(id: string): GatewayError {
  return new GatewayError('NODE_NOT_FOUND', `There is no node ${id}`, { nodeId: id });
}
