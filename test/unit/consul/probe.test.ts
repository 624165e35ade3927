import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Resolve } from '../../../src/consul/guarded-lookup.ts';
import { EndpointProbe, type ProbeOptions } from '../../../src/consul/probe.ts';
import { DENIED_BY_DEFAULT, EndpointRules } from '../../../src/events/endpoint-rules.ts';
import type { ServiceCheck } from '../../../src/registry/ports.ts';
import { until } from '../../until.ts';

let base = '';
const reached: string[] = [];
const routes: Readonly<Record<string, (response: ServerResponse) => void>> = {
  '/ok': (response) => response.end('ok'),
  '/endless': (response) => {
    response.writeHead(200);
    response.write('x'.repeat(1000));
  },
  '/busy': (response) => response.writeHead(429).end('too busy'),
  '/broken': (response) => response.writeHead(503).end(`database gone ${'x'.repeat(100_000)}`),
  '/moved': (response) => response.writeHead(302, { location: '/ok' }).end(),
  '/silent': () => undefined,
};
const server = createServer((request, response) => {
  const path = request.url ?? '';
  reached.push(path);
  routes[path]?.(response);
});
const probes: EndpointProbe[] = [];

function probe(options: Partial<ProbeOptions> = {}): EndpointProbe {
  const created = new EndpointProbe({ timeout: 2000, ...options });
  probes.push(created);
  return created;
}

