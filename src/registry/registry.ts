import type { CircuitPosition } from '../circuit.ts';
import type { Backend } from '../errors.ts';
import type { NodeId } from '../events/node-id.ts';
import type { EventTaker } from './audience.ts';
import type { ChangeEvent, ChangeFilter } from './change.ts';
import type { Cursor } from './cursor.ts';
import type { Ejection } from './ejections.ts';
import type { DiscoveryExplanation } from './explanation.ts';
import type { Freshness } from './freshness.ts';
import type { LogRange } from './log-reader.ts';
import type { NodeCount } from './node-counts.ts';
import type { NodeHealth, NodeRecord, RegistrationState } from './node-record.ts';
import type { SideBySide } from './side-by-side.ts';

export interface NodeFilter {
  readonly types?: readonly string[] | null;
  readonly capabilities?: readonly string[] | null;
  readonly anyCapability?: readonly string[] | null;
  readonly states?: readonly RegistrationState[] | null;
  readonly health?: readonly NodeHealth[] | null;
  readonly serviceName?: string | null;
  readonly environment?: string | null;
  readonly search?: string | null;
}

export type Strategy = 'RANDOM' | 'ROUND_ROBIN' | 'LEAST_LOADED' | 'FRESHEST';

/** What a client looks for. */
export interface DiscoveryQuery {
  /** A capability, or a service name, node name or type where no capability has that name. */
  readonly capability: string;
  /** More of the kind: a node must answer to all of them. */
  readonly allOf?: readonly string[] | null;
  readonly types?: readonly string[] | null;
  /** A semver range; nodes without a version never match one. */
  readonly versionRange?: string | null;
}

export interface HealthyServicesQuery extends DiscoveryQuery {
  readonly strategy?: Strategy;
  readonly limit?: number | null;
}

export interface CapabilitySummary {
  readonly name: string;
  /** REGISTERED nodes that have it. */
  readonly nodes: number;
  /** Those of them that healthyServices hands out at this moment. */
  readonly healthy: number;
}

export interface RejectedEvent {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly reason: string;
  readonly errorType: string;
  /** The start of the value, cut and with secrets masked. */
  readonly excerpt: string | null;
  readonly correlationId: string | null;
  /** Milliseconds since 1970. */
  readonly rejectedAt: number;
}

export interface BackendStatus {
  readonly name: Backend;
  /** Whether its last call was answered. */
  readonly available: boolean;
  readonly circuit: CircuitPosition;
  /** The last failure, without secrets; null when there was none. */
  readonly lastError: string | null;
  /** Since when it is, or is not, available: milliseconds since 1970. */
  readonly since: number;
}

/** How the gateway itself stands. */
export interface GatewayStanding {
  readonly gatewayId: string;
  /** KAFKA_ENVIRONMENT. */
  readonly environment: string;
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Nothing is degraded: what `/health` calls healthy. */
  readonly isHealthy: boolean;
  /** Whether this gateway is the one that judges health, reconciles and cleans up. */
  readonly leads: boolean;
  /** Open subscriptions. */
  readonly subscribers: number;
  /** Messages not yet consumed; null while nobody knows. */
  readonly consumerLag: number | null;
  /** Back ends for which the consumer pauses; empty: it does not. */
  readonly consumerWaitsFor: readonly Backend[];
  /** Nodes that would expire but for the mass-expiry guard. */
  readonly expiriesHeldBack: number;
  /** Instances that this gateway leaves out of its answers, since its own probes fail. */
  readonly ejected: number;
  readonly backends: readonly BackendStatus[];
}

export interface StaleOrNot extends Freshness {
  readonly stale: boolean;
}

export interface RegistryStatus extends StaleOrNot, GatewayStanding {
  readonly cursor: Cursor;
  /** Nodes in memory, in whatever state. */
  readonly nodes: number;
  readonly nodeCounts: readonly NodeCount[];
}

/** Reads from memory. They never wait: they answer whatever Kafka, Consul and Postgres do. */
export interface RegistryReads {
  /** Where the change log stands in this gateway's memory. */
  head(): Cursor;
  node(nodeId: string): NodeRecord | undefined;
  /** Every known node that matches, by node id. */
  nodes(filter: NodeFilter | null): readonly NodeRecord[];
  /** Throws BAD_USER_INPUT for a version range that is none. */
  healthyServices(query: HealthyServicesQuery): readonly NodeRecord[];
  /** For what is tried, and done anew where it comes to null or throws: then no turn of ROUND_ROBIN is gone. Not one within another. */
  tentatively<T>(ask: () => T | null): T | null;
  /** Why healthyServices answers as it does. Throws BAD_USER_INPUT for a version range that is none. */
  explainDiscovery(query: DiscoveryQuery): DiscoveryExplanation;
  /** Of REGISTERED nodes, by name. */
  capabilities(): readonly CapabilitySummary[];
  /** When the node's lease ends, milliseconds since 1970; null unless it is REGISTERED. */
  leaseExpiresAt(node: NodeRecord): number | null;
  /** Why this gateway leaves the node out of its answers, though Consul calls it passing; null: it does not. */
  ejection(node: NodeRecord): EjectionStatus | null;
  /** How old these answers may be; null while there are none, before the first load. */
  freshness(): StaleOrNot | null;
  status(): RegistryStatus;
}

