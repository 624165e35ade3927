import { randomUUID } from 'node:crypto';
import { Resolver } from 'node:dns/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { VirtualNodes } from '../../../src/consul/virtual-nodes.ts';
import { messageOf, RefusedError, TakenError } from '../../../src/errors.ts';
import type { Stack } from '../../../src/local/stack.ts';
import { nodeId } from '../../unit/consul/node-content.ts';
import { until } from '../../until.ts';
import { mend, privateStack, sharedStack } from '../stack.ts';
import { ConsulRig, checksOf, consul, kindOf, put, statusOf, VIRTUAL_NODES } from './rig.ts';

type Listed = { readonly ServiceID: string };
const idIs = (id: string) => encodeURIComponent(`ServiceID == ${JSON.stringify(id)}`);

const rig = new ConsulRig();
beforeAll(() => rig.start());
afterEach(() => rig.clear());
afterAll(() => rig.stop());

describe.each(['agent', 'catalog'] as const)('a registration in Consul, CONSUL_MODE=%s', (mode) => {
  it('should stand with its content under the owner mark until it is deregistered', async () => {
    const catalog = rig.catalogOn(mode);
    const announced = rig.content({ announcedServiceName: 'database_adapter' });
    const service = catalog.define(announced, 'hash-1');
    expect([await catalog.exists(service.id), await catalog.standing(service)]).toEqual([false, 'gone']);
    await catalog.register(service, 'passing');
    expect([await catalog.exists(service.id), await catalog.standing(service)]).toEqual([true, 'whole']);
    expect(await catalog.owned()).toEqual([{ id: service.id, nodeId: announced.nodeId, contentHash: 'hash-1', isMisplaced: false }]);
    const listed = await until('it is in the catalog', () =>
      consul<readonly Listed[]>(`/catalog/service/database-adapter?filter=${idIs(service.id)}`),
    );
    expect(listed).toMatchObject([
      {
        ServiceName: 'database-adapter',
        ServiceAddress: '127.0.0.1',
        ServicePort: rig.port,
        ServiceTags: service.tags,
        ServiceMeta: service.meta,
      },
    ]);
    await catalog.deregister(service.id);
    await catalog.deregister(service.id);
    expect(await catalog.exists(service.id)).toBe(false);
    expect(await catalog.owned()).toEqual([]);
  });

  it('should be found by DNS', async () => {
    const catalog = rig.catalogOn(mode);
    const name = `adapter-${randomUUID().slice(0, 8)}`;
    const service = catalog.define(rig.content({ announcedServiceName: name }), 'hash');
    await catalog.register(service, 'passing');
    rig.closes.push(() => catalog.deregister(service.id));
    const { host, dnsPort } = sharedStack().consul;
    const resolver = new Resolver();
    resolver.setServers([`${host}:${dnsPort}`]);
    const [found] = await until('DNS knows the service', () => resolver.resolveSrv(`${name}.service.consul`));
    expect(found?.port).toBe(rig.port);
    expect(await resolver.resolve4(`${name}.service.consul`)).toEqual(['127.0.0.1']);
  });

  it("should be cut to Consul's limits, never refused", async () => {
    const catalog = rig.catalogOn(mode);
    const announced = rig.content({
      nodeId: nodeId(`${randomUUID()}${'日'.repeat(219)}`),
      name: 'ü'.repeat(2000),
      version: '9'.repeat(600),
      capabilities: Array.from({ length: 2000 }, (_, n) => `capability number ${n}`),
      announcedServiceName: 'long_name_'.repeat(20),
    });
    const service = catalog.define(announced, 'hash');
    await catalog.register(service, 'passing');
    rig.closes.push(() => catalog.deregister(service.id));
    expect(await catalog.owned()).toEqual([{ id: service.id, nodeId: announced.nodeId, contentHash: 'hash', isMisplaced: false }]);
  });

  it("should be refused for good with Consul's own words", async () => {
    const catalog = rig.catalogOn(mode);
    const refused = catalog.register(catalog.define(rig.content({ address: '0.0.0.0' }), 'hash'), 'passing');
    await expect(refused).rejects.toBeInstanceOf(RefusedError);
    await expect(refused).rejects.toThrow(/Invalid service address/);
  });

  it('should touch no service of another registry', async () => {
    const [ours, theirs] = [rig.catalogOn(mode), rig.catalogOn(mode)];
    const service = theirs.define(rig.content(), 'hash');
    await theirs.register(service, 'passing');
    rig.closes.push(() => theirs.deregister(service.id));
    const registration = ours.register({ ...service, meta: ours.define(rig.content(), 'hash').meta }, 'passing');
    // An agent holds one service of an id; in the catalog each registry has nodes of its own.
    if (mode === 'agent') await expect(registration).rejects.toBeInstanceOf(TakenError);
    else await registration;
    await ours.deregister(service.id);
    expect(await ours.exists(service.id)).toBe(false);
    expect(await theirs.exists(service.id)).toBe(true);
  });

  it('should leave a service alone that somebody put where its own would stand', async () => {
    const registryId = randomUUID();
    const catalog = rig.catalogOn(mode, sharedStack().consul, {}, registryId);
    const service = catalog.define(rig.content(), 'hash');
    const node = new VirtualNodes(registryId, VIRTUAL_NODES).homeOf(service.id);
    const body = { ID: service.id, Address: '10.0.0.1', Port: 1 };
    if (mode === 'agent') await put('/agent/service/register', { ...body, Name: 'by-hand' });
    else await put('/catalog/register', { Node: node, Address: '10.0.0.1', Service: { ...body, Service: 'by-hand' } });
    rig.closes.push(() =>
      mode === 'agent' ? put(`/agent/service/deregister/${service.id}`, {}) : put('/catalog/deregister', { Node: node }),
    );
    await expect(catalog.register(service, 'passing')).rejects.toBeInstanceOf(TakenError);
    await catalog.deregister(service.id);
    expect([await catalog.exists(service.id), await catalog.standing(service)]).toEqual([false, 'gone']);
    const alternative = await catalog.register(service, 'passing').catch((error) => (error instanceof TakenError ? error.alternative : ''));
    await catalog.register({ ...service, id: String(alternative) }, 'passing');
    expect((await catalog.owned()).map(({ id }) => id)).toEqual([alternative]);
    await catalog.deregister(String(alternative));
  });
});

