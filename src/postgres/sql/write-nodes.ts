import { sql } from 'drizzle-orm';
import type { NodeId } from '../../events/node-id.ts';
import type { NodeRecord } from '../../registry/node-record.ts';
import type { Connection } from '../database.ts';

const iso = (milliseconds: number | null) => (milliseconds === null ? null : new Date(milliseconds).toISOString());

function rowOf(node: NodeRecord) {
  return {
    node_id: node.nodeId,
    node_type: node.type,
    node_name: node.name,
    node_version: node.version,
    node_role: node.role,
    instance: node.instance,
    announced_service_name: node.announcedServiceName,
    service_name: node.serviceName,
    capabilities: node.capabilityDetails,
    capability_names: node.capabilities,
    endpoints: Object.fromEntries(node.endpoints.map(({ name, url }) => [name, url])),
    address: node.address,
    port: node.port,
    metadata: node.metadata,
    environment: node.environment,
    network_id: node.networkId,
    deployment_id: node.deploymentId,
    state: node.state,
    state_reason: node.stateReason,
    health_status: node.health,
    consul_service_id: node.consulServiceId,
    check_status: node.checkStatus,
    check_output: node.checkOutput,
    content_hash: node.contentHash,
    epoch: node.accepted.epoch,
    said_time: node.accepted.time,
    said_payload_time: node.accepted.payloadTime,
    said_raw_time: node.accepted.rawTime,
    said_ahead_time: node.accepted.aheadTime,
    received_at: iso(node.accepted.receivedAt),
    lease_seconds: node.leaseSeconds,
    last_heartbeat: iso(node.liveness.lastHeartbeatAt),
    registered_at: iso(node.registeredAt),
    updated_at: iso(node.updatedAt),
    cursor: node.cursor,
    last_seen_at: iso(node.liveness.lastSeenAt),
    last_heartbeat_at: iso(node.liveness.lastHeartbeatAt),
    reported_health: node.liveness.reportedHealth,
    active_operations: node.liveness.activeOperations,
    cpu_percent: node.liveness.cpuPercent,
    memory_mb: node.liveness.memoryMb,
    memory_percent: node.liveness.memoryPercent,
    uptime_seconds: node.liveness.uptimeSeconds,
    current_state: node.currentState,
  };
}

/**
 * Inserts or replaces whole rows, under the nodes' locks. One parameter with `jsonb_to_recordset`: 26–40k rows/s against 16–20k for
 * `unnest` or the query builder (measured with 1.5 KB of jsonb, 500 rows).
 */
export async function writeNodes(connection: Connection, nodes: readonly NodeRecord[]): Promise<void> {
  await connection.execute(sql`
    insert into node_registrations as n (
      node_id, node_type, node_name, node_version, node_role, instance, announced_service_name, service_name, capabilities,
      capability_names, endpoints, address, port, metadata, environment, network_id, deployment_id, state, state_reason, health_status,
      consul_service_id, check_status, check_output, content_hash, epoch, said_time, said_payload_time, said_raw_time, said_ahead_time, received_at,
      lease_seconds, last_heartbeat, registered_at, updated_at, cursor
    )
    select
      node_id, node_type, node_name, node_version, node_role, instance, announced_service_name, service_name,
      coalesce(capabilities, 'null'::jsonb), capability_names, endpoints, address, port, metadata, environment, network_id, deployment_id,
      state, state_reason, health_status, consul_service_id, check_status, check_output, content_hash, epoch, said_time,
      said_payload_time, said_raw_time, said_ahead_time, received_at, lease_seconds, last_heartbeat, registered_at, updated_at, cursor
    from jsonb_to_recordset(${JSON.stringify(nodes.map(rowOf))}::jsonb) as row (
      node_id text, node_type text, node_name text, node_version text, node_role text, instance text, announced_service_name text,
      service_name text, capabilities jsonb, capability_names text[], endpoints jsonb, address text, port integer, metadata jsonb,
      environment text, network_id text, deployment_id text, state text, state_reason text, health_status text, consul_service_id text,
      check_status text, check_output text, content_hash text, epoch bigint, said_time bigint, said_payload_time bigint,
      said_raw_time bigint, said_ahead_time bigint, received_at timestamptz, lease_seconds float8, last_heartbeat timestamptz, registered_at timestamptz,
      updated_at timestamptz, cursor bigint
    )
    on conflict (node_id) do update set
      node_type = excluded.node_type, node_name = excluded.node_name, node_version = excluded.node_version,
      node_role = excluded.node_role, instance = excluded.instance, announced_service_name = excluded.announced_service_name,
      service_name = excluded.service_name, capabilities = excluded.capabilities, capability_names = excluded.capability_names,
      endpoints = excluded.endpoints, address = excluded.address, port = excluded.port, metadata = excluded.metadata,
      environment = excluded.environment, network_id = excluded.network_id, deployment_id = excluded.deployment_id,
      state = excluded.state, state_reason = excluded.state_reason, health_status = excluded.health_status,
      consul_service_id = excluded.consul_service_id, check_status = excluded.check_status, check_output = excluded.check_output,
      content_hash = excluded.content_hash, epoch = excluded.epoch, said_time = excluded.said_time,
      said_payload_time = excluded.said_payload_time, said_raw_time = excluded.said_raw_time,
      said_ahead_time = excluded.said_ahead_time, received_at = excluded.received_at,
      lease_seconds = excluded.lease_seconds, last_heartbeat = case
        -- Of an earlier registration.
        when n.registered_at < excluded.registered_at then excluded.last_heartbeat
        else greatest(excluded.last_heartbeat, n.last_heartbeat)
      end,
      registered_at = excluded.registered_at, updated_at = excluded.updated_at, cursor = excluded.cursor
  `);
}

