import { describe, expect, it } from 'vitest';
import { leaseEnd } from '../../../src/registry/leases.ts';
import { T0 } from './fakes/messages.ts';
import { NO_SIGNS, record } from './fakes/node-record.ts';

const DAY = 86_400;
const silent = (leaseSeconds: number | null = null) => record('a', { checkStatus: 'critical', leaseSeconds });

describe('leaseEnd', () => {
  it('should lie NODE_TTL_HOURS after the last sign of life', () => {
    const node = record('a', { checkStatus: 'critical', liveness: { ...NO_SIGNS, lastSeenAt: T0 + 5000 } });
    expect(leaseEnd(node, T0 + 60_000, DAY)).toBe(T0 + 5000 + DAY * 1000);
  });

  it('should follow what the node announced if that is shorter', () => {
    expect(leaseEnd(silent(3600), T0, DAY)).toBe(T0 + 3_600_000);
  });

  it('should not be longer than the gateway allows', () => {
    expect(leaseEnd(silent(10 * DAY), T0, DAY)).toBe(T0 + DAY * 1000);
  });

  it('should move on while the check passes: that is a sign of life at every moment', () => {
    expect(leaseEnd(record('a'), T0 + 7_000_000, 3600)).toBe(T0 + 7_000_000 + 3_600_000);
  });

  it.each(['warning', 'critical', 'none', null] as const)('should not take a check that says %s for a sign of life', (checkStatus) => {
    expect(leaseEnd(record('a', { checkStatus }), T0 + 7_000_000, 3600)).toBe(T0 + 3_600_000);
  });

  it('should not count silence that the gateway could not have heard', () => {
    expect(leaseEnd(silent(), T0 + 7_000_000, 3600, T0 + 6_000_000)).toBe(T0 + 6_000_000 + 3_600_000);
  });
});