describe.each(['agent', 'catalog'] as const)('the check of a registration, CONSUL_MODE=%s', (mode) => {
  it.each(['passing', 'warning', 'critical'] as const)('should start as %s', async (initial) => {
    const catalog = rig.catalogOn(mode);
    const service = catalog.define(rig.content(), 'hash');
    await catalog.register(service, initial);
    rig.closes.push(() => catalog.deregister(service.id));
    expect(await statusOf(mode, service.id)).toEqual([initial]);
  });

  it('should not flap when changed content of a passing node is registered', async () => {
    const catalog = rig.catalogOn(mode);
    const announced = rig.content();
    const service = catalog.define(announced, 'hash-1');
    await catalog.register(service, 'passing');
    rig.closes.push(() => catalog.deregister(service.id));
    const { reports, now } = rig.follow(catalog);
    await until('the watch sees it', () => now(service.id));
    for (const version of ['2.0.0', '3.0.0', '4.0.0']) {
      await catalog.register(catalog.define({ ...announced, version }, version), 'passing');
    }
    const marker = catalog.define(rig.content(), 'hash');
    await catalog.register(marker, 'critical');
    rig.closes.push(() => catalog.deregister(marker.id));
    await until('the watch has seen what came after', () => now(marker.id));
    expect(reports.map((checks) => checks.get(service.id)?.status)).toEqual(reports.map(() => 'passing'));
    expect(await checksOf(mode, service.id)).toHaveLength(1);
  });

  it('should take the wanted status where it stands with another', async () => {
    const catalog = rig.catalogOn(mode);
    const announced = rig.content();
    const { id } = catalog.define(announced, 'hash');
    rig.closes.push(() => catalog.deregister(id));
    for (const [n, initial] of (['critical', 'passing', 'warning', 'critical', 'passing'] as const).entries()) {
      await catalog.register(catalog.define(announced, `hash-${n}`), initial);
      expect(await statusOf(mode, id)).toEqual([initial]);
    }
  });

  it('should never be absent while it is replaced', async () => {
    const catalog = rig.catalogOn(mode);
    const announced = rig.content();
    const { id } = catalog.define(announced, 'hash');
    await catalog.register(catalog.define(announced, 'hash'), 'critical');
    rig.closes.push(() => catalog.deregister(id));
    const { reports, now } = rig.follow(catalog);
    await until('the watch sees it', () => now(id));
    for (let n = 0; n < 20; n += 1) {
      await catalog.register(catalog.define(announced, `hash-${n}`), n % 2 === 0 ? 'passing' : 'critical');
      expect(await checksOf(mode, id)).toHaveLength(1);
    }
    await catalog.register(catalog.define(announced, 'last'), 'warning');
    await until('the watch sees the last status', () => now(id)?.status === 'warning');
    expect(reports.filter((checks) => !checks.has(id))).toEqual([]);
  });

  it('should follow the kind that the content asks for', async () => {
    const catalog = rig.catalogOn(mode);
    const announced = rig.content();
    const { id } = catalog.define(announced, 'hash');
    rig.closes.push(() => catalog.deregister(id));
    const types: (readonly string[])[] = [];
    const kinds = [{}, { endpoints: [] }, { endpoints: [], port: null }, {}];
    for (const [n, different] of kinds.entries()) {
      await catalog.register(catalog.define({ ...announced, ...different }, `hash-${n}`), 'passing');
      types.push((await checksOf(mode, id)).map(kindOf));
    }
    expect(types).toEqual([['http'], ['tcp'], [], ['http']]);
  });
});

describe.each(['agent', 'catalog'] as const)('an outage of the agent, CONSUL_MODE=%s', (mode) => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await privateStack({ kafka: true, postgres: true });
  });

  beforeEach(() => mend(stack));
  afterAll(async () => {
    await stack.stop();
  });

  it('should delay the watch and lose no registration', async () => {
    const catalog = rig.catalogOn(mode, stack.consul, { checkInterval: 200, failuresBeforeCritical: 1, successBeforePassing: 1 });
    const service = catalog.define(rig.content(), 'hash');
    await catalog.register(service, 'passing');
    const { reports, errors, now } = rig.follow(catalog);
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
    const catalog = rig.catalogOn(mode, stack.consul);
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
