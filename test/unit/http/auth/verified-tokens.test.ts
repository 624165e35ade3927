import { expect, it } from 'vitest';
import { VerifiedTokens } from '../../../../src/http/auth/verified-tokens.ts';

const keys = {};

it('should know a token under the keys that verified it, until it expires', () => {
  const tokens = new VerifiedTokens<{ readonly expiresAt: number; readonly name: string }>();
  const found = { expiresAt: 1000, name: 'alice' };
  tokens.set('a.b.c', keys, found);
  expect(tokens.get('a.b.c', keys, 999)).toBe(found);
  expect(tokens.get('a.b.d', keys, 999)).toBeUndefined();
  expect(tokens.get('a.b.c', keys, 1000)).toBeUndefined();
  tokens.set('a.b.c', keys, found);
  expect(tokens.get('a.b.c', {}, 0)).toBeUndefined();
  expect(tokens.size).toBe(0);
});

it('should keep a bounded number, those that are shown the longest', () => {
  const tokens = new VerifiedTokens(3);
  for (const name of ['a', 'b', 'c']) tokens.set(name, keys, { expiresAt: 1000 });
  expect(tokens.get('a', keys, 0)).toBeDefined();
  for (const name of ['d', 'e']) tokens.set(name, keys, { expiresAt: 1000 });
  expect(tokens.size).toBe(3);
  expect(['a', 'b', 'c', 'd', 'e'].filter((name) => tokens.get(name, keys, 0) !== undefined)).toEqual(['a', 'd', 'e']);
});
