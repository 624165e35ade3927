import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../until.ts';
import { sharedStack } from '../stack.ts';
import { ConsulRig, statusOf } from './rig.ts';

const rig = new ConsulRig();
beforeAll(() => rig.start());
afterEach(() => rig.clear());
afterAll(() => rig.stop());

describe('the check that an agent runs', () => {
  it('should follow no redirect', async () => {
    const catalog = rig.catalogOn('agent', sharedStack().consul, { checkInterval: 100, failuresBeforeCritical: 1 });
    const service = catalog.define(rig.content({ endpoints: [{ name: 'health', url: `${rig.endpoint}/moved` }] }), 'hash');
    await catalog.register(service, 'passing');
    rig.closes.push(() => catalog.deregister(service.id));
    await until('the redirect counts as failure', async () => (await statusOf('agent', service.id))[0] === 'critical');
  });

  it('should need as many failures and successes as configured', async () => {
    const catalog = rig.catalogOn('agent', sharedStack().consul, { checkInterval: 200 });
    const service = catalog.define(rig.content(), 'hash');
    rig.requests = 0;
    await catalog.register(service, 'passing');
    rig.closes.push(() => catalog.deregister(service.id));
    // Thresholds start as if satisfied: the first success starts the counting.
    await until('Consul has checked twice', () => rig.requests >= 2);
    [rig.requests, rig.answer] = [0, 500];
    await until('it is critical', async () => (await statusOf('agent', service.id))[0] === 'critical');
    expect(rig.requests).toBeGreaterThanOrEqual(3);
    [rig.requests, rig.answer] = [0, 200];
    await until('it passes', async () => (await statusOf('agent', service.id))[0] === 'passing');
    expect(rig.requests).toBeGreaterThanOrEqual(2);
  });

  it('should check the new address once that is registered', async () => {
    const catalog = rig.catalogOn('agent', sharedStack().consul, {
      checkInterval: 100,
      failuresBeforeCritical: 1,
      successBeforePassing: 1,
    });
    const announced = rig.content();
    const service = catalog.define(announced, 'hash');
    await catalog.register(service, 'passing');
    rig.closes.push(() => catalog.deregister(service.id));
    const endpoints = [{ name: 'health', url: 'http://127.0.0.1:1/health' }];
    await catalog.register(catalog.define({ ...announced, endpoints }, 'hash-2'), 'passing');
    await until('the new address fails', async () => (await statusOf('agent', service.id))[0] === 'critical');
  });
});

describe('the watch of what an agent checks', () => {
  it('should report a transition within a second of Consul knowing', async () => {
    const catalog = rig.catalogOn('agent', sharedStack().consul, {
      checkInterval: 200,
      failuresBeforeCritical: 1,
      successBeforePassing: 1,
    });
    const service = catalog.define(rig.content(), 'hash');
    await catalog.register(service, 'passing');
    rig.closes.push(() => catalog.deregister(service.id));
    const { now } = rig.follow(catalog);
    await until('the watch sees it', () => now(service.id)?.status === 'passing');
    rig.answer = 503;
    await until('Consul knows', async () => (await statusOf('agent', service.id))[0] === 'critical');
    await until('the watch knows', () => now(service.id)?.status === 'critical', { timeout: 1000 });
    expect(now(service.id)?.output).toContain('answer 503');
    rig.answer = 200;
    await until('Consul knows', async () => (await statusOf('agent', service.id))[0] === 'passing');
    await until('the watch knows', () => now(service.id)?.status === 'passing', { timeout: 1000 });
    await catalog.deregister(service.id);
    await until('the watch knows', () => now(service.id) === undefined, { timeout: 1000 });
  });

  it('should count maintenance mode, and leave out the services of other registries', async () => {
    const [ours, theirs] = [rig.catalogOn('agent'), rig.catalogOn('agent')];
    const [mine, other] = [ours.define(rig.content(), 'hash'), theirs.define(rig.content(), 'hash')];
    await ours.register(mine, 'passing');
    await theirs.register(other, 'passing');
    rig.closes.push(
      () => ours.deregister(mine.id),
      () => theirs.deregister(other.id),
    );
    const { reports, now } = rig.follow(ours);
    await until('the watch sees it', () => now(mine.id));
    const { host, port: agentPort } = sharedStack().consul;
    const url = `http://${host}:${agentPort}/v1/agent/service/maintenance/${mine.id}?enable=true&reason=upgrade`;
    expect((await fetch(url, { method: 'PUT' })).status).toBe(200);
    const check = await until('the watch sees maintenance', () => (now(mine.id)?.status === 'critical' ? now(mine.id) : undefined));
    expect(check.output).toBe('upgrade');
    expect(reports.some((checks) => checks.has(other.id))).toBe(false);
  });
});
