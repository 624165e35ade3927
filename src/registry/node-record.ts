import type { MessageTime, NodeContent, ReportedHealth } from '../events/announcement.ts';
import type { Json } from '../events/json.ts';
import type { Cursor } from './cursor.ts';

export type NodeHealth = 'HEALTHY' | 'DEGRADED' | 'UNHEALTHY' | 'UNKNOWN';

export type RegistrationState = 'REGISTERED' | 'EXPIRED' | 'REMOVED';

/** What Consul's check says; `none` where the node has no check, null while nothing is known. */
export type CheckStatus = 'passing' | 'warning' | 'critical' | 'none';

/** The last signs of life. Times are milliseconds since 1970 on the gateway's clock. */
export interface Liveness {
  /** Announcement, heartbeat or passing check, whichever was last. */
  readonly lastSeenAt: number;
  readonly lastHeartbeatAt: number | null;
  readonly reportedHealth: ReportedHealth | null;
  readonly activeOperations: number | null;
  readonly cpuPercent: number | null;
  readonly memoryMb: number | null;
  readonly memoryPercent: number | null;
  readonly uptimeSeconds: number | null;
}

/** The order key of the last message that was accepted of a node. */
export interface AcceptedMessage extends MessageTime {
  /** `time` as the node said it; differs from `time` only where that lay over 5 minutes ahead and counts as time of arrival. */
  readonly rawTime: number;
  /** The highest `rawTime` of this life's messages that lay so far ahead, this one or an earlier; 0: none did. Microseconds. */
  readonly aheadTime: number;
  /** When the gateway took it, milliseconds since 1970. */
  readonly receivedAt: number;
}

/** All that the gateway knows of one node: its row in Postgres joined with its liveness. */
export interface NodeRecord extends NodeContent {
  readonly state: RegistrationState;
  /** Why it stands in that state: startup, capability_change, shutdown, operator, lease_expired, consul_critical, … */
  readonly stateReason: string;
  readonly health: NodeHealth;
  /** The Consul service name. */
  readonly serviceName: string;
  readonly consulServiceId: string | null;
  readonly checkStatus: CheckStatus | null;
  readonly checkOutput: string | null;
  readonly currentState: Json;
  readonly contentHash: string;
  readonly accepted: AcceptedMessage;
  /** What the node announced as its lease; null: the gateway's NODE_TTL_HOURS. */
  readonly leaseSeconds: number | null;
  readonly liveness: Liveness;
  readonly acknowledgedAt: number | null;
  readonly registeredAt: number;
  readonly updatedAt: number;
  /** The node's latest change in the log. 0: it was never in the log (a tombstone of a node that was never registered). */
  readonly cursor: Cursor;
}
