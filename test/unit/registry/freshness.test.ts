import { expect, it } from 'vitest';
import { isStale } from '../../../src/registry/freshness.ts';

it.each([
  ['LIVE', 0, false],
  ['LIVE', 15_000, false],
  ['LIVE', 15_001, true],
  ['SNAPSHOT', 0, true],
] as const)('should judge %s, %d ms old, as stale: %s', (source, age, stale) => {
  expect(isStale({ source, asOf: 1000 }, 1000 + age)).toBe(stale);
});
