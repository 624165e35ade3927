import type { Json, JsonObject } from './json.ts';
import type { NodeId } from './node-id.ts';

/** A named address of a node, as announced. */
export interface Endpoint {
  readonly name: string;
  readonly url: string;
}

/** What a node says of its own health, in a heartbeat or inside an announcement. */
export type ReportedHealth = 'healthy' | 'degraded' | 'unhealthy' | 'critical' | 'recovering';

/**
 * When a message was said, on the clock of the node that said it. All times are whole microseconds since
 * 1970 (a number holds them exactly until the year 2255). The order of one node's messages is: epoch, `time`, `payloadTime`;
 * at equality a goodbye wins.
 */
export interface MessageTime {
  /** Grows with each life of the node; null when not announced. */
  readonly epoch: number | null;
  /** The envelope's time, else the payload's, else the Kafka record's. */
  readonly time: number;
  /** The payload's time, else {@link time}. */
  readonly payloadTime: number;
}

/** Where a message lay in Kafka. */
export interface MessagePosition {
  readonly topic: string;
  readonly partition: number;
  /** Decimal, as Kafka counts: 64 bits do not fit a number for ever. */
  readonly offset: string;
}

/** What stands in a node's registration whatever its momentary state: two announcements with equal content register the same. */
export interface NodeContent {
  readonly nodeId: NodeId;
  /** The announced instance where it differs from the node id. */
  readonly instance: string | null;
  /** Lower case, without `_generic`. */
  readonly type: string;
  readonly name: string | null;
  readonly role: string | null;
  readonly version: string | null;
  /** The announced service name, as announced; null when none was. */
  readonly announcedServiceName: string | null;
  /** Names only, sorted, unique. */
  readonly capabilities: readonly string[];
  /** The announced structure, whole. */
  readonly capabilityDetails: Json;
  readonly endpoints: readonly Endpoint[];
  readonly address: string | null;
  readonly port: number | null;
  /** Unknown fields of the payload are kept in here too. */
  readonly metadata: JsonObject;
  readonly environment: string | null;
  readonly networkId: string | null;
  readonly deploymentId: string | null;
}

/** One announcement of one node, whatever shape it had on the wire. */
export interface Announcement {
  readonly kind: 'announcement';
  readonly content: NodeContent;
  /** SHA-256 (hex) of the content without its volatile parts. */
  readonly contentHash: string;
  readonly currentState: Json;
  /** Lower case; `startup` when the message gives none. */
  readonly reason: string;
  readonly reportedHealth: ReportedHealth | null;
  /** `configuration.node_ttl_hours` in seconds; null when not announced. */
  readonly leaseSeconds: number | null;
  readonly said: MessageTime;
  readonly correlationId: string | null;
}

/** A clean farewell: `reason: shutdown`, or a null value on the introspection topic (then without content). */
export interface Goodbye {
  readonly kind: 'goodbye';
  readonly nodeId: NodeId;
  /** Which instance leaves, as in {@link NodeContent}; absent where the message has no content. */
  readonly instance?: string | null;
  readonly said: MessageTime;
  readonly reason: string;
  readonly correlationId: string | null;
}

export interface Heartbeat {
  readonly kind: 'heartbeat';
  readonly nodeId: NodeId;
  readonly type: string | null;
  /** null: alive, and nothing more was said. */
  readonly reportedHealth: ReportedHealth | null;
  readonly uptimeSeconds: number | null;
  readonly activeOperations: number | null;
  readonly cpuPercent: number | null;
  readonly memoryMb: number | null;
  readonly memoryPercent: number | null;
  readonly said: MessageTime;
  readonly correlationId: string | null;
}

/** A node acknowledges that it was registered. */
export interface Acknowledgement {
  readonly kind: 'acknowledgement';
  readonly nodeId: NodeId;
  readonly said: MessageTime;
  readonly correlationId: string | null;
}

/** Stable codes of why a message can never be accepted. */
export const REJECTION_TYPES = [
  'NOT_JSON',
  'NOT_AN_OBJECT',
  'TOO_LARGE',
  'TOO_DEEP',
  'INVALID_NODE_ID',
  'INVALID_TYPE',
  'INVALID_TEXT',
  'INVALID_ENDPOINT',
  'INVALID_PORT',
  'INVALID_FIELD',
  'UNSIGNED',
  'UNKNOWN_KEY',
  'INVALID_SIGNATURE',
  'EXPIRED_SIGNATURE',
  'REFUSED_BY_CONSUL',
  'REFUSED_BY_POSTGRES',
] as const;

export type RejectionType = (typeof REJECTION_TYPES)[number];

export interface Rejection {
  readonly kind: 'rejection';
  readonly errorType: RejectionType;
  /** One sentence: what was wrong and where (path in the message). Never the whole value. */
  readonly reason: string;
  readonly correlationId: string | null;
}

/** A message of another kind on one of our topics: not ours to judge. */
export interface Ignored {
  readonly kind: 'ignored';
  readonly reason: string;
}

export type NodeEvent = Announcement | Goodbye | Heartbeat | Acknowledgement | Rejection | Ignored;
