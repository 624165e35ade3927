import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { until } from '../../until.ts';
import { freshDatabase } from '../stack.ts';
import { announcement, consul, freshEnvironment, healthServer, Nodes, type RunningGateway, runGateway } from './running-gateway.ts';

const QUICK = {
  CONSUL_MODE: 'catalog',
  CONSUL_VIRTUAL_NODES: '10',
  CONSUL_CHECK_INTERVAL: '300ms',
  CONSUL_CHECK_TIMEOUT: '3s',
  CONSUL_SUCCESS_BEFORE_PASSING: '2',
  CONSUL_FAILURES_BEFORE_CRITICAL: '2',
  CONSUL_DEREGISTER_CRITICAL_AFTER: '1s',
  RECONCILE_INTERVAL: '2s',
  // The gateways' own services would be probed too.
  PROBE_MAX_INSTANCES: '0',
};

const rows = z.array(z.object({ Node: z.string(), ServiceID: z.string(), Status: z.string(), Output: z.string() }));
const entries = z.array(z.object({ Node: z.string(), NodeMeta: z.record(z.string(), z.string()), ServiceID: z.string() }));

/** The checks of one service in Consul's catalog, wherever they stand. */
async function checksOf(gateway: RunningGateway, serviceId: string) {
  const filter = encodeURIComponent(`ServiceID == ${JSON.stringify(serviceId)}`);
  return rows.parse(await consul(gateway.config, `/health/state/any?filter=${filter}`));
}

/** Where a service stands in Consul's catalog. */
async function placesOf(gateway: RunningGateway, serviceId: string) {
  const filter = encodeURIComponent(`ServiceID == ${JSON.stringify(serviceId)}`);
  return entries.parse(await consul(gateway.config, `/catalog/service/effect-service?filter=${filter}`));
}

const gateways: RunningGateway[] = [];
const servers: Awaited<ReturnType<typeof healthServer>>[] = [];
let nodes: Nodes | undefined;

async function start(env: Record<string, string>): Promise<RunningGateway> {
  const gateway = await runGateway(env);
  gateways.push(gateway);
  nodes ??= await Nodes.connect(gateway.config);
  return gateway;
}

async function newServer() {
  const server = await healthServer();
  servers.push(server);
  return server;
}

async function end() {
  await nodes?.close();
  nodes = undefined;
  await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
  await Promise.all(servers.splice(0).map((server) => server.close()));
}

const announce = async (nodeId: string, endpoints: object, capability: string) =>
  nodes?.announce(announcement(nodeId, { endpoints, capabilities: [capability] }));

describe('a gateway in catalog mode', () => {
  let gateway: RunningGateway;
  const healthOf = async (nodeId: string) => (await gateway.client.node(nodeId))?.health;

  beforeAll(async () => {
    gateway = await start(await freshEnvironment(QUICK));
  });
  afterAll(end);

  it('should put a node on a virtual node, probe it, and tell when its health changes', async () => {
    const server = await newServer();
    await announce('external-1', server.endpoints, 'external');
    await until('it is healthy', async () => (await gateway.client.healthy('external')).length === 1);
    const [place] = await placesOf(gateway, 'effect-external-1');
    expect(place).toMatchObject({
      Node: expect.stringMatching(/^registry-[0-9a-f-]{36}-\d$/),
      NodeMeta: { 'external-node': 'false', 'external-probe': 'false' },
    });
    server.answer(503);
    await until('it is unhealthy', async () => (await healthOf('external-1')) === 'UNHEALTHY');
    expect(await gateway.client.healthy('external')).toEqual([]);
    expect(await checksOf(gateway, 'effect-external-1')).toMatchObject([
      { Node: place?.Node, Status: 'critical', Output: expect.stringContaining('503') },
    ]);
    server.answer(200);
    await until('it is healthy again', async () => (await healthOf('external-1')) === 'HEALTHY');
    expect(await checksOf(gateway, 'effect-external-1')).toMatchObject([{ Status: 'passing' }]);
  });

  it('should take out of Consul what is critical for too long, and let it expire', async () => {
    const server = await newServer();
    await announce('external-2', server.endpoints, 'doomed');
    await until('it is healthy', async () => (await healthOf('external-2')) === 'HEALTHY');
    server.answer(503);
    const node = await until('it has expired', async () => {
      const found = await gateway.client.node('external-2');
      return found?.state === 'EXPIRED' ? found : undefined;
    });
    expect(node.stateReason).toBe('consul_critical');
    expect(await placesOf(gateway, 'effect-external-2')).toEqual([]);
  });

  it('should write over what somebody else wrote into a check', async () => {
    const server = await newServer();
    await announce('external-3', server.endpoints, 'meddled');
    await until('it is healthy', async () => (await healthOf('external-3')) === 'HEALTHY');
    const [check] = await checksOf(gateway, 'effect-external-3');
    const { host, port } = gateway.config.consul;
    const body = {
      Node: check?.Node,
      Address: 'virtual-node.invalid',
      SkipNodeUpdate: true,
      Check: {
        ...check,
        CheckID: 'service:effect-external-3',
        Status: 'critical',
        Output: 'by hand',
        Definition: { HTTP: server.endpoints.health },
      },
    };
    expect((await fetch(`http://${host}:${port}/v1/catalog/register`, { method: 'PUT', body: JSON.stringify(body) })).status).toBe(200);
    await until('its own word stands again', async () => {
      const [now] = await checksOf(gateway, 'effect-external-3');
      return now?.Status === 'passing' && now.Output !== 'by hand';
    });
    await until('it is healthy', async () => (await healthOf('external-3')) === 'HEALTHY');
  });

  it('should register again what vanished, or lost its check, once everything is looked at', async () => {
    const server = await newServer();
    await announce('external-4', server.endpoints, 'lost');
    await until('it is healthy', async () => (await healthOf('external-4')) === 'HEALTHY');
    const [place] = await placesOf(gateway, 'effect-external-4');
    const { host, port } = gateway.config.consul;
    const body = JSON.stringify({ Node: place?.Node, ServiceID: 'effect-external-4' });
    expect((await fetch(`http://${host}:${port}/v1/catalog/deregister`, { method: 'PUT', body })).status).toBe(200);
    await until('it stands again', async () => (await checksOf(gateway, 'effect-external-4')).length === 1);
    expect(await healthOf('external-4')).toBe('HEALTHY');
  });
});

