import type { NodeId } from '../../events/node-id.ts';
import type { NodeRecord } from '../../registry/node-record.ts';
import type { Question } from '../database.ts';
import { iso } from './iso.ts';

const WRITE_SIGNS = {
  name: 'write_signs',
  text: `
    insert into node_liveness as l (
      node_id, last_seen_at, last_heartbeat_at, reported_health, active_operations, cpu_percent, memory_mb, memory_percent,
      uptime_seconds, current_state
    )
    select
      node_id, last_seen_at, last_heartbeat_at, reported_health, active_operations, cpu_percent, memory_mb, memory_percent, uptime_seconds,
      current_state
    from jsonb_to_recordset($1::jsonb) as row (
      node_id text, last_seen_at timestamptz, last_heartbeat_at timestamptz, reported_health text, active_operations float8,
      cpu_percent float8, memory_mb float8, memory_percent float8, uptime_seconds float8, current_state jsonb
    )
    order by node_id
    on conflict (node_id) do update set
      last_seen_at = greatest(l.last_seen_at, excluded.last_seen_at),
      current_state = excluded.current_state,
      touched_by = pg_current_xact_id()
  `,
} as const;

const noHeartbeatSince = 'l.last_heartbeat_at is not distinct from g.read_heartbeat_at';

const CORRECT_SIGNS = {
  name: 'correct_signs',
  text: `
    update node_liveness l set
      last_heartbeat_at = case when ${noHeartbeatSince} then g.last_heartbeat_at else l.last_heartbeat_at end,
      active_operations = case when ${noHeartbeatSince} then g.active_operations else l.active_operations end,
      cpu_percent = case when ${noHeartbeatSince} then g.cpu_percent else l.cpu_percent end,
      memory_mb = case when ${noHeartbeatSince} then g.memory_mb else l.memory_mb end,
      memory_percent = case when ${noHeartbeatSince} then g.memory_percent else l.memory_percent end,
      uptime_seconds = case when ${noHeartbeatSince} then g.uptime_seconds else l.uptime_seconds end,
      reported_health = case when l.reported_health is not distinct from g.read_health then g.reported_health else l.reported_health end,
      acknowledged_at =
        case when l.acknowledged_at is not distinct from g.read_acknowledged_at then g.acknowledged_at else l.acknowledged_at end
    from jsonb_to_recordset($1::jsonb) as g (
      node_id text, last_heartbeat_at timestamptz, reported_health text, active_operations float8, cpu_percent float8, memory_mb float8,
      memory_percent float8, uptime_seconds float8, acknowledged_at timestamptz, read_heartbeat_at timestamptz, read_health text,
      read_acknowledged_at timestamptz
    )
    where l.node_id = g.node_id
  `,
} as const;

function signsOf({ nodeId, liveness, currentState }: NodeRecord) {
  return {
    node_id: nodeId,
    last_seen_at: iso(liveness.lastSeenAt),
    last_heartbeat_at: iso(liveness.lastHeartbeatAt),
    reported_health: liveness.reportedHealth,
    active_operations: liveness.activeOperations,
    cpu_percent: liveness.cpuPercent,
    memory_mb: liveness.memoryMb,
    memory_percent: liveness.memoryPercent,
    uptime_seconds: liveness.uptimeSeconds,
    current_state: currentState,
  };
}

/**
 * The signs of life of these nodes, in node id order (no deadlock). Heartbeats and acknowledgements take no node lock, so some may have
 * been stored since the nodes were read: only what the nodes say otherwise than `read` is written over them, and only where nothing came
 * between.
 */
export function writeSigns(nodes: readonly NodeRecord[], read: ReadonlyMap<NodeId, NodeRecord>): readonly Question[] {
  const differing = nodes.flatMap((node) => {
    const before = read.get(node.nodeId);
    return before === undefined || hasSameSigns(node, before) ? [] : [{ node, before }];
  });
  const written = { statement: WRITE_SIGNS, values: [JSON.stringify(nodes.map(signsOf))] };
  // A status that an announcement carries, or nothing at all of an earlier registration's signs. The rows are locked by then.
  return differing.length === 0
    ? [written]
    : [written, { statement: CORRECT_SIGNS, values: [JSON.stringify(differing.map(correctionOf))] }];
}

function hasSameSigns(node: NodeRecord, before: NodeRecord): boolean {
  return (
    node.liveness.lastHeartbeatAt === before.liveness.lastHeartbeatAt &&
    node.liveness.reportedHealth === before.liveness.reportedHealth &&
    node.acknowledgedAt === before.acknowledgedAt
  );
}

function correctionOf({ node, before }: { readonly node: NodeRecord; readonly before: NodeRecord }) {
  return {
    ...signsOf(node),
    acknowledged_at: iso(node.acknowledgedAt),
    read_heartbeat_at: iso(before.liveness.lastHeartbeatAt),
    read_health: before.liveness.reportedHealth,
    read_acknowledged_at: iso(before.acknowledgedAt),
  };
}
