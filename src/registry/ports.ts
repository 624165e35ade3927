/**
 * What the registry needs of the world, as small interfaces. `consul`, `postgres` and `kafka` implement them, the composition root
 * (`gateway.ts`) hands them in, tests hand in their own. The registry itself imports none of the three.
 */
import type { Acknowledgement, Heartbeat, MessagePosition, NodeContent, Rejection } from '../events/announcement.ts';
import type { Json } from '../events/json.ts';
import type { NodeId } from '../events/node-id.ts';
import type { Change, NewChange } from './change.ts';
import type { Cursor } from './cursor.ts';
import type { Term } from './leadership.ts';
import type { CheckStatus, Liveness, NodeRecord } from './node-record.ts';
import type { RejectedEvent } from './registry.ts';

/** How a service is checked: HTTP on the health endpoint, TCP where there is only an address, none where there is nothing. */
export type ServiceCheck =
  | { readonly kind: 'http'; readonly url: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'none' };

/** A service as it should stand in Consul. */
export interface ServiceDefinition {
  readonly id: string;
  readonly name: string;
  readonly address: string | null;
  readonly port: number | null;
  readonly tags: readonly string[];
  readonly meta: Readonly<Record<string, string>>;
  readonly check: ServiceCheck;
}

export type ProbedStatus = Exclude<CheckStatus, 'none'>;

export interface ObservedCheck {
  readonly status: ProbedStatus;
  readonly output: string;
  /** It stands where this registry does not keep its services any more: another registration moves it. Absent: it does not. */
  readonly isMisplaced?: boolean;
}

/** A service that stands in Consul under this registry's owner mark. */
export interface OwnedService {
  readonly id: string;
  readonly nodeId: string;
  readonly contentHash: string;
  /** It stands, alone or as well, where this registry does not keep its services any more: another registration moves it. */
  readonly isMisplaced: boolean;
}

/** `unchecked`: the service stands without the check that it should have. `misplaced`: only where it is not kept any more. */
export type Standing = 'whole' | 'unchecked' | 'misplaced' | 'gone';

/** Consul, whichever way into it is configured. Every call throws BackendError (unknown outcome: retry) or RefusedError (never succeeds). */
export interface ServiceCatalog {
  /** So many registrations are best asked for at the same time: to some they are one piece of work, to others one each. */
  readonly together: number;
  /** The service that a node's content asks for. Pure. */
  define(content: NodeContent, contentHash: string): ServiceDefinition;
  /**
   * Registers or replaces. `initial` is the status the check starts with. Consul keeps the status of an existing check whatever is
   * sent, so where the check stands and differs from `initial` it is deregistered first. Throws TakenError when the id stands there under
   * somebody else's mark.
   */
  register(service: ServiceDefinition, initial: ProbedStatus): Promise<void>;
  /** Also succeeds when there is no such service. */
  deregister(serviceId: string): Promise<void>;
  exists(serviceId: string): Promise<boolean>;
  /** How much of the service stands under this registry's mark. */
  standing(service: ServiceDefinition): Promise<Standing>;
  owned(): Promise<readonly OwnedService[]>;
  /**
   * Follows the checks of this registry's services with blocking queries until the signal aborts: `onChecks` receives them, by service
   * id, now and at every change. `vanished` are the services that are known to have lost theirs; null: all that are not among the checks.
   * Otherwise what is not among them says nothing. Never throws for an outage: it retries with jittered backoff and reports by `onError`.
   */
  followChecks(
    onChecks: (checks: ReadonlyMap<string, ObservedCheck>, vanished: ReadonlySet<string> | null) => void,
    onError: (error: Error) => void,
    signal: AbortSignal,
  ): Promise<void>;
}

/** A service as it stands in Consul, whoever put it there. */
export interface CatalogEntry {
  readonly id: string;
  readonly name: string;
  /** The catalog's node that it stands on. */
  readonly node: string;
  /** null: that of the catalog's node. */
  readonly address: string | null;
  readonly port: number | null;
  readonly tags: readonly string[];
  readonly meta: Readonly<Record<string, string>>;
  /** By id. */
  readonly checks: readonly CatalogCheck[];
}