/**
 * The signs of life of these rows, in node id order (no deadlock). Heartbeats and acknowledgements take no node lock, so some may have been
 * stored since the rows were read: only what the rows say otherwise than `read` is written over them, and only where nothing came between.
 */
export async function writeNodesLiveness(
  connection: Connection,
  nodes: readonly NodeRecord[],
  read: ReadonlyMap<NodeId, NodeRecord>,
): Promise<void> {
  await connection.execute(sql`
    insert into node_liveness as l (
      node_id, last_seen_at, last_heartbeat_at, reported_health, active_operations, cpu_percent, memory_mb, memory_percent,
      uptime_seconds, current_state
    )
    select
      node_id, last_seen_at, last_heartbeat_at, reported_health, active_operations, cpu_percent, memory_mb, memory_percent, uptime_seconds,
      current_state
    from jsonb_to_recordset(${JSON.stringify(nodes.map(rowOf))}::jsonb) as row (
      node_id text, last_seen_at timestamptz, last_heartbeat_at timestamptz, reported_health text, active_operations float8,
      cpu_percent float8, memory_mb float8, memory_percent float8, uptime_seconds float8, current_state jsonb
    )
    order by node_id
    on conflict (node_id) do update set
      last_seen_at = greatest(l.last_seen_at, excluded.last_seen_at),
      current_state = excluded.current_state,
      touched_by = pg_current_xact_id()
  `);
  const differing = nodes.flatMap((node) => {
    const before = read.get(node.nodeId);
    return before === undefined || hasSameSigns(node, before) ? [] : [{ node, before }];
  });
  if (differing.length > 0) await writeSigns(connection, differing);
}

function hasSameSigns(node: NodeRecord, before: NodeRecord): boolean {
  return (
    node.liveness.lastHeartbeatAt === before.liveness.lastHeartbeatAt &&
    node.liveness.reportedHealth === before.liveness.reportedHealth &&
    node.acknowledgedAt === before.acknowledgedAt
  );
}

/** A status that an announcement carries, or nothing at all of an earlier registration's signs. The rows are locked already. */
async function writeSigns(
  connection: Connection,
  differing: readonly { readonly node: NodeRecord; readonly before: NodeRecord }[],
): Promise<void> {
  const rows = differing.map(({ node, before }) => ({
    ...rowOf(node),
    acknowledged_at: iso(node.acknowledgedAt),
    read_heartbeat_at: iso(before.liveness.lastHeartbeatAt),
    read_health: before.liveness.reportedHealth,
    read_acknowledged_at: iso(before.acknowledgedAt),
  }));
  const noHeartbeatSince = sql.raw('l.last_heartbeat_at is not distinct from g.read_heartbeat_at');
  await connection.execute(sql`
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
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as g (
      node_id text, last_heartbeat_at timestamptz, reported_health text, active_operations float8, cpu_percent float8, memory_mb float8,
      memory_percent float8, uptime_seconds float8, acknowledged_at timestamptz, read_heartbeat_at timestamptz, read_health text, read_acknowledged_at timestamptz
    )
    where l.node_id = g.node_id
  `);
}
