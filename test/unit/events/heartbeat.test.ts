import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/events/json.ts';
import { KEPT_AT_MICROS, parse } from './message.ts';

const heartbeat = (fields: JsonObject) => parse({ node_id: 'node-1', ...fields }, 'heartbeat');

describe('heartbeat', () => {
  it('should say nothing but that the node lives when it is bare', () => {
    expect(heartbeat({})).toEqual({
      kind: 'heartbeat',
      nodeId: 'node-1',
      type: null,
      reportedHealth: null,
      uptimeSeconds: null,
      activeOperations: null,
      cpuPercent: null,
      memoryMb: null,
      memoryPercent: null,
      said: { epoch: null, time: KEPT_AT_MICROS, payloadTime: KEPT_AT_MICROS },
      correlationId: null,
    });
  });

  it.each(['HEALTHY', 'degraded', 'Unhealthy', 'critical', 'RECOVERING'])('should report %s in lower case', (word) => {
    expect(heartbeat({ health_status: word })).toMatchObject({ reportedHealth: word.toLowerCase() });
    expect(heartbeat({ healthStatus: word })).toMatchObject({ reportedHealth: word.toLowerCase() });
  });

  it.each([null, 'fine', 5, {}])('should report no health for %j', (word) => {
    expect(heartbeat({ health_status: word })).toMatchObject({ kind: 'heartbeat', reportedHealth: null });
  });

  it('should read measurements under both names', () => {
    expect(
      heartbeat({
        node_type: 'EFFECT_GENERIC',
        uptime_seconds: 1.5,
        active_operations: 3,
        resource_usage: { cpu_percent: 150, memory_mb: 2, memory_percent: 3 },
      }),
    ).toMatchObject({ type: 'effect', uptimeSeconds: 1.5, activeOperations: 3, cpuPercent: 150, memoryMb: 2, memoryPercent: 3 });
    expect(
      heartbeat({ uptimeSeconds: 0, activeOperationsCount: 4, cpuUsagePercent: 1, memory_usage_mb: 2, memory_usage_percent: 3 }),
    ).toMatchObject({ uptimeSeconds: 0, activeOperations: 4, cpuPercent: 1, memoryMb: 2, memoryPercent: 3 });
    expect(heartbeat({ active_operations: null, active_operations_count: 4.9 })).toMatchObject({ activeOperations: 4 });
  });

  it.each([-1, 1e16, '5', true, [], null])('should live on with a measurement that is none: %j', (value) => {
    expect(heartbeat({ uptime_seconds: value, active_operations: value, resource_usage: value, cpu_usage_percent: value })).toMatchObject({
      kind: 'heartbeat',
      uptimeSeconds: null,
      activeOperations: null,
      cpuPercent: null,
    });
  });

  it('should carry time, epoch and correlation of its envelope', () => {
    const value = {
      envelope_id: 'e',
      envelope_timestamp: '2026-11-24T10:00:00Z',
      correlation_id: 'c',
      payload: { node_id: 'node-1', epoch: 2 },
    };
    const time = Date.UTC(2026, 10, 24, 10) * 1000;
    expect(parse(value, 'heartbeat')).toMatchObject({ said: { epoch: 2, time, payloadTime: time }, correlationId: 'c' });
  });
});

describe('acknowledgement', () => {
  it('should carry the node, the time and the correlation', () => {
    expect(parse({ node_id: 'node-1', command_id: 'x', correlation_id: 'c' }, 'acknowledgement')).toEqual({
      kind: 'acknowledgement',
      nodeId: 'node-1',
      said: { epoch: null, time: KEPT_AT_MICROS, payloadTime: KEPT_AT_MICROS },
      correlationId: 'c',
    });
  });
});
