import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { findToken } from '../../../src/http/auth/static-tokens.ts';
import { ownToken } from '../../../src/local/own-token.ts';

const CONFIGURED = 'me:0123456789abcdef0123';

describe('the token of npm start', () => {
  it('should not be, where the gateway asks for none', () => {
    expect(ownToken({ AUTH_TOKENS_READ: '', SERVICE_PORT: '1' })).toEqual({ env: {}, token: null });
  });

  it.each<[string, NodeJS.ProcessEnv]>([
    ['tokens that may read', { AUTH_TOKENS_READ: CONFIGURED }],
    ['tokens that may write', { AUTH_TOKENS_WRITE: CONFIGURED }],
    ['an issuer', { AUTH_JWKS_URL: 'https://issuer.example/keys', AUTH_ISSUER: 'x', AUTH_AUDIENCE: 'y' }],
  ])('should be one that the gateway knows beside %s, for reading', (_what, env) => {
    const own = ownToken(env);
    const all = { KAFKA_BROKER_URL: 'kafka:9092', CONSUL_HOST: 'consul', DATABASE_URL: 'postgres://db/registry', ...env };
    const { tokens } = readConfig({ ...all, ...own.env }).auth;
    expect(findToken(tokens, own.token ?? '')).toMatchObject({ name: 'npm-start', mayWrite: false });
    expect(tokens).toHaveLength(readConfig(all).auth.tokens.length + 1);
    expect(ownToken(env).token).not.toBe(own.token);
  });
});
