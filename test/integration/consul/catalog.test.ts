import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CheckWriter } from '../../../src/consul/check-writer.ts';
import { VirtualNodes } from '../../../src/consul/virtual-nodes.ts';
import type { ServiceDefinition } from '../../../src/registry/ports.ts';
import { nodeId } from '../../unit/consul/node-content.ts';
import { recordedLog } from '../../unit/registry/fakes/recorded-log.ts';
import { until } from '../../until.ts';
import { sharedStack } from '../stack.ts';
import { ConsulRig, configOn, put, statusOf, VIRTUAL_NODES } from './rig.ts';

const rig = new ConsulRig();
beforeAll(() => rig.start());
afterEach(() => rig.clear());
afterAll(() => rig.stop());

/** A catalog of a registry of its own, and what writes the checks in it. */
function registry() {
  const registryId = randomUUID();
  const nodes = new VirtualNodes(registryId, VIRTUAL_NODES);
  const catalog = rig.catalogOn('catalog', sharedStack().consul, {}, registryId);
  const { log, lines } = recordedLog();
  const writer = new CheckWriter({ config: configOn('catalog', sharedStack().consul), registryId: () => registryId, log });
  rig.closes.push(() => writer.close());
  const placeOf = ({ id }: ServiceDefinition) => ({ node: nodes.homeOf(id), serviceId: id });
  const write = (service: ServiceDefinition, status: 'passing' | 'critical') =>
    writer.write(placeOf(service), service.check, { status, output: `${status} says the probe` });
  const register = async (service = catalog.define(rig.content(), 'hash')) => {
    await catalog.register(service, 'passing');
    rig.closes.push(() => catalog.deregister(service.id));
    return service;
  };
  return { catalog, writer, lines, placeOf, write, register };
}

describe('the watch of checks in the catalog', () => {
  it('should report a transition within a second of Consul knowing, and what becomes of it', async () => {
    const { catalog, write, register } = registry();
    const service = await register();
    const { now } = rig.follow(catalog);
    await until('the watch sees it', () => now(service.id)?.status === 'passing');
    for (const status of ['critical', 'passing', 'critical', 'passing'] as const) {
      expect(await write(service, status)).toBe(true);
      await until(`the watch says ${status}`, () => now(service.id)?.status === status, { timeout: 1000 });
      expect(now(service.id)?.output).toBe(`${status} says the probe`);
    }
  });

  it('should tell that a critical service is gone, and not that it passes', async () => {
    const { catalog, writer, placeOf, write, register } = registry();
    const service = await register();
    const { reports, vanished, now } = rig.follow(catalog);
    await until('the watch sees it', () => now(service.id)?.status === 'passing');
    expect(await writer.remove(placeOf(service), service.check)).toBe(false);
    await write(service, 'critical');
    await until('the watch says critical', () => now(service.id)?.status === 'critical');
    const before = reports.length;
    expect(await writer.remove(placeOf(service), service.check)).toBe(true);
    await until('it is gone', () => vanished()?.has(service.id), { timeout: 1000 });
    expect(now(service.id)).toBeUndefined();
    expect(reports.slice(before).some((checks) => checks.get(service.id)?.status === 'passing')).toBe(false);
  });

  it('should count maintenance mode', async () => {
    const { catalog, placeOf, register } = registry();
    const service = await register();
    const { now } = rig.follow(catalog);
    await until('the watch sees it', () => now(service.id)?.status === 'passing');
    const maintenance = { CheckID: `_service_maintenance:${service.id}`, Name: 'Maintenance', Status: 'critical', Notes: 'upgrade' };
    const { node } = placeOf(service);
    const body = { Node: node, SkipNodeUpdate: true, Address: 'virtual-node.invalid' };
    await put('/catalog/register', { ...body, Check: { ...maintenance, ServiceID: service.id } });
    const check = await until('the watch sees maintenance', () => (now(service.id)?.status === 'critical' ? now(service.id) : undefined));
    expect(check.output).toBe('upgrade');
    await put('/catalog/deregister', { Node: node, CheckID: maintenance.CheckID });
    await until('it passes again', () => now(service.id)?.status === 'passing');
  });

  it('should see what was registered after it began', async () => {
    const { catalog, write, register } = registry();
    const { reports, now } = rig.follow(catalog);
    await until('it watches', () => reports.length > 0);
    const service = await register();
    await write(service, 'critical');
    await until('the watch says critical', () => now(service.id)?.status === 'critical', { timeout: 1000 });
  });
});

describe('what writes the checks', () => {
  it('should not write over a registration that asks for another endpoint', async () => {
    const { catalog, writer, placeOf, write, register } = registry();
    const announced = rig.content();
    const service = await register(catalog.define(announced, 'hash'));
    const endpoints = [{ name: 'health', url: `${rig.endpoint}/moved-on` }];
    await catalog.register(catalog.define({ ...announced, endpoints }, 'hash-2'), 'passing');
    expect(await write(service, 'critical')).toBe(false);
    expect(await writer.remove(placeOf(service), service.check)).toBe(false);
    expect(await statusOf('catalog', service.id)).toEqual(['passing']);
    await catalog.deregister(service.id);
    expect(await write(service, 'critical')).toBe(false);
  });

  it('should write what changes, and nothing where it says so already', async () => {
    const { write, register } = registry();
    const service = await register();
    expect([await write(service, 'passing'), await write(service, 'critical'), await write(service, 'critical')]).toEqual([
      false,
      true,
      false,
    ]);
  });

  it('should keep bare addresses apart by host and port', async () => {
    const { catalog, write, register } = registry();
    const bare = rig.content({ endpoints: [] });
    const service = await register(catalog.define(bare, 'hash'));
    expect(await write({ ...service, check: { kind: 'tcp', host: '127.0.0.1', port: 1 } }, 'critical')).toBe(false);
    expect(await write(service, 'critical')).toBe(true);
  });
});

describe('many calls at once', () => {
  it('should each succeed or fail by itself', async () => {
    const { catalog, write, lines } = registry();
    const services = Array.from({ length: 300 }, (_, n) => catalog.define(rig.content({ nodeId: nodeId(`${randomUUID()}-${n}`) }), 'hash'));
    const wrong = catalog.define(rig.content({ address: '0.0.0.0' }), 'hash');
    const ends = await Promise.allSettled([...services, wrong].map((service) => catalog.register(service, 'passing')));
    expect(ends.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(ends.at(-1)?.status).toBe('rejected');
    expect(await catalog.owned()).toHaveLength(300);
    const { now } = rig.follow(catalog);
    expect(await Promise.all(services.map((service) => write(service, 'critical')))).toEqual(services.map(() => true));
    await until('the watch knows', () => services.every(({ id }) => now(id)?.status === 'critical'));
    expect(await Promise.all(services.map((service) => write(service, 'passing')))).toEqual(services.map(() => true));
    await until('the watch knows', () => services.every(({ id }) => now(id)?.status === 'passing'));
    await Promise.all(services.map(({ id }) => catalog.deregister(id)));
    expect(await catalog.owned()).toEqual([]);
    expect(lines).toEqual([]);
  });

  it('should not lose a write to another of the same service', async () => {
    const { catalog, register } = registry();
    const announced = rig.content();
    const service = await register(catalog.define(announced, 'hash'));
    const hashes = Array.from({ length: 20 }, (_, n) => `hash-${n}`);
    await Promise.all(hashes.map((hash) => catalog.register(catalog.define(announced, hash), 'passing')));
    const [standing] = await catalog.owned();
    expect(standing?.id).toBe(service.id);
    expect(hashes).toContain(standing?.contentHash);
  });
});