/** As a long task or a full collection would. */
function standStill(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

/** Names of this list, and no other. */
function resolverOf(names: Readonly<Record<string, readonly string[]>>): Resolve {
  return (name, _options, callback) =>
    callback(
      null,
      (names[name] ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
}

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  base = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterEach(() => {
  reached.length = 0;
  for (const created of probes.splice(0)) created.close();
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe('EndpointProbe', () => {
  it.each([
    ['/ok', 'passing'],
    ['/endless', 'passing'],
    ['/busy', 'warning'],
    ['/broken', 'critical'],
    ['/moved', 'critical'],
  ])('should judge %s as %s', async (path, status) => {
    const observed = await probe().probe({ kind: 'http', url: `${base}${path}` });
    expect(observed?.status).toBe(status);
    expect(observed?.output.length).toBeLessThanOrEqual(1024);
    expect(reached).toEqual([path]);
  });

  it('should say why it is critical', async () => {
    const observed = await probe().probe({ kind: 'http', url: `${base}/broken` });
    expect(observed?.output).toContain('503: database gone');
  });

  it.each<ServiceCheck['kind']>(['http', 'tcp'])('should not hold against a node that this process stood still (%s)', async (kind) => {
    const url = new URL(base);
    const check: ServiceCheck = kind === 'tcp' ? { kind, host: url.hostname, port: Number(url.port) } : { kind: 'http', url: `${base}/ok` };
    const observing = probe({ timeout: 200 }).probe(check);
    standStill(500);
    expect(await observing).toMatchObject({ status: 'passing' });
  });

  it('should end a probe in time all the same, counted without that', async () => {
    const began = performance.now();
    const observing = probe({ timeout: 200 }).probe({ kind: 'http', url: `${base}/silent` });
    standStill(500);
    expect(await observing).toMatchObject({ status: 'critical', output: expect.stringContaining('no answer within 200 ms') });
    const took = performance.now() - began;
    // The length of a look is not counted.
    expect(took).toBeGreaterThan(500 + 200 - 60);
  });

  it('should give up at its deadline', async () => {
    const start = performance.now();
    const observed = await probe({ timeout: 200 }).probe({ kind: 'http', url: `${base}/silent` });
    expect(observed).toEqual({ status: 'critical', output: `${base}/silent: no answer within 200 ms` });
    expect(performance.now() - start).toBeLessThan(1500);
  });

  it('should end what is under way when it is closed', async () => {
    const closing = probe();
    const probed = closing.probe({ kind: 'http', url: `${base}/silent` });
    await until('the endpoint is asked', () => reached.length === 1);
    closing.close();
    expect((await probed)?.status).toBe('critical');
  });

  it('should reach nothing outside the allowed endpoints', async () => {
    const observed = await probe({ rules: new EndpointRules([]) }).probe({ kind: 'http', url: `${base}/ok` });
    expect(observed?.status).toBe('critical');
    expect(observed?.output).toContain('ENDPOINT_ALLOW');
    expect(reached).toEqual([]);
  });

  it.each([
    ['a denied address', 'http://169.254.169.254/latest/meta-data/', {}],
    ['a denied name', 'http://metadata.google.internal/', {}],
    ['a denied address in another spelling', 'http://0xa9fea9fe/', {}],
    ['a name that leads to one', 'http://rebound.example/', { 'rebound.example': ['169.254.169.254'] }],
    ['a name that leads to several', 'http://rebound.example/', { 'rebound.example': ['::ffff:169.254.0.1', 'fe80::1%eth0'] }],
  ])('should never reach %s', async (_what, url, names: Readonly<Record<string, readonly string[]>>) => {
    const rules = new EndpointRules(['*'], DENIED_BY_DEFAULT);
    const observed = await probe({ rules, resolve: resolverOf(names) }).probe({ kind: 'http', url });
    expect(observed?.status).toBe('critical');
    expect(observed?.output).toContain('ENDPOINT_DENY');
  });

  it('should take the other addresses of a name that also leads to a denied one', async () => {
    const resolve = resolverOf({ 'mixed.example': ['169.254.169.254', '127.0.0.1'] });
    const rules = new EndpointRules(['*'], DENIED_BY_DEFAULT);
    const port = new URL(base).port;
    expect(await probe({ rules, resolve }).probe({ kind: 'http', url: `http://mixed.example:${port}/ok` })).toMatchObject({
      status: 'passing',
    });
    expect(await probe({ rules, resolve }).probe({ kind: 'tcp', host: 'mixed.example', port: Number(port) })).toMatchObject({
      status: 'passing',
    });
  });

  it('should look again where a name leads, at every probe', async () => {
    const names: Record<string, readonly string[]> = { 'moving.example': ['127.0.0.1'] };
    const one = probe({ rules: new EndpointRules(['*'], DENIED_BY_DEFAULT), resolve: resolverOf(names) });
    const url = `http://moving.example:${new URL(base).port}/ok`;
    expect((await one.probe({ kind: 'http', url }))?.status).toBe('passing');
    names['moving.example'] = ['169.254.169.254'];
    expect((await one.probe({ kind: 'http', url }))?.output).toContain('169.254.169.254 is refused by the rule 169.254.0.0/16');
  });

  it.each(['10.0.0.7', 'fd00:ec2::254', 'metadata'])('should not connect to %s where it is denied', async (host) => {
    const rules = new EndpointRules(['*'], [...DENIED_BY_DEFAULT, '10.0.0.0/8']);
    expect((await probe({ rules }).probe({ kind: 'tcp', host, port: 80 }))?.output).toContain('ENDPOINT_DENY');
  });

  it('should connect where there is only an address', async () => {
    const tcp = createTcpServer();
    tcp.listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    const address = tcp.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect((await probe().probe({ kind: 'tcp', host: '127.0.0.1', port }))?.status).toBe('passing');
    tcp.close();
    await once(tcp, 'close');
    expect((await probe().probe({ kind: 'tcp', host: '127.0.0.1', port }))?.status).toBe('critical');
  });

  it('should have nothing to say where there is nothing to probe', async () => {
    expect(await probe().probe({ kind: 'none' })).toBeNull();
  });

  it('should say what it may reach, by the rules for endpoints', () => {
    const limited = probe({ rules: new EndpointRules(['*'], ['10.0.0.7', 'https://denied.example']) });
    const mayReach = (check: ServiceCheck) => limited.mayReach(check);
    expect(mayReach({ kind: 'http', url: 'http://10.0.0.8/health' })).toBe(true);
    expect(mayReach({ kind: 'http', url: 'http://10.0.0.7/health' })).toBe(false);
    expect(mayReach({ kind: 'http', url: 'https://denied.example/health' })).toBe(false);
    expect(mayReach({ kind: 'tcp', host: 'fd00::7', port: 80 })).toBe(true);
    expect(mayReach({ kind: 'tcp', host: '10.0.0.7', port: 80 })).toBe(false);
    expect(mayReach({ kind: 'none' })).toBe(false);
  });

  it('should call an address that is none critical', async () => {
    expect((await probe().probe({ kind: 'http', url: 'http://256.256.256.256:1/' }))?.status).toBe('critical');
  });
});

describe('EndpointProbe that keeps connections', () => {
  let connections = 0;
  const counting = () => {
    connections += 1;
  };
  beforeAll(() => server.on('connection', counting));
  afterAll(() => server.off('connection', counting));
  afterEach(() => {
    connections = 0;
  });

  it.each([
    ['/ok', 'passing'],
    ['/endless', 'passing'],
    ['/busy', 'warning'],
    ['/broken', 'critical'],
    ['/moved', 'critical'],
  ])('should judge %s as %s, as the one that does not', async (path, status) => {
    expect((await probe({ keepAlive: true }).probe({ kind: 'http', url: `${base}${path}` }))?.status).toBe(status);
  });

  it('should ask over the same again', async () => {
    const kept = probe({ keepAlive: true });
    for (let n = 0; n < 5; n += 1) expect((await kept.probe({ kind: 'http', url: `${base}/ok` }))?.status).toBe('passing');
    // The second is opened where the first answer is still being read.
    expect(connections).toBeLessThanOrEqual(2);
    const before = connections;
    const anew = probe();
    for (let n = 0; n < 2; n += 1) await anew.probe({ kind: 'http', url: `${base}/ok` });
    expect(connections).toBe(before + 2);
  });

  it('should not take a node for dead whose connection ended in between', async () => {
    const kept = probe({ keepAlive: true });
    for (let n = 0; n < 3; n += 1) {
      expect((await kept.probe({ kind: 'http', url: `${base}/ok` }))?.status).toBe('passing');
      server.closeAllConnections();
    }
  });
});