export interface SubscribeOptions {
  readonly after?: Cursor | null;
  readonly snapshot?: boolean;
  readonly filter?: ChangeFilter | null;
  /** Gets what it joins for instead of the iteration, in the same order. Default: every event is iterated. */
  readonly taker?: EventTaker | undefined;
}

/** An instance that is left out of this gateway's answers, and when it is probed next: null while nobody asks for it. */
export interface EjectionStatus extends Ejection {
  /** Milliseconds since 1970. */
  readonly retryAt: number | null;
}

/** What is known of an instance after a client's report. FAILING: it fails, and is handed out all the same. */
export type ReportOutcome = 'ANSWERING' | 'FAILING' | 'EJECTED' | 'UNKNOWN';

export interface FailureReport {
  readonly node: NodeRecord;
  /** It was probed for this report, or for another one less than a second ago. */
  readonly probed: boolean;
  readonly outcome: ReportOutcome;
  /** What that probe found. */
  readonly output: string | null;
}

/** Who reports a failure. */
export interface Reporter {
  /** What its reports are counted under. */
  readonly key: string;
  readonly operator: string | null;
}

/** Who is asking: goes into the change log. */
export interface Caller {
  readonly operator: string | null;
  /** W3C trace context of the operation: what is done for it belongs there. Default: nothing is traced. */
  readonly traceparent?: string | null;
}

/** All that GraphQL and HTTP ask of the registry. Failures are GatewayErrors with the codes of the public contract. */
export interface Registry extends RegistryReads {
  /**
   * The log, oldest first. Given up half-way once `isWanted` says no: nobody waits for the answer any more. Throws CURSOR_EXPIRED,
   * CURSOR_INVALID, BACKEND_UNAVAILABLE.
   */
  changes(range: LogRange, isWanted: () => boolean): Promise<readonly ChangeEvent[]>;
  /** The changes at these positions, as far as they are kept, with one statement. Throws BACKEND_UNAVAILABLE. */
  changesAt(cursors: readonly Cursor[]): Promise<ReadonlyMap<Cursor, ChangeEvent>>;
  /** The latest changes of each node, newest first, with one statement. Throws BACKEND_UNAVAILABLE. */
  changesOfNodes(nodeIds: readonly NodeId[], first: number): Promise<ReadonlyMap<NodeId, readonly ChangeEvent[]>>;
  /** What Postgres and Consul hold of the node at this moment; what is read of it may reject with BACKEND_UNAVAILABLE. */
  recordsOf(node: NodeRecord): Pick<SideBySide, 'postgres' | 'consul' | 'differences'>;
  /** Newest first. Throws BACKEND_UNAVAILABLE. */
  rejectedEvents(first: number): Promise<readonly RejectedEvent[]>;
  /** Throws NODE_NOT_FOUND, BAD_USER_INPUT, BACKEND_UNAVAILABLE. */
  requestIntrospection(
    request: { readonly nodeId?: string | null; readonly nodeTypes?: readonly string[] | null; readonly reason?: string | null },
    caller: Caller,
  ): Promise<{ readonly correlationId: string; readonly requestedAt: number; readonly expectedNodes: number }>;
  /** Throws NODE_NOT_FOUND, BACKEND_UNAVAILABLE. */
  deregister(
    request: { readonly nodeId: string; readonly reason?: string | null },
    caller: Caller,
  ): Promise<{ readonly node: NodeRecord; readonly cursor: Cursor; readonly correlationId: string }>;
  /** Probes the node at once, and changes nothing by itself. Throws NODE_NOT_FOUND, LIMIT_EXCEEDED. */
  reportFailure(report: { readonly nodeId: string; readonly reason?: string | null }, reporter: Reporter): Promise<FailureReport>;
  /**
   * Ordered, unique, reliable, resumable, bookmarked, bounded (docs/PROTOCOL.md). Ends when the iterator's `return` is called.
   * The iteration throws CURSOR_EXPIRED, CURSOR_INVALID, SUBSCRIBER_TOO_SLOW, BACKEND_UNAVAILABLE.
   */
  subscribeChanges(options: SubscribeOptions): AsyncGenerator<ChangeEvent, void, undefined>;
  /** The full set now, and again whenever it changes (in node id order; coalesced over 100 ms). */
  subscribeHealthyServices(query: HealthyServicesQuery): AsyncGenerator<readonly NodeRecord[], void, undefined>;
}
