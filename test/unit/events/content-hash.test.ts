import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/events/json.ts';
import { announced, announcement, parse } from './message.ts';

const hash = (fields: JsonObject) => announced(fields).contentHash;

describe('content hash', () => {
  const content: JsonObject = {
    node_type: 'effect',
    node_name: 'orders',
    node_role: 'writer',
    node_version: '1.0.0',
    service_name: 'order-service',
    instance_id: 'i-1',
    capabilities: { read: true, geo: { region: 'eu' } },
    endpoints: { api: 'http://a:1', health: 'http://a:1/health' },
    environment: 'prod',
    network_id: 'net',
    deployment_id: 'dep',
    metadata: { owner: 'team', nested: { list: [1, 2], flag: true } },
    configuration: { node_ttl_hours: 2 },
  };

  it.each<[string, JsonObject]>([
    ['node id', { node_id: 'node-2' }],
    ['type', { node_type: 'compute' }],
    ['name', { node_name: 'x' }],
    ['role', { node_role: 'x' }],
    ['version', { node_version: '1.0.1' }],
    ['service name', { service_name: 'x' }],
    ['instance', { instance_id: 'i-2' }],
    ['capability names', { capabilities: { read: true, geo: { region: 'eu' }, write: true } }],
    ['capability settings', { capabilities: { read: true, geo: { region: 'us' } } }],
    ['an endpoint', { endpoints: { api: 'http://a:2', health: 'http://a:1/health' } }],
    ['names of endpoints', { endpoints: { api: 'http://a:1/health', health: 'http://a:1' } }],
    ['environment', { environment: 'test' }],
    ['network', { network_id: 'x' }],
    ['deployment', { deployment_id: 'x' }],
    ['metadata', { metadata: { owner: 'team', nested: { list: [2, 1], flag: true } } }],
    ['kinds of values', { metadata: { owner: 'team', nested: { list: ['1', 2], flag: true } } }],
    ['an unknown field', { custom: 1 }],
    ['the announced lease', { configuration: { node_ttl_hours: 3 } }],
  ])('should change with %s', (_what, change) => {
    expect(hash({ ...content, ...change })).not.toBe(hash(content));
  });

  it('should tell apart fields that only together read the same', () => {
    expect(hash({ node_name: 'ab', node_role: 'c' })).not.toBe(hash({ node_name: 'a', node_role: 'bc' }));
    expect(hash({ node_name: 'null' })).not.toBe(hash({}));
    expect(hash({ metadata: { a: ['b', 'c'] } })).not.toBe(hash({ metadata: { a: ['b","c'] } }));
    expect(hash({ metadata: { a: { b: 1 } } })).not.toBe(hash({ metadata: { a: {}, b: 1 } }));
    expect(hash({ metadata: { a: null } })).not.toBe(hash({ metadata: { a: 'null' } }));
  });

  it('should not change with the order of keys and endpoints', () => {
    const reversed = (object: JsonObject): JsonObject =>
      Object.fromEntries(
        Object.entries(object)
          .reverse()
          .map(([key, value]) => [
            key,
            typeof value === 'object' && value !== null && !Array.isArray(value)
              ? reversed(Object.fromEntries(Object.entries(value)))
              : value,
          ]),
      );
    expect(hash(reversed(content))).toBe(hash(content));
    expect(hash({ endpoints: { a: 'http://a', b: 'http://b' } })).toBe(hash({ endpoints: { b: 'http://b', a: 'http://a' } }));
  });

  it.each<[string, JsonObject]>([
    ['reason', { reason: 'periodic' }],
    ['time', { timestamp: '2026-11-24T10:00:00Z', introspection_timestamp: '2026-11-24T10:00:00Z', emitted_at: '2026-11-24T10:00:00Z' }],
    ['correlation', { correlation_id: 'c' }],
    ['epoch', { epoch: 5 }],
    ['state', { current_state: { a: 1 }, health_status: 'degraded' }],
    ['metrics', { performance_metrics: { cache_hit: true } }],
    ['uptime', { uptime_seconds: 5, uptimeSeconds: 6 }],
    ['usage', { resource_usage: { cpu_percent: 5 }, memory_usage_mb: 5, cpuUsagePercent: 6 }],
    ['counts of work', { active_operations: 5, activeWorkflows: 3, operation_counts: { read: 5 }, requestCount: 7 }],
    ['message ids', { trace_id: 't', request_id: 'r', causationId: 'c', event_id: 'e' }],
    [
      'time of broadcast',
      { metadata: { ...{ owner: 'team', nested: { list: [1, 2], flag: true } }, broadcast_timestamp: 1, broadcast_reason: 'startup' } },
    ],
  ])('should not change with the %s of the moment', (_what, noise) => {
    expect(hash({ ...content, ...noise })).toBe(hash(content));
  });

  it('should not change with what changes inside of capabilities', () => {
    const at = (moment: number): JsonObject => ({
      capabilities: {
        supported_operations: { a: { max: 1, active_runs: moment } },
        fsm_states: { supported_states: ['A'], active_workflows: moment },
        performance: { operations_tracked: moment, nested: { deeper: moment } },
        resource_limits: { cpu_cores_available: 8, current_memory_usage_mb: moment, currentLoad: moment },
      },
    });
    expect(hash(at(1))).toBe(hash(at(2)));
    expect(hash({ capabilities: { resource_limits: { cpu_cores_available: 8 } } })).not.toBe(
      hash({ capabilities: { resource_limits: { cpu_cores_available: 4 } } }),
    );
    expect(hash({ metadata: { current_region: 'eu' } })).not.toBe(hash({ metadata: { current_region: 'us' } }));
  });

  it('should change with the settings of a capability that is named like something of the moment', () => {
    expect(hash({ capabilities: { token_count: { model: 'a' } } })).not.toBe(hash({ capabilities: { token_count: { model: 'b' } } }));
  });

  it('should not depend on the envelope and the spelling', () => {
    const bare = announcement(parse({ node_id: 'node-1', node_type: 'EFFECT', node_name: 'a', timestamp: '2026-11-24T10:00:00Z' }));
    const enveloped = announcement(parse({ envelope_id: 'e', payload: { nodeId: 'node-1', nodeType: 'effect_generic', nodeName: 'a' } }));
    expect(enveloped.contentHash).toBe(bare.contentHash);
  });
});
