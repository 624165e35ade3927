import { describe, expect, it } from 'vitest';
import { type CheckRow, observe, sameChecks, settle } from '../../../src/consul/observed-checks.ts';
import { ownerNote } from '../../../src/consul/owner-note.ts';

const row = (serviceId: string, different: Partial<CheckRow> = {}): CheckRow => ({
  node: 'agent',
  checkId: `service:${serviceId}`,
  serviceId,
  status: 'passing',
  output: '',
  notes: ownerNote('ours'),
  ...different,
});
const passing = { status: 'passing', output: '' } as const;

describe('observe', () => {
  it('should count the worst of several checks', () => {
    const rows = [row('a'), row('a', { status: 'critical', output: 'maintenance', notes: '' }), row('a', { status: 'warning' })];
    expect(observe(rows, 'ours')).toEqual(new Map([['a', { status: 'critical', output: 'maintenance' }]]));
  });

  it("should leave out nodes' checks and another registry's services", () => {
    const theirs = row('b', { node: 'other', notes: ownerNote('theirs') });
    const maintenance = row('b', { node: 'other', status: 'critical', notes: '' });
    expect(observe([row(''), theirs, maintenance, row('b')], 'ours')).toEqual(new Map([['b', passing]]));
  });

  it('should cut the output and drop what Postgres refuses', () => {
    const output = observe([row('a', { output: `\u0000${'ü'.repeat(5000)}\ud800` })], 'ours').get('a')?.output ?? '';
    expect(output).toBe('ü'.repeat(512));
    expect(observe([row('a', { output: 'x\ud800' })], 'ours').get('a')?.output).toBe('x\ufffd');
  });
});

describe('sameChecks', () => {
  it('should see a status, an output, a new and a lost service', () => {
    const one = new Map([['a', passing]]);
    expect(sameChecks(one, new Map([['a', { ...passing }]]))).toBe(true);
    expect(sameChecks(one, new Map([['a', { status: 'warning', output: '' } as const]]))).toBe(false);
    expect(sameChecks(one, new Map([['a', { status: 'passing', output: 'x' } as const]]))).toBe(false);
    expect(sameChecks(one, new Map([['b', passing]]))).toBe(false);
    expect(sameChecks(one, new Map())).toBe(false);
  });
});

describe('settle', () => {
  it('should report a lost service at the second look only', () => {
    const before = new Map([['a', passing]]);
    const first = settle(before, new Map(), new Set());
    expect(first).toEqual({ checks: before, missing: new Set(['a']) });
    expect(settle(first.checks, new Map(), first.missing)).toEqual({ checks: new Map(), missing: new Set() });
  });

  it('should not report a service lost that is back at the second look', () => {
    const critical = { status: 'critical', output: '' } as const;
    const first = settle(new Map([['a', passing]]), new Map(), new Set());
    expect(settle(first.checks, new Map([['a', critical]]), first.missing)).toEqual({
      checks: new Map([['a', critical]]),
      missing: new Set(),
    });
  });
});
