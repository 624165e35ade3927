import { describe, expect, it } from 'vitest';
import { ConfigurationError, readConfig } from '../../../src/config.ts';

const REQUIRED = { KAFKA_BROKER_URL: 'kafka:9092', CONSUL_HOST: 'consul', DATABASE_URL: 'postgres://u:pw@db:5432/registry' };
const JWT = { AUTH_JWKS_URL: 'https://issuer.example/keys', AUTH_ISSUER: 'https://issuer.example/', AUTH_AUDIENCE: 'registry' };
const SECRET = 'S3cretS3cretS3cret';
const OTHER = '0ther0ther0ther0ther';

const auth = (env: NodeJS.ProcessEnv = {}) => readConfig({ ...REQUIRED, ...env }).auth;

function problems(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    readConfig({ ...REQUIRED, ...env });
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}

describe('listed tokens', () => {
  it('should be read with and without names, and kept as digests only', () => {
    const { tokens } = auth({ AUTH_TOKENS_READ: `dashboard:${SECRET}`, AUTH_TOKENS_WRITE: ` ${OTHER} , ops : ${'a'.repeat(16)}==,` });
    expect(tokens.map(({ name, mayWrite }) => ({ name, mayWrite }))).toEqual([
      { name: 'dashboard', mayWrite: false },
      { name: null, mayWrite: true },
      { name: 'ops', mayWrite: true },
    ]);
    expect(JSON.stringify(tokens)).not.toMatch(/S3cret|0ther/);
  });

  it.each([
    ['a short token', 'short-token', 'entry 1 has a token of 11 characters'],
    ['a short token behind a name', `ok:${SECRET},ops:1234567890`, 'entry 2 has a token of 10 characters'],
    ['a space', `${SECRET} ${SECRET}`, 'entry 1 has a token with a character'],
    ['a second colon', `a:b:${SECRET}`, 'entry 1 has a token with a character'],
    ['a letter that is none of ASCII', `${SECRET}ä`, 'entry 1 has a token with a character'],
    ['a padding in the middle', `${SECRET}=x`, 'entry 1 has a token with a character'],
    ['no name before the colon', `:${SECRET}`, 'entry 1 has no name'],
    ['nothing but commas', ' , ', 'has no token in it'],
  ])('should be refused for %s, without a word of what they are', (_what, text, problem) => {
    const found = problems({ AUTH_TOKENS_WRITE: text });
    expect(found).toEqual([expect.stringContaining(`AUTH_TOKENS_WRITE: ${problem}`)]);
    expect(found.join()).not.toMatch(/S3cret|short-token|1234567890|ops/);
  });

  it('should stand once each', () => {
    expect(problems({ AUTH_TOKENS_READ: `a:${SECRET}`, AUTH_TOKENS_WRITE: `b:${SECRET}` })).toEqual([
      expect.stringContaining('have the same token twice'),
    ]);
  });
});

describe('the issuer of JWTs', () => {
  it('should be read whole', () => {
    expect(auth({ ...JWT, AUTH_AUDIENCE: 'registry, api' }).jwt).toEqual({
      jwksUrl: new URL(JWT.AUTH_JWKS_URL),
      issuer: JWT.AUTH_ISSUER,
      audiences: ['registry', 'api'],
    });
    expect(auth({ ...JWT, AUTH_JWKS_URL: 'http://127.0.0.1:9/keys' }).jwt?.jwksUrl.href).toBe('http://127.0.0.1:9/keys');
  });

  it.each(['http://issuer.example/keys', 'issuer.example', 'ftp://issuer.example/', 'https://user:pw@issuer.example/'])(
    'should not be at %s',
    (url) => {
      const found = problems({ ...JWT, AUTH_JWKS_URL: url });
      expect(found).toEqual([expect.stringMatching(/^AUTH_JWKS_URL: is not an https/)]);
      expect(found.join()).not.toContain('pw@');
    },
  );

  it('should be named whole, and not in parts', () => {
    expect(problems({ AUTH_JWKS_URL: JWT.AUTH_JWKS_URL })).toEqual([
      expect.stringMatching(/^AUTH_ISSUER is missing/),
      expect.stringMatching(/^AUTH_AUDIENCE is missing/),
    ]);
    expect(problems({ AUTH_ISSUER: 'x' })).toEqual([expect.stringMatching(/^AUTH_JWKS_URL is missing/)]);
    expect(problems({ ...JWT, AUTH_AUDIENCE: ' , ' })).toEqual(['AUTH_AUDIENCE has no audience in it']);
  });
});