describe('gateways of one registry in catalog mode', () => {
  afterEach(end);

  it('should share the probing, and take over from one that goes', async () => {
    const url = await freshDatabase();
    const env = await freshEnvironment({ ...QUICK, DATABASE_URL: url, CONSUL_DEREGISTER_CRITICAL_AFTER: '1m' });
    const first = await start({ ...env, GATEWAY_ID: 'one' });
    const second = await start({ ...env, GATEWAY_ID: 'two' });
    const server = await newServer();
    const ids = Array.from({ length: 20 }, (_, n) => `shared-${n}`);
    await Promise.all(ids.map((id) => announce(id, server.endpoints, 'shared')));
    await until('all are healthy', async () => (await first.client.healthy('shared')).length === ids.length);
    const changedBy = (gateway: RunningGateway) =>
      new Set(gateway.lines.flatMap(({ msg, serviceId }) => (msg === 'a check changed' ? [String(serviceId)] : [])));
    await until('both see both', () =>
      [first, second].every(({ lines }) =>
        lines.some(({ msg, gateways: count }) => msg === 'the gateways that share the probing changed' && count === 2),
      ),
    );
    server.answer(503);
    await until('none is healthy', async () => (await second.client.healthy('shared')).length === 0);
    const [ofFirst, ofSecond] = [changedBy(first), changedBy(second)];
    for (const part of [ofFirst, ofSecond]) expect(part.size).toBeGreaterThan(0);
    gateways.splice(gateways.indexOf(first), 1);
    await first.stop();
    server.answer(200);
    await until('all are healthy', async () => (await second.client.healthy('shared')).length === ids.length);
  });
});

describe('a change of CONSUL_MODE on a live registry', () => {
  afterEach(end);

  it.each([
    ['agent', 'catalog'],
    ['catalog', 'agent'],
  ])('should move every service from %s to %s without a moment in which one is missing', async (from, to) => {
    const url = await freshDatabase();
    const env = await freshEnvironment({ ...QUICK, DATABASE_URL: url, CONSUL_DEREGISTER_CRITICAL_AFTER: '1m' });
    const first = await start({ ...env, GATEWAY_ID: 'one', CONSUL_MODE: from });
    const server = await newServer();
    // Of this try alone: a failed one leaves its services in Consul.
    const capability = `moved-${from}-${randomUUID()}`;
    const ids = Array.from({ length: 30 }, (_, n) => `${capability}-${n}`);
    await Promise.all(ids.map((id) => announce(id, server.endpoints, capability)));
    await until('all are healthy', async () => (await first.client.healthy(capability)).length === ids.length);
    const second = await start({ ...env, GATEWAY_ID: 'two', CONSUL_MODE: to });
    // The one that leads decides: while it is there, nothing moves.
    const onAgent = async () => {
      const agentServices = Object.keys(z.record(z.string(), z.unknown()).parse(await consul(second.config, '/agent/services')));
      return agentServices.filter((id) => id.startsWith(`effect-${capability}-`)).length;
    };
    expect(await onAgent()).toBe(from === 'agent' ? ids.length : 0);
    // On a busy machine the first look at a health endpoint may be too late, and the node healthy only with the second.
    const before = await second.client.changes();
    const answers: number[] = [];
    const inConsul: number[] = [];
    let isOver = false;
    const watching = (async () => {
      const shape = z.array(z.object({ Service: z.object({ ID: z.string() }) }));
      while (!isOver) {
        answers.push((await second.client.healthy(capability)).length);
        const passing = shape.parse(await consul(second.config, '/health/service/effect-service?passing'));
        inConsul.push(new Set(passing.map(({ Service }) => Service.ID).filter((id) => id.startsWith(`effect-${capability}-`))).size);
      }
    })();
    gateways.splice(gateways.indexOf(first), 1);
    await first.stop();
    await until('all have moved', async () => (await onAgent()) === (to === 'agent' ? ids.length : 0), { timeout: 30_000 });
    await until('each stands at one place', async () => {
      const shape = z.array(z.object({ ServiceID: z.string() }));
      const all = shape.parse(await consul(second.config, '/catalog/service/effect-service'));
      return all.filter(({ ServiceID }) => ServiceID.startsWith(`effect-${capability}-`)).length === ids.length;
    });
    isOver = true;
    await watching;
    const changes = (await second.client.changes()).slice(before.length);
    expect(changes.filter(({ nodeId }) => nodeId?.startsWith(capability))).toEqual([]);
    expect(new Set(answers)).toEqual(new Set([ids.length]));
    expect(new Set(inConsul)).toEqual(new Set([ids.length]));
  });
});
