import { randomUUID } from 'node:crypto';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ConsulConfig } from '../../src/config/consul.ts';
import { AgentCatalog } from '../../src/consul/agent-catalog.ts';
import { messageOf, RefusedError } from '../../src/errors.ts';
import type { NodeContent } from '../../src/events/announcement.ts';
import type { Stack } from '../../src/local/stack.ts';
import type { ObservedCheck } from '../../src/registry/ports.ts';
import { nodeContent, nodeId } from '../unit/consul/node-content.ts';
import { until } from '../until.ts';
import { mend, privateStack, sharedStack } from './stack.ts';

type Agent = { readonly host: string; readonly port: number };
type Row = { readonly CheckID: string; readonly Status: string; readonly ServiceID: string; readonly Type: string };

/** The node that all services here point at. */
let endpoint = '';
let port = 0;
let answer = 200;
let requests = 0;
const node = createServer((request, response) => {
  requests += 1;
  if (request.url === '/moved') response.writeHead(302, { location: '/health' }).end();
  else response.writeHead(answer).end(`answer ${answer}`);
});

const closes: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  node.listen(0, '127.0.0.1');
  await once(node, 'listening');
  const address = node.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
  endpoint = `http://127.0.0.1:${port}`;
});
afterEach(async () => {
  for (const close of closes.splice(0).reverse()) await close();
  answer = 200;
});
afterAll(() => {
  node.closeAllConnections();
  node.close();
});

function catalogOn(
  agent: Agent = sharedStack().consul,
  different: Partial<ConsulConfig> = {},
  registryId: string = randomUUID(),
): AgentCatalog {
  const catalog = new AgentCatalog({
    registryId: () => registryId,
    config: {
      host: agent.host,
      port: agent.port,
      token: null,
      secure: false,
      caFile: null,
      checkInterval: 60_000,
      checkTimeout: 1000,
      successBeforePassing: 2,
      failuresBeforeCritical: 3,
      deregisterCriticalAfter: 90_000,
      ...different,
    },
  });
  closes.push(() => catalog.close());
  return catalog;
}

function content(different: Partial<NodeContent> = {}): NodeContent {
  const endpoints = [{ name: 'health', url: `${endpoint}/health` }];
  return nodeContent({ nodeId: nodeId(randomUUID()), endpoints, address: '127.0.0.1', port, ...different });
}

