import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { AgentCatalog } from '../../../src/consul/agent-catalog.ts';
import { BackendError, RefusedError } from '../../../src/errors.ts';
import type { ServiceCheck, ServiceDefinition } from '../../../src/registry/ports.ts';

interface Call {
  readonly method: string;
  readonly path: string;
  readonly token: string | undefined;
  readonly body: string;
}
type Answer = (response: ServerResponse, call: Call) => void;

const UNKNOWN = JSON.stringify({ AggregatedStatus: 'critical', Service: null, Checks: null });
const json = (response: ServerResponse, status: number, body: string) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);

const closes: (() => void)[] = [];
afterEach(() => {
  for (const close of closes.splice(0)) close();
});

/** A catalog on a stand-in for the agent: it says what the npm client really sends, which the agent itself does not show. */
async function catalogOn(answer: Answer, deadline?: number) {
  const calls: Call[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const token = request.headers['x-consul-token'];
    const call = { method: request.method ?? '', path: request.url ?? '', token: typeof token === 'string' ? token : undefined, body };
    calls.push(call);
    answer(response, call);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const catalog = new AgentCatalog({
    registryId: () => 'registry-1',
    deadline,
    config: {
      host: '127.0.0.1',
      port: typeof address === 'object' && address !== null ? address.port : 0,
      token: 'the-token',
      secure: false,
      caFile: null,
      mode: 'agent',
      virtualNodes: 200,
      probes: 'gateway',
      probeConcurrency: 1000,
      checkInterval: 30_000,
      checkTimeout: 10_000,
      successBeforePassing: 2,
      failuresBeforeCritical: 3,
      deregisterCriticalAfter: 90_000,
    },
  });
  closes.push(() => {
    catalog.close();
    server.closeAllConnections();
    server.close();
  });
  return { catalog, calls };
}

const service = (check: ServiceCheck): ServiceDefinition => ({
  id: 'effect-a',
  name: 'effect-service',
  address: '10.0.0.1',
  port: 80,
  tags: ['omninode'],
  meta: { node_id: 'a', registry_id: 'registry-1' },
  check,
});
const http = service({ kind: 'http', url: 'http://10.0.0.1/health' });

const newService: Answer = (response, { path }) =>
  path.startsWith('/v1/agent/health') ? json(response, 404, UNKNOWN) : json(response, 200, '');

describe('AgentCatalog', () => {
  it('should send every setting of the check, and the token', async () => {
    const { catalog, calls } = await catalogOn(newService);
    await catalog.register(http, 'warning');
    expect(calls.map(({ method, path, token }) => [method, path, token])).toEqual([
      ['GET', '/v1/agent/health/service/id/effect-a', 'the-token'],
      ['PUT', '/v1/agent/service/register', 'the-token'],
    ]);
    expect(JSON.parse(calls[1]?.body ?? '')).toEqual({
      ID: 'effect-a',
      Name: 'effect-service',
      Address: '10.0.0.1',
      Port: 80,
      Tags: ['omninode'],
      Meta: { node_id: 'a', registry_id: 'registry-1' },
      Check: {
        CheckID: 'service:effect-a',
        Name: 'HTTP check',
        Notes: 'Registered by discovery-gateway, registry registry-1',
        HTTP: 'http://10.0.0.1/health',
        DisableRedirects: true,
        Interval: '30000ms',
        Timeout: '10000ms',
        SuccessBeforePassing: 2,
        FailuresBeforeCritical: 3,
        DeregisterCriticalServiceAfter: '90000ms',
        Status: 'warning',
      },
    });
  });

  it('should write an IPv6 address of a TCP check in brackets', async () => {
    const { catalog, calls } = await catalogOn(newService);
    await catalog.register(service({ kind: 'tcp', host: '::1', port: 9000 }), 'passing');
    expect(JSON.parse(calls[1]?.body ?? '')).toMatchObject({ Check: { TCP: '[::1]:9000' } });
  });

  it('should send no check where there is none', async () => {
    const { catalog, calls } = await catalogOn(newService);
    await catalog.register(service({ kind: 'none' }), 'passing');
    expect(JSON.parse(calls[1]?.body ?? '')).not.toHaveProperty('Check');
  });

  it('should not know the outcome when Consul does not answer within the deadline', async () => {
    const { catalog } = await catalogOn(() => undefined, 300);
    const start = performance.now();
    await expect(catalog.register(http, 'passing')).rejects.toBeInstanceOf(BackendError);
    expect(performance.now() - start).toBeLessThan(1500);
  });

  it('should share the deadline between the calls of one registration', async () => {
    const { catalog, calls } = await catalogOn((response, { path }) => {
      if (path.startsWith('/v1/agent/health')) setTimeout(() => json(response, 404, UNKNOWN), 800);
    }, 1000);
    const start = performance.now();
    await expect(catalog.register(http, 'passing')).rejects.toThrow(/outcome unknown/);
    expect(performance.now() - start).toBeLessThan(1700);
    expect(calls).toHaveLength(2);
  });

  it('should be retried where the agent has too many connections, though 429 also means warning', async () => {
    const { catalog } = await catalogOn((response) =>
      response.writeHead(429, { 'content-type': 'text/plain' }).end('too many concurrent connections'),
    );
    await expect(catalog.exists('effect-a')).rejects.toThrow(/http_max_conns_per_client/);
  });

  it('should refuse to take the id of another node', async () => {
    const taken = { Service: { Meta: { node_id: 'b', registry_id: 'registry-1' } }, Checks: [] };
    const { catalog, calls } = await catalogOn((response) => json(response, 200, JSON.stringify(taken)));
    await expect(catalog.register(http, 'passing')).rejects.toBeInstanceOf(RefusedError);
    expect(calls).toHaveLength(1);
  });
});
