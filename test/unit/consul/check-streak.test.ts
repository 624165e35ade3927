import { describe, expect, it } from 'vitest';
import { after, NO_STREAK, verdict } from '../../../src/consul/check-streak.ts';
import type { ProbedStatus } from '../../../src/registry/ports.ts';

const THRESHOLDS = { successBeforePassing: 2, failuresBeforeCritical: 3 };

/** What is said after each probe: `.` nothing. */
function verdicts(found: string, thresholds = THRESHOLDS): string {
  const statuses: Readonly<Record<string, ProbedStatus>> = { p: 'passing', w: 'warning', c: 'critical' };
  let streak = NO_STREAK;
  return [...found]
    .map((letter) => {
      const status = statuses[letter] ?? 'critical';
      streak = after(streak, status);
      return verdict(streak, status, thresholds)?.[0] ?? '.';
    })
    .join('');
}

describe('verdict', () => {
  it('should say critical after so many failures in a row, and passing after so many successes', () => {
    expect(verdicts('cccc')).toBe('..cc');
    expect(verdicts('ppp')).toBe('.pp');
    expect(verdicts('cccpp')).toBe('..c.p');
  });

  it('should begin anew when one of the other kind comes between', () => {
    expect(verdicts('ccpccpccc')).toBe('........c');
    expect(verdicts('pcpcpp')).toBe('.....p');
  });

  it('should count a warning as a success, as Consul does', () => {
    expect(verdicts('pwp')).toBe('.wp');
    expect(verdicts('ccwcc')).toBe('.....');
  });

  it('should say everything at once where no threshold is set', () => {
    for (const threshold of [0, 1]) {
      expect(verdicts('cpwc', { successBeforePassing: threshold, failuresBeforeCritical: threshold })).toBe('cpwc');
    }
  });
});