async function consul<T>(path: string, agent: Agent = sharedStack().consul): Promise<T> {
  const response = await fetch(`http://${agent.host}:${agent.port}/v1${path}`);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

async function checksOf(serviceId: string): Promise<readonly Row[]> {
  const filter = encodeURIComponent(`ServiceID == ${JSON.stringify(serviceId)}`);
  return Object.values(await consul<Record<string, Row>>(`/agent/checks?filter=${filter}`));
}

async function statusOf(serviceId: string): Promise<readonly string[]> {
  return (await checksOf(serviceId)).map((check) => check.Status);
}

/** Follows the checks until the test ends. */
function follow(catalog: AgentCatalog) {
  const abort = new AbortController();
  const reports: ReadonlyMap<string, ObservedCheck>[] = [];
  const errors: Error[] = [];
  const done = catalog.followChecks(
    (checks) => reports.push(checks),
    (error) => errors.push(error),
    abort.signal,
  );
  closes.push(async () => {
    abort.abort();
    await done;
  });
  const now = (serviceId: string) => reports.at(-1)?.get(serviceId);
  return { reports, errors, now };
}

describe('a registration in Consul', () => {
  it('should stand with its content under the owner mark until it is deregistered', async () => {
    const catalog = catalogOn();
    const announced = content({ announcedServiceName: 'database_adapter' });
    const service = catalog.define(announced, 'hash-1');
    expect([await catalog.exists(service.id), await catalog.standing(service)]).toEqual([false, 'gone']);
    await catalog.register(service, 'passing');
    expect([await catalog.exists(service.id), await catalog.standing(service)]).toEqual([true, 'whole']);
    expect(await catalog.owned()).toEqual([{ id: service.id, nodeId: announced.nodeId, contentHash: 'hash-1' }]);
    expect(await consul(`/agent/service/${service.id}`)).toMatchObject({
      Service: 'database-adapter',
      Address: '127.0.0.1',
      Port: port,
      Tags: service.tags,
      Meta: service.meta,
    });
    await catalog.deregister(service.id);
    await catalog.deregister(service.id);
    expect(await catalog.exists(service.id)).toBe(false);
    expect(await catalog.owned()).toEqual([]);
  });

  it('should be found by DNS', async () => {
    const catalog = catalogOn();
    const name = `adapter-${randomUUID().slice(0, 8)}`;
    const service = catalog.define(content({ announcedServiceName: name }), 'hash');
    await catalog.register(service, 'passing');
    closes.push(() => catalog.deregister(service.id));
    const { host, dnsPort } = sharedStack().consul;
    const resolver = new Resolver();
    resolver.setServers([`${host}:${dnsPort}`]);
    const [found] = await until('DNS knows the service', () => resolver.resolveSrv(`${name}.service.consul`));
    expect(found?.port).toBe(port);
    expect(await resolver.resolve4(`${name}.service.consul`)).toEqual(['127.0.0.1']);
  });

  it("should be cut to Consul's limits, never refused", async () => {
    const catalog = catalogOn();
    const announced = content({
      nodeId: nodeId(`${randomUUID()}${'日'.repeat(219)}`),
      name: 'ü'.repeat(2000),
      version: '9'.repeat(600),
      capabilities: Array.from({ length: 2000 }, (_, n) => `capability number ${n}`),
      announcedServiceName: 'long_name_'.repeat(20),
    });
    const service = catalog.define(announced, 'hash');
    await catalog.register(service, 'passing');
    closes.push(() => catalog.deregister(service.id));
    expect(await catalog.owned()).toEqual([{ id: service.id, nodeId: announced.nodeId, contentHash: 'hash' }]);
  });

  it("should be refused for good with Consul's own words", async () => {
    const catalog = catalogOn();
    const refused = catalog.register(catalog.define(content({ address: '0.0.0.0' }), 'hash'), 'passing');
    await expect(refused).rejects.toBeInstanceOf(RefusedError);
    await expect(refused).rejects.toThrow(/Invalid service address/);
  });

  it('should touch no service of another registry', async () => {
    const [ours, theirs] = [catalogOn(), catalogOn()];
    const service = theirs.define(content(), 'hash');
    await theirs.register(service, 'passing');
    await expect(ours.register({ ...service, meta: ours.define(content(), 'hash').meta }, 'passing')).rejects.toBeInstanceOf(RefusedError);
    await ours.deregister(service.id);
    expect(await ours.exists(service.id)).toBe(false);
    expect(await theirs.exists(service.id)).toBe(true);
    await theirs.deregister(service.id);
  });
});

describe('the check of a registration', () => {
  it.each(['passing', 'warning', 'critical'] as const)('should start as %s', async (initial) => {
    const catalog = catalogOn();
    const service = catalog.define(content(), 'hash');
    await catalog.register(service, initial);
    closes.push(() => catalog.deregister(service.id));
    expect(await statusOf(service.id)).toEqual([initial]);
  });

  it('should not flap when changed content of a passing node is registered', async () => {
    const catalog = catalogOn();
    const announced = content();
    const service = catalog.define(announced, 'hash-1');
    await catalog.register(service, 'passing');
    closes.push(() => catalog.deregister(service.id));
    const { reports, now } = follow(catalog);
    await until('the watch sees it', () => now(service.id));
    for (const version of ['2.0.0', '3.0.0', '4.0.0']) {
      await catalog.register(catalog.define({ ...announced, version }, version), 'passing');
    }
    const marker = catalog.define(content(), 'hash');
    await catalog.register(marker, 'passing');
    closes.push(() => catalog.deregister(marker.id));
    await until('the watch has seen what came after', () => now(marker.id));
    expect(reports.map((checks) => checks.get(service.id)?.status)).toEqual(reports.map(() => 'passing'));
    expect(await checksOf(service.id)).toHaveLength(1);
  });

  it('should take the wanted status where it stands with another', async () => {
    const catalog = catalogOn();
    const announced = content();
    const { id } = catalog.define(announced, 'hash');
    closes.push(() => catalog.deregister(id));
    for (const [n, initial] of (['critical', 'passing', 'warning', 'critical', 'passing'] as const).entries()) {
      await catalog.register(catalog.define(announced, `hash-${n}`), initial);
      expect(await statusOf(id)).toEqual([initial]);
    }
  });

  it('should never be absent while it is replaced', async () => {
    const catalog = catalogOn();
    const announced = content();
    const { id } = catalog.define(announced, 'hash');
    await catalog.register(catalog.define(announced, 'hash'), 'critical');
    closes.push(() => catalog.deregister(id));
    const { reports, now } = follow(catalog);
    await until('the watch sees it', () => now(id));
    for (let n = 0; n < 20; n += 1) {
      await catalog.register(catalog.define(announced, `hash-${n}`), n % 2 === 0 ? 'passing' : 'critical');
      expect(await checksOf(id)).toHaveLength(1);
    }
    await catalog.register(catalog.define(announced, 'last'), 'warning');
    await until('the watch sees the last status', () => now(id)?.status === 'warning');
    expect(reports.filter((checks) => !checks.has(id))).toEqual([]);
  });

  it('should follow the kind that the content asks for', async () => {
    const catalog = catalogOn();
    const announced = content();
    const { id } = catalog.define(announced, 'hash');
    closes.push(() => catalog.deregister(id));
    const types: (readonly string[])[] = [];
    const kinds = [{}, { endpoints: [] }, { endpoints: [], port: null }, {}];
    for (const [n, different] of kinds.entries()) {
      await catalog.register(catalog.define({ ...announced, ...different }, `hash-${n}`), 'passing');
      types.push((await checksOf(id)).map((check) => check.Type));
    }
    expect(types).toEqual([['http'], ['tcp'], [], ['http']]);
  });

  it('should follow no redirect', async () => {
    const catalog = catalogOn(sharedStack().consul, { checkInterval: 100, failuresBeforeCritical: 1 });
    const service = catalog.define(content({ endpoints: [{ name: 'health', url: `${endpoint}/moved` }] }), 'hash');
    await catalog.register(service, 'passing');
    closes.push(() => catalog.deregister(service.id));
    await until('the redirect counts as failure', async () => (await statusOf(service.id))[0] === 'critical');
  });

  it('should need as many failures and successes as configured', async () => {
    const catalog = catalogOn(sharedStack().consul, { checkInterval: 200 });
    const service = catalog.define(content(), 'hash');
    requests = 0;
    await catalog.register(service, 'passing');
    closes.push(() => catalog.deregister(service.id));
    // Thresholds start as if satisfied: the first success starts the counting.
    await until('Consul has checked twice', () => requests >= 2);
    [requests, answer] = [0, 500];
    await until('it is critical', async () => (await statusOf(service.id))[0] === 'critical');
    expect(requests).toBeGreaterThanOrEqual(3);
    [requests, answer] = [0, 200];
    await until('it passes', async () => (await statusOf(service.id))[0] === 'passing');
    expect(requests).toBeGreaterThanOrEqual(2);
  });

  it('should check the new address once that is registered', async () => {
    const catalog = catalogOn(sharedStack().consul, { checkInterval: 100, failuresBeforeCritical: 1, successBeforePassing: 1 });
    const announced = content();
    const service = catalog.define(announced, 'hash');
    await catalog.register(service, 'passing');
    closes.push(() => catalog.deregister(service.id));
    const endpoints = [{ name: 'health', url: 'http://127.0.0.1:1/health' }];
    await catalog.register(catalog.define({ ...announced, endpoints }, 'hash-2'), 'passing');
    await until('the new address fails', async () => (await statusOf(service.id))[0] === 'critical');
  });
});

describe('the watch', () => {
  it('should report a transition within a second of Consul knowing', async () => {
    const catalog = catalogOn(sharedStack().consul, { checkInterval: 200, failuresBeforeCritical: 1, successBeforePassing: 1 });
    const service = catalog.define(content(), 'hash');
    await catalog.register(service, 'passing');
    closes.push(() => catalog.deregister(service.id));
    const { now } = follow(catalog);
    await until('the watch sees it', () => now(service.id)?.status === 'passing');
    answer = 503;
    await until('Consul knows', async () => (await statusOf(service.id))[0] === 'critical');
    await until('the watch knows', () => now(service.id)?.status === 'critical', { timeout: 1000 });
    expect(now(service.id)?.output).toContain('answer 503');
    answer = 200;
    await until('Consul knows', async () => (await statusOf(service.id))[0] === 'passing');
    await until('the watch knows', () => now(service.id)?.status === 'passing', { timeout: 1000 });
    await catalog.deregister(service.id);
    await until('the watch knows', () => now(service.id) === undefined, { timeout: 1000 });
  });

  it('should count maintenance mode, and leave out the services of other registries', async () => {
    const [ours, theirs] = [catalogOn(), catalogOn()];
    const [mine, other] = [ours.define(content(), 'hash'), theirs.define(content(), 'hash')];
    await ours.register(mine, 'passing');
    await theirs.register(other, 'passing');
    closes.push(
      () => ours.deregister(mine.id),
      () => theirs.deregister(other.id),
    );
    const { reports, now } = follow(ours);
    await until('the watch sees it', () => now(mine.id));
    const { host, port: agentPort } = sharedStack().consul;
    const url = `http://${host}:${agentPort}/v1/agent/service/maintenance/${mine.id}?enable=true&reason=upgrade`;
    expect((await fetch(url, { method: 'PUT' })).status).toBe(200);
    const check = await until('the watch sees maintenance', () => (now(mine.id)?.status === 'critical' ? now(mine.id) : undefined));
    expect(check.output).toBe('upgrade');
    expect(reports.some((checks) => checks.has(other.id))).toBe(false);
  });
});

describe('an outage of the agent', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await privateStack({ kafka: true, postgres: true });
  });

  beforeEach(() => mend(stack));
  afterAll(async () => {
    await stack.stop();
  });

  it('should delay the watch and lose no registration', async () => {
    const catalog = catalogOn(stack.consul, { checkInterval: 200, failuresBeforeCritical: 1, successBeforePassing: 1 });
    const service = catalog.define(content(), 'hash');
    await catalog.register(service, 'passing');
    const { reports, errors, now } = follow(catalog);
    await until('the watch sees it', () => now(service.id)?.status === 'passing');
    await stack.consul.kill();
    await until('the watch reports the outage', () => errors.length > 0);
    await expect(catalog.exists(service.id)).rejects.toThrow(/Consul/);
    const before = reports.length;
    await stack.consul.start();
    await until('the watch reports again', () => reports.length > before);
    await until('the service passes', () => now(service.id)?.status === 'passing');
    expect((await catalog.owned()).map(({ id }) => id)).toEqual([service.id]);
  });

  it('should end a call that hangs within its deadline', async () => {
    const catalog = catalogOn(stack.consul);
    expect(await catalog.exists('effect-nobody')).toBe(false);
    await stack.consul.pause();
    let start = 0;
    const error = await until('a call hangs', () => {
      start = performance.now();
      return catalog.exists('effect-nobody').then(() => undefined, messageOf);
    });
    expect(error).toMatch(/outcome unknown/);
    expect(performance.now() - start).toBeLessThan(4000);
    await stack.consul.resume();
    await until('it answers again', async () => (await catalog.exists('effect-nobody')) === false);
  });
});
