import { once } from 'node:events';
import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { isHostAllowed } from '../../../../src/http/auth/host.ts';
import { RefusalCounts } from '../../../../src/http/auth/refusal.ts';
import { HEALTHY, startServer } from '../running-server.ts';
import { accessOf, TOKENS } from './access.ts';

async function guarded(env: NodeJS.ProcessEnv = {}) {
  const refusals = new RefusalCounts();
  const running = await startServer({ access: accessOf(env), onTurnedAway: (reason) => refusals.add(reason) });
  /** As a browser asks that believes the name to be this machine's; fetch would not send such a Host. */
  const get = (path: string, host: string) =>
    new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      const asking = request({ port: running.port, host: '127.0.0.1', path, headers: { host, accept: 'application/json' } }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode, body }));
      });
      asking.on('error', reject).end();
    });
  return { ...running, get, refused: () => refusals.read().get('host') };
}

const QUERY = '/graphql?query={__typename}';

describe('a name that was rebound to this machine', () => {
  it('should get no data where being on this machine is all that is asked for', async () => {
    const { get, refused, port } = await guarded();
    const { status, body } = await get(QUERY, `evil.example:${port}`);
    expect(status).toBe(421);
    expect(JSON.parse(body)).toEqual({
      errors: [{ message: expect.stringContaining('ALLOWED_HOSTS'), extensions: { code: 'FORBIDDEN' } }],
    });
    const metrics = await get('/metrics', 'evil.example');
    expect(metrics.status).toBe(421);
    expect(JSON.parse(metrics.body)).toMatchObject({ error: { code: 'FORBIDDEN' } });
    expect((await get('/', 'evil.example')).status).toBe(421);
    expect(refused()).toBe(3);
  });

  it('should open no socket, though its page is of the origin that it asks', async () => {
    const { port, wsUrl, refused } = await guarded();
    const socket = new WebSocket(wsUrl, 'graphql-transport-ws', {
      headers: { host: `evil.example:${port}` },
      origin: `http://evil.example:${port}`,
    });
    const [error] = await once(socket, 'error');
    expect(String(error)).toContain('421');
    expect(refused()).toBe(1);
  });

  it('should still find the health, which probes ask for by any name', async () => {
    const { get } = await guarded();
    for (const path of ['/health', '/health/ready', '/health/live', '/health/consul'])
      expect((await get(path, 'gateway.internal')).status).toBe(200);
  });

  it('should not find what is wrong with a back end, which names its host', async () => {
    const { get, setHealth } = await guarded();
    const { backends } = HEALTHY;
    setHealth({ ...HEALTHY, backends: { ...backends, consul: { ...backends.consul, lastError: 'connect ECONNREFUSED 10.9.8.7:8500' } } });
    expect((await get('/health/consul', 'evil.example')).body).not.toContain('10.9.8.7');
    expect((await get('/health/consul', 'localhost')).body).toContain('10.9.8.7');
  });

  it('should gain nothing where a token is asked for, so that no name is', async () => {
    const { get } = await guarded(TOKENS);
    expect((await get(QUERY, 'evil.example')).status).toBe(401);
  });
});

describe('the names of the gateway', () => {
  it.each([
    'localhost',
    'LOCALHOST:8080',
    '127.0.0.1:1',
    '127.8.8.8',
    '[::1]:8080',
    '[::ffff:127.0.0.1]',
    'localhost.',
    'gateway.example',
    'Gateway.Example.:443',
    '10.0.0.7',
  ])('should be %s, for example', async (host) => {
    const { get } = await guarded({ LOCAL_IP: '10.0.0.7', ALLOWED_HOSTS: 'gateway.example' });
    expect((await get(QUERY, host)).status).toBe(200);
  });

  it.each([
    'evil.example',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    'evil.example@127.0.0.1',
    '127.0.0.1/evil',
    'xgateway.example',
    '[::2]',
    '0',
    '',
  ])('should not be %j', (host) => {
    expect(isHostAllowed(host, ['127.0.0.1', 'gateway.example'])).toBe(false);
  });

  it('should be left out by programs that do not send one, as no browser does', () => {
    expect(isHostAllowed(undefined, [])).toBe(true);
  });
});
