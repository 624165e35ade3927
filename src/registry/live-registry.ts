import { GatewayError } from '../errors.ts';
import type { NodeId } from '../events/node-id.ts';
import { backendRead } from './backend-call.ts';
import type { ChangeEvent } from './change.ts';
import type { ChangeFeed } from './change-feed.ts';
import type { Cursor } from './cursor.ts';
import type { Deregistration } from './deregistration.ts';
import type { Discovery } from './discovery.ts';
import { readRequest } from './discovery-request.ts';
import type { Ejections } from './ejections.ts';
import { DiscoveryExplanation } from './explanation.ts';
import type { FailureReports } from './failure-reports.ts';
import { isStale } from './freshness.ts';
import type { InstanceWatch } from './instance-watch.ts';
import type { Introspection } from './introspection.ts';
import { leaseEnd } from './leases.ts';
import { type LogRange, readLog } from './log-reader.ts';
import type { NodeRecord } from './node-record.ts';
import type { ChangeLog, Clock, RecordLookup, RegistrationStore, ServiceCatalog, ServiceLookup } from './ports.ts';
import type {
  Caller,
  DiscoveryQuery,
  EjectionStatus,
  FailureReport,
  GatewayStanding,
  HealthyServicesQuery,
  NodeFilter,
  Registry,
  RegistryStatus,
  RejectedEvent,
  Reporter,
  StaleOrNot,
  SubscribeOptions,
} from './registry.ts';
import { SideBySide } from './side-by-side.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { RegistryView } from './view.ts';

export interface LiveRegistryParts {
  readonly view: RegistryView;
  readonly feed: ChangeFeed;
  readonly discovery: Discovery;
  readonly subscriptions: Subscriptions;
  readonly introspection: Introspection;
  readonly deregistration: Deregistration;
  readonly watch: InstanceWatch;
  readonly ejections: Ejections;
  readonly reports: FailureReports;
  readonly store: RegistrationStore & RecordLookup;
  readonly catalog: Pick<ServiceCatalog, 'define'> & ServiceLookup;
  readonly log: ChangeLog;
  readonly now: Clock;
  readonly leaseSeconds: number;
  readonly standing: () => GatewayStanding;
}

const NOT_LOADED = 'the gateway is starting and has not loaded the registry yet: try again';

/** The registry as GraphQL sees it: reads from memory, history from Postgres, commands to the parts that carry them out. */
export class LiveRegistry implements Registry {
  readonly #parts: LiveRegistryParts;

  constructor(parts: LiveRegistryParts) {
    this.#parts = parts;
  }

  head(): Cursor {
    return this.#loaded().head();
  }

  node(nodeId: string): NodeRecord | undefined {
    return this.#loaded().get(nodeId);
  }

  nodes(filter: NodeFilter | null): readonly NodeRecord[] {
    return this.#loaded().filter(filter);
  }

  healthyServices(query: HealthyServicesQuery): readonly NodeRecord[] {
    this.#loaded();
    return this.#parts.discovery.healthyServices(query);
  }

  tentatively<T>(ask: () => T | null): T | null {
    return this.#parts.discovery.tentatively(ask);
  }

  explainDiscovery(query: DiscoveryQuery): DiscoveryExplanation {
    return new DiscoveryExplanation(this.#loaded(), this.#parts.discovery, readRequest(query));
  }

  capabilities() {
    this.#loaded();
    return this.#parts.discovery.capabilities();
  }

  leaseExpiresAt(node: NodeRecord): number | null {
    const { now, leaseSeconds } = this.#parts;
    return node.state === 'REGISTERED' ? leaseEnd(node, now(), leaseSeconds) : null;
  }

  ejection({ nodeId }: NodeRecord): EjectionStatus | null {
    const { watch, ejections, now } = this.#parts;
    const ejection = ejections.of(nodeId);
    if (ejection === null) return null;
    const dueIn = watch.dueIn(nodeId);
    return { ...ejection, retryAt: dueIn === null ? null : Math.round(now() + dueIn) };
  }

  freshness(): StaleOrNot | null {
    const { feed, now } = this.#parts;
    const freshness = feed.freshness();
    if (freshness === null) return null;
    const { source, asOf } = freshness;
    return { source, asOf, stale: isStale(freshness, now()) };
  }

  status(): RegistryStatus {
    const freshness = this.freshness();
    if (freshness === null) throw new GatewayError('BACKEND_UNAVAILABLE', NOT_LOADED);
    const { view, standing } = this.#parts;
    return { ...freshness, ...standing(), cursor: view.head(), nodes: view.size(), nodeCounts: view.counts() };
  }

  async changes(range: LogRange, isWanted: () => boolean): Promise<readonly ChangeEvent[]> {
    return readLog(this.#parts.log, range, isWanted);
  }

  async changesAt(cursors: readonly Cursor[]): Promise<ReadonlyMap<Cursor, ChangeEvent>> {
    const changes = await backendRead(() => this.#parts.log.readAt(cursors));
    return new Map(changes.map((change) => [change.cursor, change]));
  }

  async changesOfNodes(nodeIds: readonly NodeId[], first: number): Promise<ReadonlyMap<NodeId, readonly ChangeEvent[]>> {
    return backendRead(() => this.#parts.log.latestOf(nodeIds, first));
  }

  recordsOf(node: NodeRecord): SideBySide {
    return new SideBySide(node, this.#parts);
  }

  async rejectedEvents(first: number): Promise<readonly RejectedEvent[]> {
    return backendRead(() => this.#parts.store.rejectedEvents(first));
  }

  async requestIntrospection(request: Parameters<Registry['requestIntrospection']>[0], caller: Caller) {
    this.#loaded();
    return this.#parts.introspection.request(request, caller);
  }

  async deregister(request: Parameters<Registry['deregister']>[0], caller: Caller) {
    this.#loaded();
    return this.#parts.deregistration.deregister(request, caller);
  }

  async reportFailure(report: { readonly nodeId: string; readonly reason?: string | null }, reporter: Reporter): Promise<FailureReport> {
    this.#loaded();
    return this.#parts.reports.report(report, reporter);
  }

  subscribeChanges(options: SubscribeOptions): AsyncGenerator<ChangeEvent, void, undefined> {
    this.#loaded();
    return this.#parts.subscriptions.changes(options);
  }

  subscribeHealthyServices(query: HealthyServicesQuery): AsyncGenerator<readonly NodeRecord[], void, undefined> {
    this.#loaded();
    return this.#parts.subscriptions.healthyServices(query);
  }

  /** An empty answer before the first load would be a lie. */
  #loaded(): RegistryView {
    if (this.#parts.feed.freshness() === null) throw new GatewayError('BACKEND_UNAVAILABLE', NOT_LOADED);
    return this.#parts.view;
  }
}
