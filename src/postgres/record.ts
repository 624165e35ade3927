import { z } from 'zod';
import type { NodeId } from '../events/node-id.ts';
import type { BeforeImage, Change } from '../registry/change.ts';
import {
  checkStatus,
  cursor,
  health,
  json,
  jsonObject,
  nodeId,
  nodeImage,
  number,
  reportedHealth,
  state,
  text,
} from '../registry/node-image.ts';
import type { AcceptedMessage, NodeRecord } from '../registry/node-record.ts';
import type { LivenessUpdate } from '../registry/ports.ts';

const beforeImage: z.ZodType<BeforeImage> = z.object({ type: z.string(), capabilities: z.array(z.string()) });

/** A row as `sql/read-nodes.ts` selects it: times in milliseconds, whole numbers as float8, which is exact to 2^53. */
const nodeRow = z.object({
  node_id: nodeId,
  node_type: z.string(),
  node_name: text,
  node_version: text,
  node_role: text,
  instance: text,
  announced_service_name: text,
  service_name: z.string(),
  capabilities: json,
  capability_names: z.array(z.string()),
  endpoints: z.record(z.string(), z.string()),
  address: text,
  port: number,
  metadata: jsonObject,
  environment: text,
  network_id: text,
  deployment_id: text,
  state,
  state_reason: z.string(),
  health_status: health,
  consul_service_id: text,
  check_status: checkStatus,
  check_output: text,
  content_hash: z.string(),
  epoch: number,
  said_time: z.number(),
  said_payload_time: z.number(),
  said_raw_time: z.number(),
  said_ahead_time: z.number(),
  received_at: z.number(),
  lease_seconds: number,
  registered_at: z.number(),
  updated_at: z.number(),
  cursor,
  last_seen_at: number,
  last_heartbeat_at: number,
  reported_health: reportedHealth,
  active_operations: number,
  cpu_percent: number,
  memory_mb: number,
  memory_percent: number,
  uptime_seconds: number,
  current_state: json,
  acknowledged_at: number,
});

const livenessRow = nodeRow.pick({
  node_id: true,
  last_seen_at: true,
  last_heartbeat_at: true,
  reported_health: true,
  active_operations: true,
  cpu_percent: true,
  memory_mb: true,
  memory_percent: true,
  uptime_seconds: true,
  current_state: true,
  acknowledged_at: true,
});

const renewedRow = livenessRow.extend({
  epoch: number,
  said_time: z.number(),
  said_payload_time: z.number(),
  said_raw_time: z.number(),
  said_ahead_time: z.number(),
  received_at: z.number(),
  lease_seconds: number,
});

const changeRow = z.object({
  cursor,
  change_type: z.enum(['ADDED', 'MODIFIED', 'HEALTH_CHANGED', 'REMOVED']),
  node_id: nodeId,
  node: nodeImage,
  before: beforeImage.nullable(),
  reason: z.string(),
  changed_fields: z.array(z.string()),
  correlation_id: text,
  operator: text,
  occurred_at: z.number(),
  traceparent: text,
});

function livenessOf(row: Omit<z.infer<typeof livenessRow>, 'node_id'>, fallbackSeenAt: number) {
  return {
    lastSeenAt: row.last_seen_at ?? fallbackSeenAt,
    lastHeartbeatAt: row.last_heartbeat_at,
    reportedHealth: row.reported_health,
    activeOperations: row.active_operations,
    cpuPercent: row.cpu_percent,
    memoryMb: row.memory_mb,
    memoryPercent: row.memory_percent,
    uptimeSeconds: row.uptime_seconds,
  };
}

function acceptedOf(row: z.infer<typeof renewedRow>): AcceptedMessage {
  return {
    epoch: row.epoch,
    time: row.said_time,
    payloadTime: row.said_payload_time,
    rawTime: row.said_raw_time,
    aheadTime: row.said_ahead_time,
    receivedAt: row.received_at,
  };
}

/** Throws ZodError for a row that this version does not understand. */
export function nodeOfRow(raw: unknown): NodeRecord {
  const row = nodeRow.parse(raw);
  return {
    nodeId: row.node_id,
    instance: row.instance,
    type: row.node_type,
    name: row.node_name,
    role: row.node_role,
    version: row.node_version,
    announcedServiceName: row.announced_service_name,
    serviceName: row.service_name,
    capabilities: row.capability_names,
    capabilityDetails: row.capabilities,
    endpoints: Object.entries(row.endpoints)
      .map(([name, url]) => ({ name, url }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    address: row.address,
    port: row.port,
    metadata: row.metadata,
    environment: row.environment,
    networkId: row.network_id,
    deploymentId: row.deployment_id,
    state: row.state,
    stateReason: row.state_reason,
    health: row.health_status,
    consulServiceId: row.consul_service_id,
    checkStatus: row.check_status,
    checkOutput: row.check_output,
    currentState: row.current_state,
    contentHash: row.content_hash,
    accepted: acceptedOf(row),
    leaseSeconds: row.lease_seconds,
    liveness: livenessOf(row, row.received_at),
    acknowledgedAt: row.acknowledged_at,
    registeredAt: row.registered_at,
    updatedAt: row.updated_at,
    cursor: row.cursor,
  };
}

/** The node as memory has it, with what the row says of its renewals. Throws ZodError as {@link nodeOfRow}. */
export function renewedOfRow(raw: unknown, standing: ReadonlyMap<NodeId, NodeRecord>): NodeRecord {
  const row = renewedRow.parse(raw);
  const node = standing.get(row.node_id);
  if (node === undefined) throw new Error(`Postgres returned node ${row.node_id}, which nobody asked for`);
  return {
    ...node,
    currentState: row.current_state,
    accepted: acceptedOf(row),
    leaseSeconds: row.lease_seconds,
    liveness: livenessOf(row, row.received_at),
    acknowledgedAt: row.acknowledged_at,
  };
}

/** Throws ZodError for a row that this version does not understand. */
export function livenessOfRow(raw: unknown): LivenessUpdate {
  const row = livenessRow.parse(raw);
  return {
    nodeId: row.node_id,
    liveness: livenessOf(row, 0),
    currentState: row.current_state,
    acknowledgedAt: row.acknowledged_at,
  };
}

/** Throws ZodError for an entry that this version does not understand. */
export function changeOfRow(raw: unknown): Change {
  const row = changeRow.parse(raw);
  return {
    cursor: row.cursor,
    type: row.change_type,
    nodeId: row.node_id,
    node: row.node,
    before: row.before,
    reason: row.reason,
    changedFields: row.changed_fields,
    correlationId: row.correlation_id,
    operator: row.operator,
    occurredAt: row.occurred_at,
    traceparent: row.traceparent ?? undefined,
  };
}
