import { describe, expect, it } from 'vitest';
import type { ReportedHealth } from '../../../src/events/announcement.ts';
import { healthOf, isSilent } from '../../../src/registry/health.ts';
import type { CheckStatus, NodeHealth } from '../../../src/registry/node-record.ts';

const NOW = 1_000_000;
const TIMEOUT = 90_000;

function node(checkStatus: CheckStatus | null, reportedHealth: ReportedHealth | null, lastHeartbeatAt: number | null, receivedAt = 0) {
  const liveness = {
    lastSeenAt: 0,
    lastHeartbeatAt,
    reportedHealth,
    activeOperations: null,
    cpuPercent: null,
    memoryMb: null,
    memoryPercent: null,
    uptimeSeconds: null,
  };
  return { checkStatus, liveness, accepted: { epoch: null, time: 0, payloadTime: 0, rawTime: 0, aheadTime: 0, receivedAt } };
}

describe('healthOf', () => {
  const fresh = NOW - 1000;
  const stale = NOW - TIMEOUT - 1;
  it.each<[CheckStatus | null, ReportedHealth | null, number | null, NodeHealth]>([
    ['passing', null, null, 'HEALTHY'],
    ['passing', null, fresh, 'HEALTHY'],
    ['passing', 'healthy', fresh, 'HEALTHY'],
    ['passing', 'degraded', fresh, 'DEGRADED'],
    ['passing', 'recovering', fresh, 'DEGRADED'],
    ['passing', 'unhealthy', fresh, 'UNHEALTHY'],
    ['passing', 'critical', fresh, 'UNHEALTHY'],
    ['warning', 'healthy', fresh, 'DEGRADED'],
    ['warning', 'critical', fresh, 'UNHEALTHY'],
    ['critical', 'healthy', fresh, 'UNHEALTHY'],
    ['critical', null, null, 'UNHEALTHY'],
    ['none', null, null, 'UNKNOWN'],
    [null, null, null, 'UNKNOWN'],
    ['none', null, fresh, 'HEALTHY'],
    ['none', 'degraded', fresh, 'DEGRADED'],
    ['passing', null, stale, 'DEGRADED'],
    ['passing', 'healthy', stale, 'DEGRADED'],
    ['passing', 'critical', stale, 'UNHEALTHY'],
    ['warning', null, stale, 'UNHEALTHY'],
    ['none', 'healthy', stale, 'UNHEALTHY'],
    ['critical', null, stale, 'UNHEALTHY'],
  ])('should combine check %s, heartbeat %s at %s to %s', (check, reported, heartbeatAt, health) => {
    expect(healthOf(node(check, reported, heartbeatAt), { now: NOW, since: 0, timeout: TIMEOUT })).toBe(health);
  });
});

describe('isSilent', () => {
  it('should not count silence that the gateway could not have heard', () => {
    const silent = node('passing', null, NOW - 2 * TIMEOUT);
    expect(isSilent(silent, { now: NOW, since: 0, timeout: TIMEOUT })).toBe(true);
    expect(isSilent(silent, { now: NOW, since: NOW - 1000, timeout: TIMEOUT })).toBe(false);
  });

  it('should take an announcement for a sign of life', () => {
    expect(isSilent(node('passing', null, 1, NOW - 1000), { now: NOW, since: 0, timeout: TIMEOUT })).toBe(false);
  });

  it('should let a node live by its announcement where it has neither check nor heartbeat', () => {
    expect(isSilent(node('none', 'healthy', null, NOW - 1000), { now: NOW, since: 0, timeout: TIMEOUT })).toBe(false);
    expect(isSilent(node('none', 'healthy', null, 0), { now: NOW, since: 0, timeout: TIMEOUT })).toBe(true);
    expect(isSilent(node('passing', 'healthy', null, 0), { now: NOW, since: 0, timeout: TIMEOUT })).toBe(false);
  });
});