export interface CatalogCheck {
  readonly id: string;
  readonly name: string;
  readonly status: ProbedStatus;
  readonly output: string;
}

/** For who wants to see with their own eyes. Throws BackendError. */
export interface ServiceLookup {
  /** What stands under the id, under whatever mark; null: nothing does. Where it stands twice, it is the one at its place. */
  entry(serviceId: string): Promise<CatalogEntry | null>;
}

/** The same of Postgres. */
export interface RecordLookup {
  /** The node as it is stored at this moment; null: it is not. Throws BackendError. */
  readNode(nodeId: NodeId): Promise<NodeRecord | null>;
}

/** One try to reach a node, under the endpoint allow-list and a short deadline. null where there is nothing to probe. */
export interface HealthProbe {
  probe(check: ServiceCheck): Promise<ObservedCheck | null>;
  /** Whether there is something to probe that this gateway may reach. */
  mayReach(check: ServiceCheck): boolean;
}

export type Outcome = 'applied' | 'unchanged' | 'superseded' | 'rejected' | 'heartbeat' | 'acknowledged' | 'ignored';

/** What became of one message. Written with the work itself, so that *nothing lost* can be counted after a crash. */
export interface Processed {
  readonly position: MessagePosition;
  readonly outcome: Outcome;
}

export interface RejectedMessage {
  readonly position: MessagePosition;
  readonly rejection: Rejection;
  readonly excerpt: string | null;
  readonly rejectedAt: number;
}

/** An introspection request whose correlation id a message carries. */
export interface IssuedRequest {
  readonly correlationId: string;
  readonly nodeId: NodeId | null;
  readonly operator: string | null;
  readonly byOperator: boolean;
  readonly issuedAt: number;
}

/** What stands in the store, held under the nodes' locks until the work returns. */
export interface Locked {
  readonly nodes: ReadonlyMap<NodeId, NodeRecord>;
  readonly requests: ReadonlyMap<string, IssuedRequest>;
}

/** Every message of the partition below `nextOffset` is processed. */
export interface Completed {
  readonly topic: string;
  readonly partition: number;
  readonly nextOffset: string;
}

/** What became of messages: counted once each, whatever is redelivered. */
export interface Progress {
  readonly processed: readonly Processed[];
  readonly completed: readonly Completed[];
}

/** Signs of life of a node, as another gateway or this one stored them. */
export interface LivenessUpdate {
  readonly nodeId: NodeId;
  readonly liveness: Liveness;
  readonly currentState: Json;
  readonly acknowledgedAt: number | null;
}

/** Everything that one transaction writes. */
export interface Writes extends Progress {
  /** New or changed rows; `cursor` is filled in from the node's last change in `changes`, if any. */
  readonly nodes: readonly NodeRecord[];
  /** In order; numbered in that order. */
  readonly changes: readonly NewChange[];
  readonly rejected: readonly RejectedMessage[];
}

/**
 * The registrations in Postgres. Throws BackendError when Postgres did not answer (a COMMIT may have succeeded) and RefusedError
 * for data that it will never take.
 */
export interface RegistrationStore {
  /**
   * Locks the nodes across all gateways (one order, at most 500, with lock and statement timeouts), reads them, lets `work` decide, and
   * writes what it returns in the same transaction: rows, then positions, then the numbered change-log entries last.
   * Nothing is written when `work` throws. Returns the entries with their cursors. What is written as the leader names its `term`: throws
   * DeposedError, before `work`, when that is over, and lets no later one begin until the transaction has ended.
   */
  transact(
    nodeIds: readonly NodeId[],
    correlationIds: readonly string[],
    work: (locked: Locked) => Promise<Writes>,
    term?: Term,
  ): Promise<readonly Change[]>;
  /** Signs of life, coalesced: one statement, no node lock. */
  recordLiveness(heartbeats: readonly Heartbeat[], receivedAt: number, progress: Progress): Promise<void>;
  recordAcknowledgements(acknowledgements: readonly Acknowledgement[], receivedAt: number, progress: Progress): Promise<void>;
  recordRejections(rejected: readonly RejectedMessage[], progress: Progress): Promise<void>;
  /** Remembers a request, so that its answers are recognised on every gateway. */
  recordRequest(request: IssuedRequest): Promise<void>;
  /** Every node that was ever in the log, and the log's head at that moment. `keep`: what is wanted of each, while the rest is still being read; default: all. */
  loadAll(keep?: (node: NodeRecord) => NodeRecord): Promise<{ readonly nodes: readonly NodeRecord[]; readonly head: Cursor }>;
  /** Signs of life written since the given mark (null: now), and the mark to ask with next time. Misses none, may repeat some. */
  livenessSince(mark: string | null): Promise<{ readonly updates: readonly LivenessUpdate[]; readonly mark: string }>;
  rejectedEvents(first: number): Promise<readonly RejectedEvent[]>;
  /**
   * Deletes REMOVED nodes' old rows, rejected events, requests and log entries past retention. Returns how many of each. Throws
   * DeposedError when the term is over.
   */
  cleanUp(now: number, term: Term): Promise<CleanUpResult>;
}

