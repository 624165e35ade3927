import { expect, test } from 'vitest';
import { activity, type Span, totalOf } from '../../../src/dashboard/fleet/activity.ts';
import { changeOf } from '../../../src/dashboard/fleet/change.ts';
import type { LoggedType } from '../../../src/dashboard/gateway/change-shape.ts';
import { changed, fleetNode } from './fleet-node.ts';

const span: Span = { name: 'ten seconds', length: 10_000, buckets: 5 };

/** Changes happen at their position in seconds. */
const lines = (...all: readonly (readonly [number, LoggedType])[]) =>
  all.flatMap(([position, type]) => changeOf(changed(position, type, fleetNode('a'))) ?? []);

test('each change is counted in its stretch of time, and none from before', () => {
  const buckets = activity(lines([85, 'ADDED'], [91, 'ADDED'], [92, 'MODIFIED'], [99, 'REMOVED']), span, 100_000, 1, null);
  expect(buckets.map(({ from }) => from)).toEqual([90_000, 92_000, 94_000, 96_000, 98_000]);
  expect(buckets.map(totalOf)).toEqual([1, 1, 0, 0, 1]);
});

test('the number of registered nodes goes backwards over who came and went', () => {
  const buckets = activity(lines([91, 'ADDED'], [95, 'ADDED'], [99, 'REMOVED']), span, 100_000, 7, null);
  expect(buckets.map(({ registered }) => registered)).toEqual([7, 7, 8, 8, 7]);
});

test('what the lines do not reach back to is not known', () => {
  const buckets = activity(lines([97, 'ADDED']), span, 100_000, 3, 95_000);
  expect(buckets.map(({ registered }) => registered)).toEqual([null, null, 2, 3, 3]);
});

test('the stretches stand still while time goes on', () => {
  const starts = (now: number) => activity([], span, now, 0, null).map(({ from }) => from);
  expect(starts(100_100)).toEqual(starts(101_900));
});
