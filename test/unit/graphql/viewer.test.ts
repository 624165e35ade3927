import { expect, it } from 'vitest';
import { SCOPES } from '../../../src/graphql/asker.ts';
import { T0 } from './memory-registry.ts';
import { operations } from './operations.ts';

const query = '{ viewer { name authenticated mayRead mayWrite expiresAt } }';

it('should say what anybody may who shows no token', async () => {
  const { data } = await operations().run(query);
  expect(data.viewer).toEqual({ name: null, authenticated: false, mayRead: true, mayWrite: true, expiresAt: null });
});

it('should say whose token it is, what it allows and until when', async () => {
  const reader = { key: 'subject:ann', authenticated: true, name: 'ann', scopes: SCOPES.read, expiresAt: T0 };
  const { data } = await operations(reader).run(query);
  expect(data.viewer).toEqual({
    name: 'ann',
    authenticated: true,
    mayRead: true,
    mayWrite: false,
    expiresAt: '2026-11-24T13:29:00.000Z',
  });
});