export interface CleanUpResult {
  readonly nodes: number;
  readonly rejectedEvents: number;
  readonly requests: number;
  readonly changes: number;
}

/** The registry in memory as it stood at one moment. */
export interface RegistrySnapshot {
  readonly registryId: string;
  /** Where the change log stood. */
  readonly cursor: Cursor;
  /** When the log was last read to its end: until then the snapshot is known to be right. Milliseconds since 1970. */
  readonly asOf: number;
  readonly nodes: readonly NodeRecord[];
}

/** Where a snapshot outlives the process. */
export interface SnapshotStore {
  /** null: there is none. Throws Error saying what is wrong with what is there: cut short, another version's, another environment's. */
  read(): Promise<RegistrySnapshot | null>;
  /** Replaces it as a whole, or throws and leaves the one before. */
  write(snapshot: RegistrySnapshot): Promise<void>;
}

export interface ChangeLog {
  /** Entries after the cursor, oldest first, at most `limit`; of these nodes where some are named. */
  readAfter(after: Cursor, limit: number, nodeIds?: readonly string[] | null): Promise<readonly Change[]>;
  /** The entries at these positions, as far as they are kept, in any order, with one statement. */
  readAt(cursors: readonly Cursor[]): Promise<readonly Change[]>;
  /** The latest entries of each node, newest first, at most `first` each, with one statement. */
  latestOf(nodeIds: readonly NodeId[], first: number): Promise<ReadonlyMap<NodeId, readonly Change[]>>;
  /** The cursor of the newest entry, and the one before the oldest that is still kept. */
  bounds(): Promise<{ readonly head: Cursor; readonly floor: Cursor }>;
  /** Calls back at every NOTIFY with where the log ends then (null: not said, as after each reconnect) until the signal aborts. Never throws for an outage. */
  follow(onWake: (head: Cursor | null) => void, onError: (error: Error) => void, signal: AbortSignal): Promise<void>;
}

export interface IntrospectionRequest {
  readonly correlationId: string;
  readonly reason: string;
  readonly targetNodeId: NodeId | null;
  readonly targetNodeTypes: readonly string[] | null;
  readonly requestedAt: number;
  /** W3C trace context of the operation by which it is asked. Default: none. */
  readonly traceparent?: string | undefined;
}

export interface DeadLetter {
  readonly position: MessagePosition;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly rejection: Rejection;
  readonly failedAt: number;
}

export interface Accepted {
  readonly nodeId: NodeId;
  readonly consulServiceId: string | null;
  readonly cursor: Cursor;
  readonly correlationId: string | null;
  readonly acceptedAt: number;
  /** As that of the change that it is about. */
  readonly traceparent?: string;
}

/** What the gateway says on Kafka. Every call has a deadline of its own and throws BackendError. */
export interface Messenger {
  requestIntrospection(requests: readonly IntrospectionRequest[]): Promise<void>;
  accept(accepted: readonly Accepted[]): Promise<void>;
  publishChanges(changes: readonly Change[]): Promise<void>;
  deadLetter(letters: readonly DeadLetter[]): Promise<void>;
}

/** Milliseconds since 1970. */
export type Clock = () => number;
