import { randomUUID } from 'node:crypto';
import { z } from 'zod';

/** Nodes that are like each other, as many as wanted. */
export const fleet = z.object({
  /** Begins their ids, capabilities and service names: two fleets in one registry do not meet. */
  prefix: z.string(),
  /** So many nodes have one capability, and are one service. */
  instances: z.number(),
  /** Where their health is asked for, without the node id; null: they have no endpoint, and so no check. */
  healthUrl: z.string().nullable(),
});
export type Fleet = z.infer<typeof fleet>;

export function nodeId({ prefix }: Fleet, index: number): string {
  return `${prefix}-${String(index).padStart(6, '0')}`;
}

export function capabilityOf({ prefix, instances }: Fleet, index: number): string {
  return `${prefix}-capability-${Math.floor(index / instances)}`;
}

export function serviceNameOf({ prefix, instances }: Fleet, index: number): string {
  return `${prefix}-service-${Math.floor(index / instances)}`;
}

/** A Kafka message of 1.5 KB in the platform's envelope, as nodes of the ecosystem send it; only times and ids differ from one to the next. Of another edition its content has changed. */
export function announcement(of: Fleet, index: number, { reason = 'startup', at = Date.now(), edition = 0 } = {}) {
  const id = nodeId(of, index);
  const timestamp = new Date(at).toISOString();
  const correlation = randomUUID();
  const payload = {
    node_id: id,
    node_name: `node_${id}`,
    node_type: 'effect',
    node_version: { major: 1, minor: 2, patch: 3, prerelease: null, build: null },
    service_name: serviceNameOf(of, index),
    declared_capabilities: { [capabilityOf(of, index)]: true, postgres: false, read: true, write: false, batch_size: null, config: {} },
    discovered_capabilities: {
      operations: ['execute_query', 'describe'],
      has_fsm: false,
      method_signatures: {
        execute_query: '(sql: str) -> list',
        describe: "(name: 'str | None' = None) -> dict",
        publish_introspection: "(reason: 'str' = 'startup', correlation_id: 'UUID | None' = None) -> 'bool'",
      },
      attributes: {},
    },
    contract_capabilities: null,
    endpoints: of.healthUrl === null ? {} : { health: `${of.healthUrl}/${id}`, api: `${of.healthUrl}/${id}` },
    current_state: null,
    reason,
    correlation_id: correlation,
    timestamp,
    metadata: { region: 'eu-central-1', cluster: 'blue', description: 'Executes queries on the database of orders', edition },
    performance_metrics: { total_introspection_ms: Math.random(), cache_hit: false, method_count: 4, captured_at: timestamp },
  };
  return {
    key: id,
    value: JSON.stringify({
      payload,
      envelope_id: randomUUID(),
      envelope_timestamp: timestamp,
      correlation_id: correlation,
      metadata: { trace_id: null, span_id: null, headers: {}, tags: {} },
      priority: 5,
      retry_count: 0,
      envelope_version: { major: 2, minor: 3, patch: 0, prerelease: null, build: null },
    }),
  };
}

export function heartbeat(of: Fleet, index: number, at = Date.now()) {
  const id = nodeId(of, index);
  const timestamp = new Date(at).toISOString();
  const payload = {
    node_id: id,
    node_type: 'effect',
    uptime_seconds: 3.01,
    active_operations_count: 0,
    memory_usage_mb: 120.5,
    cpu_usage_percent: 1.5,
    timestamp,
    correlation_id: randomUUID(),
  };
  return { key: id, value: JSON.stringify({ payload, envelope_id: randomUUID(), envelope_timestamp: timestamp }) };
}