describe('who shows no token', () => {
  it.each<[string, NodeJS.ProcessEnv, string]>([
    ['may do everything from this machine by default', {}, 'write'],
    ['may do nothing where tokens are listed', { AUTH_TOKENS_READ: SECRET }, 'nothing'],
    ['may do nothing where an issuer is trusted', JWT, 'nothing'],
    ['may read where it is said', { AUTH_TOKENS_WRITE: SECRET, ALLOW_ANONYMOUS: 'read' }, 'read'],
    ['may read only where only that is said', { ALLOW_ANONYMOUS: 'read' }, 'read'],
    ['may do everything where it is said', { SERVICE_HOST: '0.0.0.0', ALLOW_ANONYMOUS: 'True' }, 'write'],
  ])('%s', (_what, env, anonymous) => {
    expect(auth(env).anonymous).toBe(anonymous);
  });

  it.each(['0.0.0.0', '::', '10.1.2.3', 'gateway.example', '127.evil.example'])('should not get in by %s without a word', (host) => {
    const found = problems({ SERVICE_HOST: host });
    expect(found).toHaveLength(1);
    for (const way of [`SERVICE_HOST=${host}`, 'AUTH_TOKENS_READ', 'AUTH_TOKENS_WRITE', 'AUTH_JWKS_URL', 'ALLOW_ANONYMOUS=true']) {
      expect(found[0]).toContain(way);
    }
    for (const env of [{ AUTH_TOKENS_READ: SECRET }, JWT, { ALLOW_ANONYMOUS: 'read' }])
      expect(problems({ SERVICE_HOST: host, ...env })).toEqual([]);
  });

  it.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('should get in by %s', (host) => {
    expect(problems({ SERVICE_HOST: host })).toEqual([]);
  });

  it('should be said in one of three words', () => {
    expect(problems({ ALLOW_ANONYMOUS: 'write' })).toEqual(['ALLOW_ANONYMOUS: "write" is none of false, read and true']);
  });

  it('should be told with all other problems', () => {
    expect(problems({ SERVICE_HOST: '0.0.0.0', SERVICE_PORT: 'x' })).toEqual([
      expect.stringMatching(/^SERVICE_PORT/),
      expect.stringMatching(/^SERVICE_HOST=0\.0\.0\.0/),
    ]);
  });
});

describe('the names of the gateway', () => {
  it('should be checked where being on this machine is all that is asked for', () => {
    expect(auth({ LOCAL_IP: '10.0.0.7', ALLOWED_HOSTS: 'Gateway.example,[::2]' }).hosts).toEqual([
      '127.0.0.1',
      '10.0.0.7',
      'gateway.example',
      '::2',
    ]);
    expect(auth({ AUTH_TOKENS_READ: SECRET }).hosts).toBeNull();
    expect(auth({ SERVICE_HOST: '0.0.0.0', ALLOW_ANONYMOUS: 'true' }).hosts).toBeNull();
    expect(auth({ AUTH_TOKENS_READ: SECRET, ALLOWED_HOSTS: 'gateway.example' }).hosts).toContain('gateway.example');
    expect(auth({ AUTH_TOKENS_READ: SECRET, ALLOW_ANONYMOUS: 'read' }).hosts).not.toBeNull();
  });

  it.each(['https://gateway.example', 'gateway.example:8080', '*', 'a/b', '[::1]:80'])('should not be %s', (host) => {
    expect(problems({ ALLOWED_HOSTS: host })).toEqual([
      `ALLOWED_HOSTS: "${host}" is not a host name such as gateway.example, without scheme and port`,
    ]);
  });
});

it('should take origins as browsers send them, and no star', () => {
  expect(readConfig({ ...REQUIRED, ALLOWED_ORIGINS: 'https://Dashboard.example/,http://localhost:3000' }).http.allowedOrigins).toEqual([
    'https://dashboard.example',
    'http://localhost:3000',
  ]);
  for (const origin of ['*', 'null', 'dashboard.example', 'https://dashboard.example/path']) {
    expect(problems({ ALLOWED_ORIGINS: origin })).toEqual([expect.stringContaining(`ALLOWED_ORIGINS: "${origin}" is not an origin`)]);
  }
});

it('should protect the metrics only where somebody can have a token', () => {
  expect(auth({ AUTH_METRICS: 'true', AUTH_TOKENS_READ: SECRET }).metrics).toBe(true);
  expect(problems({ AUTH_METRICS: 'true' })).toEqual([expect.stringMatching(/^AUTH_METRICS=true needs/)]);
});
