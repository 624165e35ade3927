import type { NodeId } from '../../events/node-id.ts';
import type { NodeRecord } from '../../registry/node-record.ts';
import type { LivenessUpdate } from '../../registry/ports.ts';
import type { Connection } from '../database.ts';
import { livenessOfRow, nodeOfRow, renewedOfRow } from '../record.ts';

const milliseconds = (column: string) => `floor(extract(epoch from ${column}) * 1000)::float8`;

const livenessColumns = `
  ${milliseconds('l.last_seen_at')} as last_seen_at,
  ${milliseconds('l.last_heartbeat_at')} as last_heartbeat_at,
  l.reported_health, l.active_operations, l.cpu_percent, l.memory_mb, l.memory_percent, l.uptime_seconds, l.current_state,
  ${milliseconds('l.acknowledged_at')} as acknowledged_at
`;

/** What announcements with the same content renew. */
const renewedColumns = `
  n.node_id, n.epoch::float8 as epoch, n.said_time::float8 as said_time, n.said_payload_time::float8 as said_payload_time,
  n.said_raw_time::float8 as said_raw_time, n.said_ahead_time::float8 as said_ahead_time, ${milliseconds('n.received_at')} as received_at,
  n.lease_seconds, ${livenessColumns}
`;

const allColumns = `
  n.node_type, n.node_name, n.node_version, n.node_role, n.instance, n.announced_service_name, n.service_name, n.capabilities,
  n.capability_names, n.endpoints, n.address, n.port, n.metadata, n.environment, n.network_id, n.deployment_id, n.state, n.state_reason,
  n.health_status, n.consul_service_id, n.check_status, n.check_output, n.content_hash,
  ${milliseconds('n.registered_at')} as registered_at, ${milliseconds('n.updated_at')} as updated_at, n.cursor::float8 as cursor,
  ${renewedColumns}
`;

const READ_NODES = {
  name: 'read_nodes',
  text: `
    select ${allColumns}
    from node_registrations n left join node_liveness l using (node_id)
    where n.node_id = any($1::text[])
  `,
} as const;

const known = `
  jsonb_to_recordset($1::jsonb) as known (node_id text, cursor bigint, content_hash text, updated_at float8)
  join node_registrations n using (node_id)
  left join node_liveness l using (node_id)
`;
const isKnown = `(n.cursor, n.content_hash, ${milliseconds('n.updated_at')}) = (known.cursor, known.content_hash, known.updated_at)`;

const READ_RENEWED = { name: 'read_renewed', text: `select ${renewedColumns} from ${known} where ${isKnown}` } as const;
const READ_CHANGED = { name: 'read_changed', text: `select ${allColumns} from ${known} where not ${isKnown}` } as const;

/** Of all nodes at a time: a row is some fifty values, and what was read of it is thrown away. */
const PAGE = 2000;

const READ_PAGE = {
  name: 'read_page_of_nodes',
  text: `
    select ${allColumns}
    from node_registrations n left join node_liveness l using (node_id)
    where n.cursor > 0 and n.node_id > $1
    order by n.node_id
    limit ${PAGE}
  `,
} as const;

const READ_MARK = { name: 'read_mark', text: 'select pg_snapshot_xmin(pg_current_snapshot())::text as mark' } as const;

const READ_LIVENESS_SINCE = {
  name: 'read_liveness_since',
  text: `select l.node_id, ${livenessColumns} from node_liveness l where l.touched_by >= $1::text::xid8`,
} as const;

/**
 * The nodes of these ids. Of those that stand in Postgres as `inMemory` has them (the same place in the log) only what is renewed without
 * an entry in the log is read: a row is some fifty columns. Asks everything before it first waits.
 */
export async function readNodes(
  connection: Connection,
  nodeIds: readonly NodeId[],
  inMemory: (nodeId: NodeId) => NodeRecord | undefined,
): Promise<NodeRecord[]> {
  const standing = new Map<NodeId, NodeRecord>();
  const others: NodeId[] = [];
  for (const nodeId of nodeIds) {
    const node = inMemory(nodeId);
    if (node === undefined || node.cursor === 0) others.push(nodeId);
    else standing.set(nodeId, node);
  }
  const marks = JSON.stringify(
    [...standing.values()].map(({ nodeId, cursor, contentHash, updatedAt }) => ({
      node_id: nodeId,
      cursor,
      content_hash: contentHash,
      updated_at: updatedAt,
    })),
  );
  const [renewed, changed, read] = await Promise.all([
    standing.size === 0 ? [] : connection.ask(READ_RENEWED, [marks]),
    standing.size === 0 ? [] : connection.ask(READ_CHANGED, [marks]),
    others.length === 0 ? [] : connection.ask(READ_NODES, [others]),
  ]);
  return [...renewed.map((row) => renewedOfRow(row, standing)), ...changed.map(nodeOfRow), ...read.map(nodeOfRow)];
}

/** Every node that was ever in the change log, a page after the other: in a transaction that sees one state. `keep` says what is kept of each. */
export async function readAllNodes(connection: Connection, keep: (node: NodeRecord) => NodeRecord): Promise<NodeRecord[]> {
  const nodes: NodeRecord[] = [];
  for (;;) {
    const rows = await connection.ask(READ_PAGE, [nodes.at(-1)?.nodeId ?? '']);
    for (const row of rows) nodes.push(keep(nodeOfRow(row)));
    if (rows.length < PAGE) return nodes;
  }
}

/**
 * Signs of life written by transactions that the snapshot `mark` could not see; null: none, only the next mark. Comparing transaction
 * ids instead of times misses none, however late a transaction commits.
 */
export async function readLivenessSince(connection: Connection, mark: string | null): Promise<{ updates: LivenessUpdate[]; mark: string }> {
  const [row] = await connection.ask(READ_MARK, []);
  const next = row?.['mark'];
  if (typeof next !== 'string') throw new Error('Postgres returned no snapshot');
  if (mark === null) return { updates: [], mark: next };
  const touched = await connection.ask(READ_LIVENESS_SINCE, [mark]);
  return { updates: touched.map(livenessOfRow), mark: next };
}
