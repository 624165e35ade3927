import { expect, it } from 'vitest';
import { Allowance } from '../../../src/registry/allowance.ts';

it('should allow so much a minute, a sixth of it at once, and say when there is more', () => {
  let now = 0;
  const allowance = new Allowance({ monotonic: () => now, perMinute: 60 });
  let taken = 0;
  for (; now < 120_000; now += 100) if (allowance.take('a') === 0) taken += 1;
  expect(taken).toBeGreaterThanOrEqual(129);
  expect(taken).toBeLessThanOrEqual(130);
  const wait = allowance.take('a');
  expect(wait).toBeGreaterThan(0);
  now += wait;
  expect(allowance.take('a')).toBe(0);
});

it('should allow at least one', () => {
  let now = 0;
  const allowance = new Allowance({ monotonic: () => now, perMinute: 1 });
  expect(allowance.take('a')).toBe(0);
  expect(allowance.take('a')).toBe(60_000);
  now = 60_000;
  expect(allowance.take('a')).toBe(0);
});

it('should count each key apart, and remember only so many, those that were used last', () => {
  const allowance = new Allowance({ monotonic: () => 0, perMinute: 1, maxKeys: 2 });
  for (const key of ['a', 'b']) expect(allowance.take(key)).toBe(0);
  expect(allowance.take('a'), 'used again').toBeGreaterThan(0);
  expect(allowance.take('c')).toBe(0);
  expect(allowance.take('a')).toBeGreaterThan(0);
  expect(allowance.take('b'), 'forgotten').toBe(0);
});
