import { expect, it } from 'vitest';
import { RecentKeys } from '../../../src/node/recent-keys.ts';

it('should know a key again, until enough others came after it', () => {
  const keys = new RecentKeys(2);
  expect([keys.add('a'), keys.add('a'), keys.add('b'), keys.add('a')]).toEqual([true, false, true, false]);
  expect([keys.add('c'), keys.add('b'), keys.add('a')]).toEqual([true, false, true]);
});
