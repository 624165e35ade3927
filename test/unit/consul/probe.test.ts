import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { EndpointProbe } from '../../../src/consul/probe.ts';

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

function probe(options: { timeout?: number; allowed?: (url: string) => boolean } = {}): EndpointProbe {
  const created = new EndpointProbe({ timeout: 2000, ...options });
  probes.push(created);
  return created;
}

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  base = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterEach(async () => {
  reached.length = 0;
  for (const created of probes.splice(0)) await created.close();
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

  it('should give up at its deadline', async () => {
    const start = performance.now();
    const observed = await probe({ timeout: 200 }).probe({ kind: 'http', url: `${base}/silent` });
    expect(observed).toEqual({ status: 'critical', output: `${base}/silent: no answer within 200 ms` });
    expect(performance.now() - start).toBeLessThan(1500);
  });

  it('should reach nothing outside the allowed endpoints', async () => {
    const observed = await probe({ allowed: () => false }).probe({ kind: 'http', url: `${base}/ok` });
    expect(observed?.status).toBe('critical');
    expect(observed?.output).toContain('ENDPOINT_ALLOW');
    expect(reached).toEqual([]);
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

  it('should call an address that is none critical', async () => {
    expect((await probe().probe({ kind: 'http', url: 'http://256.256.256.256:1/' }))?.status).toBe('critical');
  });
});
