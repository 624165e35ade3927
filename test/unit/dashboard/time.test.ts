import { expect, test } from 'vitest';
import { reasonInWords } from '../../../src/dashboard/fleet/change.ts';
import { lost, patience, waiting } from '../../../src/dashboard/gateway/link.ts';
import { inOneUnit, relative } from '../../../src/dashboard/parts/time.ts';

test('a length of time has one unit', () => {
  expect([0, 59_999, 60_000, 3_600_000, 47 * 3_600_000, 48 * 3_600_000].map(inOneUnit)).toEqual([
    '0 s',
    '59 s',
    '1 min',
    '1 h',
    '47 h',
    '2 d',
  ]);
});

test('a moment is now, was, or will be', () => {
  expect([relative(100_000, 101_000), relative(100_000, 108_000), relative(100_000, 40_000)]).toEqual(['now', '8 s ago', 'in 1 min']);
  // The clock of the gateway is a little ahead.
  expect(relative(100_000, 99_000)).toBe('now');
});

test('a connection is lost since its first break, however often it is tried', () => {
  const first = lost({ state: 'live', since: 0 }, 100, 'gone');
  const second = waiting(waiting(first, 200, 500), 900, 500);
  expect(lost(second, 1000)).toEqual({ state: 'lost', since: 100, retryAt: 1400, tries: 2, why: 'gone' });
});

test('waits longer each time, up to some five seconds', () => {
  const middle = (tries: number) => patience(tries, () => 0.5);
  expect([0, 1, 2, 3, 4, 10].map(middle)).toEqual([400, 800, 1600, 3200, 5000, 5000]);
});

test('reasons are words, and those of a node its own', () => {
  expect(reasonInWords('lease_expired')).toBe('lease ran out without a sign of life');
  expect(reasonInWords('moved_to_rack_4')).toBe('moved to rack 4');
  expect(reasonInWords(null)).toBe('');
});
