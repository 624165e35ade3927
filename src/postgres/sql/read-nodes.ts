import { type SQL, sql } from 'drizzle-orm';
import type { NodeId } from '../../events/node-id.ts';
import type { NodeRecord } from '../../registry/node-record.ts';
import type { LivenessUpdate } from '../../registry/ports.ts';
import type { Connection } from '../database.ts';
import { livenessOfRow, nodeOfRow } from '../record.ts';

const milliseconds = (column: string) => sql.raw(`floor(extract(epoch from ${column}) * 1000)::float8`);

const livenessColumns = sql`
  ${milliseconds('l.last_seen_at')} as last_seen_at,
  ${milliseconds('l.last_heartbeat_at')} as last_heartbeat_at,
  l.reported_health, l.active_operations, l.cpu_percent, l.memory_mb, l.memory_percent, l.uptime_seconds, l.current_state,
  ${milliseconds('l.acknowledged_at')} as acknowledged_at
`;

const selectNodes = sql`
  select
    n.node_id, n.node_type, n.node_name, n.node_version, n.node_role, n.instance, n.announced_service_name, n.service_name,
    n.capabilities, n.capability_names, n.endpoints, n.address, n.port, n.metadata, n.environment, n.network_id, n.deployment_id,
    n.state, n.state_reason, n.health_status, n.consul_service_id, n.check_status, n.check_output, n.content_hash,
    n.epoch::float8 as epoch, n.said_time::float8 as said_time, n.said_payload_time::float8 as said_payload_time,
    n.said_raw_time::float8 as said_raw_time, n.said_ahead_time::float8 as said_ahead_time, ${milliseconds('n.received_at')} as received_at, n.lease_seconds,
    ${milliseconds('n.registered_at')} as registered_at, ${milliseconds('n.updated_at')} as updated_at, n.cursor::float8 as cursor,
    ${livenessColumns}
  from node_registrations n
  left join node_liveness l using (node_id)
`;

async function nodes(connection: Connection, statement: SQL): Promise<NodeRecord[]> {
  const { rows } = await connection.execute(statement);
  return rows.map(nodeOfRow);
}

export function readNodes(connection: Connection, nodeIds: readonly NodeId[]): Promise<NodeRecord[]> {
  return nodes(connection, sql`${selectNodes} where n.node_id in (select jsonb_array_elements_text(${JSON.stringify(nodeIds)}::jsonb))`);
}

/** Every node that was ever in the change log. */
export function readAllNodes(connection: Connection): Promise<NodeRecord[]> {
  return nodes(connection, sql`${selectNodes} where n.cursor > 0`);
}

/**
 * Signs of life written by transactions that the snapshot `mark` could not see; null: none, only the next mark. Comparing transaction
 * ids instead of times misses none, however late a transaction commits.
 */
export async function readLivenessSince(connection: Connection, mark: string | null): Promise<{ updates: LivenessUpdate[]; mark: string }> {
  const { rows } = await connection.execute(sql`select pg_snapshot_xmin(pg_current_snapshot())::text as mark`);
  const next = rows[0]?.['mark'];
  if (typeof next !== 'string') throw new Error('Postgres returned no snapshot');
  if (mark === null) return { updates: [], mark: next };
  const touched = await connection.execute(sql`
    select l.node_id, ${livenessColumns} from node_liveness l where l.touched_by >= ${mark}::text::xid8
  `);
  return { updates: touched.rows.map(livenessOfRow), mark: next };
}
