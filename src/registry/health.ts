import type { ReportedHealth } from '../events/announcement.ts';
import type { NodeHealth, NodeRecord } from './node-record.ts';

/** From best to worst. UNKNOWN is no grade: it is the absence of any signal. */
const GRADES = ['HEALTHY', 'DEGRADED', 'UNHEALTHY'] as const;

const REPORTED: Readonly<Record<ReportedHealth, (typeof GRADES)[number]>> = {
  healthy: 'HEALTHY',
  degraded: 'DEGRADED',
  recovering: 'DEGRADED',
  unhealthy: 'UNHEALTHY',
  critical: 'UNHEALTHY',
};

const CHECKED = { passing: 'HEALTHY', warning: 'DEGRADED', critical: 'UNHEALTHY' } as const;

/** How the gateway hears. Milliseconds. */
export interface Hearing {
  readonly now: number;
  /** Silence before this does not count: the gateway could not have heard. */
  readonly since: number;
  /** HEARTBEAT_TIMEOUT_SECONDS. */
  readonly timeout: number;
}

type Signals = Pick<NodeRecord, 'checkStatus' | 'liveness' | 'accepted'>;

/** Whether a node that used to give signs of life has stopped. */
export function isSilent(node: Signals, hearing: Hearing): boolean {
  const { lastHeartbeatAt, reportedHealth } = node.liveness;
  const hasCheck = node.checkStatus !== null && node.checkStatus !== 'none';
  // A node with a check that never sent a heartbeat counts as fresh; one without a check lives by what it says.
  if (lastHeartbeatAt === null && (hasCheck || reportedHealth === null)) return false;
  const lastSignal = Math.max(lastHeartbeatAt ?? 0, node.accepted.receivedAt, hearing.since);
  return hearing.now - lastSignal > hearing.timeout;
}

/** Consul's check (pull) and the node's own word (push), the worse of the two; see "Health" in docs/lifecycle.md. */
export function healthOf(node: Signals, hearing: Hearing): NodeHealth {
  const { checkStatus, liveness } = node;
  const checked = checkStatus === null || checkStatus === 'none' ? null : CHECKED[checkStatus];
  // A heartbeat without a status means alive, and nothing more.
  const said = liveness.reportedHealth !== null ? REPORTED[liveness.reportedHealth] : liveness.lastHeartbeatAt !== null ? 'HEALTHY' : null;
  const heard = worst(checked, said);
  // Silence takes back nothing that was said before it.
  return isSilent(node, hearing) ? worst(heard, checkStatus === 'passing' ? 'DEGRADED' : 'UNHEALTHY') : (heard ?? 'UNKNOWN');
}

type Grade = (typeof GRADES)[number];

function worst(a: Grade | null, b: Grade): Grade;
function worst(a: Grade | null, b: Grade | null): Grade | null;
function worst(a: Grade | null, b: Grade | null): Grade | null {
  if (a === null || b === null) return a ?? b;
  return GRADES.indexOf(a) > GRADES.indexOf(b) ? a : b;
}
