import { expect, it } from 'vitest';
import { TokenBuckets } from '../../src/token-buckets.ts';

function setUp(rate: number, burst: number) {
  const clock = { now: 5 };
  return { clock, buckets: new TokenBuckets({ rate, burst, now: () => clock.now }) };
}

it('should let a burst through, then the rate, and say how long to wait', () => {
  const { clock, buckets } = setUp(10, 3);
  expect([1, 2, 3, 4].map(() => buckets.take('a'))).toEqual([0, 0, 0, 100]);
  clock.now += 99;
  expect(buckets.take('a')).toBe(1);
  clock.now += 1;
  expect(buckets.take('a')).toBe(0);
  expect(buckets.take('a')).toBe(100);
});

it('should not let a refused try cost anything', () => {
  const { clock, buckets } = setUp(10, 1);
  buckets.take('a');
  for (let index = 0; index < 50; index++) buckets.take('a');
  clock.now += 100;
  expect(buckets.take('a')).toBe(0);
});

it('should keep the keys apart', () => {
  const { buckets } = setUp(1, 1);
  expect([buckets.take('a'), buckets.take('b'), buckets.take('a')]).toEqual([0, 0, 1000]);
});

it('should find room for little where there is none for much', () => {
  const { buckets } = setUp(1000, 100);
  buckets.take('a', 95);
  expect(buckets.take('a', 50)).toBe(45);
  expect(buckets.take('a', 5)).toBe(0);
});

it('should know no limit at rate 0', () => {
  const { buckets } = setUp(0, 1);
  for (let index = 0; index < 1000; index++) expect(buckets.take('a', 1000)).toBe(0);
});

it('should forget buckets that are full again', () => {
  const { clock, buckets } = setUp(10, 1);
  for (let index = 0; index < 10_001; index++) buckets.take(`address ${index}`);
  expect(buckets.size).toBe(10_001);
  clock.now += 100;
  for (let index = 0; index < 10_002; index++) buckets.take(`another ${index}`);
  expect(buckets.size).toBeLessThan(10_003);
});
