import { describe, expect, it } from 'vitest';
import { createLog, maskSecrets } from '../../src/log.ts';
import { recordedLog } from './registry/fakes/recorded-log.ts';

const SECRET = 'hunter2-S3cr3t';

describe('maskSecrets', () => {
  it.each([
    ['a URL', `connect to postgres://admin:${SECRET}@db:5432/registry failed`, 'connect to postgres://admin:***@db:5432/registry failed'],
    ['a URL without a user', `redis://:${SECRET}@cache`, 'redis://:***@cache'],
    ['a URL whose password has an @', `postgres://admin:p@ss${SECRET}@db/registry`, 'postgres://admin:***@db/registry'],
    ['two URLs', `http://a:${SECRET}@x and http://b:${SECRET}@y`, 'http://a:***@x and http://b:***@y'],
    ['an assignment', `password=${SECRET} user=admin`, 'password=*** user=admin'],
    ['JSON', `{"token":"${SECRET}","node":"a"}`, '{"token":"***","node":"a"}'],
    ['JSON with spaces', `{"api_key": "${SECRET}"}`, '{"api_key": "***"}'],
    ['a header', `Authorization: Bearer ${SECRET}`, 'Authorization: ***'],
    ['a bare bearer token', `sent Bearer ${SECRET} to it`, 'sent Bearer *** to it'],
  ])('should mask what stands in %s', (_, text, masked) => {
    expect(maskSecrets(text)).toBe(masked);
  });

  it.each(['http://node-1.test:8080/health answered 500', 'passing after 3 tries', 'the basic check failed', 'tokens are counted'])(
    'should leave %j alone',
    (text) => {
      expect(maskSecrets(text)).toBe(text);
    },
  );
});

describe('createLog', () => {
  it('should write JSON lines with the gateway, the level by name and the time in ISO 8601', () => {
    const written: string[] = [];
    createLog('info', 'gateway-7', { write: (line) => void written.push(line) }).info({ correlationId: 'c-1' }, 'hello');
    const [line] = written;
    expect(JSON.parse(line ?? '')).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      gateway: 'gateway-7',
      correlationId: 'c-1',
      msg: 'hello',
    });
  });

  it('should leave out what lies below its level', () => {
    const written: string[] = [];
    const log = createLog('warn', 'g', { write: (line) => void written.push(line) });
    log.info('no');
    log.warn('yes');
    expect(written).toHaveLength(1);
  });

  it.each(['password', 'token', 'secret', 'authorization', 'apiKey', 'api_key', 'connectionString', 'cookie', 'sasl'])(
    'should never write a value of %s, at the top or one level down',
    (key) => {
      const { log, lines } = recordedLog();
      log.info({ [key]: SECRET, config: { [key]: SECRET, host: 'db' } }, 'configured');
      expect(JSON.stringify(lines)).not.toContain(SECRET);
      expect(lines[0]).toMatchObject({ [key]: '***', config: { [key]: '***', host: 'db' } });
    },
  );

  it('should mask secrets in an error, its stack included', () => {
    const { log, lines } = recordedLog();
    log.error({ error: new TypeError(`no route to postgres://admin:${SECRET}@db`) }, 'failed');
    expect(JSON.stringify(lines)).not.toContain(SECRET);
    expect(lines[0]).toMatchObject({
      error: { name: 'TypeError', message: 'no route to postgres://admin:***@db', stack: expect.any(String) },
    });
  });

  it('should mask secrets in an error that is a text', () => {
    const { log, lines } = recordedLog();
    log.warn({ error: `no route to postgres://admin:${SECRET}@db` }, 'will retry');
    expect(lines[0]).toMatchObject({ error: 'no route to postgres://admin:***@db' });
  });

  it('should write other values of error as they are', () => {
    const { log, lines } = recordedLog();
    log.warn({ error: { code: 7 } }, 'odd');
    expect(lines[0]).toMatchObject({ error: { code: 7 } });
  });
});
