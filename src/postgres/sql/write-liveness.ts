import type { Acknowledgement, Heartbeat } from '../../events/announcement.ts';
import type { NodeId } from '../../events/node-id.ts';
import type { Connection, Question } from '../database.ts';

const WRITE_HEARTBEATS = {
  name: 'write_heartbeats',
  text: `
    insert into node_liveness (
      node_id, last_seen_at, last_heartbeat_at, reported_health, active_operations, cpu_percent, memory_mb, memory_percent,
      uptime_seconds
    )
    select
      row.node_id, $2::timestamptz, $2::timestamptz, row.reported_health, row.active_operations, row.cpu_percent, row.memory_mb,
      row.memory_percent, row.uptime_seconds
    from jsonb_to_recordset($1::jsonb) as row (
      node_id text, reported_health text, active_operations float8, cpu_percent float8, memory_mb float8,
      memory_percent float8, uptime_seconds float8
    )
    join node_registrations n on n.node_id = row.node_id
    order by row.node_id
    on conflict (node_id) do update set
      last_seen_at = greatest(node_liveness.last_seen_at, excluded.last_seen_at),
      last_heartbeat_at = greatest(node_liveness.last_heartbeat_at, excluded.last_heartbeat_at),
      reported_health = coalesce(excluded.reported_health, node_liveness.reported_health),
      active_operations = excluded.active_operations,
      cpu_percent = excluded.cpu_percent,
      memory_mb = excluded.memory_mb,
      memory_percent = excluded.memory_percent,
      uptime_seconds = excluded.uptime_seconds,
      touched_by = pg_current_xact_id()
  `,
} as const;

const COPY_HEARTBEATS = {
  name: 'copy_heartbeats',
  text: `
    with free as (
      select node_id from node_registrations
      where node_id = any($1::text[])
      order by node_id
      for update skip locked
    )
    update node_registrations n
    set last_heartbeat = l.last_heartbeat_at
    from free join node_liveness l using (node_id)
    where n.node_id = free.node_id
  `,
} as const;

const WRITE_ACKNOWLEDGEMENTS = {
  name: 'write_acknowledgements',
  text: `
    insert into node_liveness (node_id, last_seen_at, acknowledged_at)
    select n.node_id, $2::timestamptz, $2::timestamptz
    from node_registrations n
    where n.node_id = any($1::text[])
    order by n.node_id
    on conflict (node_id) do update set
      last_seen_at = greatest(node_liveness.last_seen_at, excluded.last_seen_at),
      acknowledged_at = excluded.acknowledged_at,
      touched_by = pg_current_xact_id()
  `,
} as const;

/**
 * Heartbeats of known nodes, one per node, in one statement and in node id order (no deadlock). One without a status means alive and
 * nothing more: what the node said of its health before stays.
 */
export function writeHeartbeats(heartbeats: readonly Heartbeat[], receivedAt: number): Question {
  const rows = heartbeats.map((heartbeat) => ({
    node_id: heartbeat.nodeId,
    reported_health: heartbeat.reportedHealth,
    active_operations: heartbeat.activeOperations,
    cpu_percent: heartbeat.cpuPercent,
    memory_mb: heartbeat.memoryMb,
    memory_percent: heartbeat.memoryPercent,
    uptime_seconds: heartbeat.uptimeSeconds,
  }));
  return { statement: WRITE_HEARTBEATS, values: [JSON.stringify(rows), new Date(receivedAt).toISOString()] };
}

/** The copy for readers of node_registrations. Rows that a saga holds are skipped: the next heartbeat brings them, and nobody waits. */
export async function copyHeartbeats(connection: Connection, nodeIds: readonly NodeId[]): Promise<void> {
  await connection.ask(COPY_HEARTBEATS, [nodeIds]);
}

export function writeAcknowledgements(acknowledgements: readonly Acknowledgement[], receivedAt: number): Question {
  const nodeIds = [...new Set(acknowledgements.map(({ nodeId }) => nodeId))];
  return { statement: WRITE_ACKNOWLEDGEMENTS, values: [nodeIds, new Date(receivedAt).toISOString()] };
}
