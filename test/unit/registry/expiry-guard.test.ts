import { expect, it } from 'vitest';
import { ExpiryGuard } from '../../../src/registry/expiry-guard.ts';

function pass(registered: number): ExpiryGuard {
  const guard = new ExpiryGuard();
  guard.startPass(registered);
  return guard;
}

it.each([
  [100, 15],
  [10_000, 1500],
  [13, 1],
  [14, 2],
  [1, 1],
  [0, 1],
])('should let at most 15 %% of %d nodes expire, but always one', (registered, allowed) => {
  expect(pass(registered).take(registered + 1)).toBe(allowed);
});

it('should share one allowance among all expiries of a pass', () => {
  const guard = pass(100);
  expect([guard.take(10), guard.take(10), guard.take(10)]).toEqual([10, 5, 0]);
});

it('should let nothing expire before the first pass', () => {
  expect(new ExpiryGuard().take(5)).toBe(0);
});

it('should let a whole fleet expire over passes: it never freezes for good', () => {
  const guard = new ExpiryGuard();
  let registered = 50;
  let passes = 0;
  while (registered > 0 && passes < 100) {
    guard.startPass(registered);
    registered -= guard.take(registered);
    passes += 1;
  }
  expect(registered).toBe(0);
});

it('should say what it holds back until a whole pass held back nothing', () => {
  const guard = pass(100);
  expect(guard.heldBack()).toBe(0);
  guard.take(40);
  expect(guard.heldBack()).toBe(25);
  guard.startPass(85);
  expect(guard.heldBack()).toBe(25);
  guard.take(5);
  guard.startPass(80);
  expect(guard.heldBack()).toBe(0);
});
