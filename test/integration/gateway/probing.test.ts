import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { until } from '../../until.ts';
import { MortalNode } from './mortal-node.ts';
import { consul, freshEnvironment, Nodes, type RunningGateway, runGateway } from './running-gateway.ts';

/** From the death of an instance to the last answer that contains it, milliseconds. */
const BAR = 5000;

const explained = z.object({ handedOut: z.number(), withheld: z.array(z.object({ reason: z.string(), explanation: z.string() })) });
const reported = z.object({ probed: z.boolean(), outcome: z.string(), output: z.string().nullable() });
const ejected = z.object({ health: z.string(), checkStatus: z.string(), ejection: z.object({ error: z.string() }).nullable() });

// Consul checks every 30 s by default, and one such check may fall into the seconds in which a test has its instance fail. Here the
// gateway is alone with what it sees.
describe('answers that answer now', () => {
  let gateway: RunningGateway;
  let nodes: Nodes;
  const instances: MortalNode[] = [];

  beforeAll(async () => {
    gateway = await runGateway(await freshEnvironment({ CONSUL_CHECK_INTERVAL: '1h' }));
    nodes = await Nodes.connect(gateway.config);
  });

  afterAll(async () => {
    for (const instance of instances) instance.thaw();
    await Promise.all(instances.map((instance) => instance.kill()));
    await nodes?.close();
    await gateway?.stop();
  });

  /** So many instances of a new service, all of which are handed out. */
  async function service(name: string, count: number) {
    const serviceName = `${name}-${gateway.config.environment}`;
    const started = Array.from({ length: count }, (_, index) => new MortalNode(`${serviceName}-${index}`, serviceName));
    instances.push(...started);
    await Promise.all(started.map((instance) => instance.start()));
    await nodes.announce(...started.map((instance) => instance.announcement()));
    const ids = started.map(({ nodeId }) => nodeId);
    const ask = () => gateway.client.healthy(serviceName);
    await until('all are handed out', async () => (await ask()).length === count);
    const [first] = started;
    if (first === undefined) throw new Error('a service has at least one instance');
    return { serviceName, first, started, ids, ask };
  }

  /**
   * Asks all the time, until the answers have been these for a while. Returns when, in milliseconds from the beginning, the last other one
   * came; that must not be later than `within`.
   */
  async function becomes(ask: () => Promise<string[]>, wanted: readonly string[], { within = BAR, steady = 1000 } = {}): Promise<number> {
    const began = performance.now();
    let last = 0;
    await until(
      `the answers have been ${wanted.join()} for ${steady} ms`,
      async () => {
        const answer = await ask();
        const now = performance.now() - began;
        if (answer.join() !== wanted.join()) last = now;
        return now - last > steady;
      },
      { timeout: within + steady + 5000, interval: 20 },
    );
    expect(last, `milliseconds until the last answer other than ${wanted.join()}`).toBeLessThan(within);
    return last;
  }

  it('should not contain an instance 5 s after its kill -9, while Consul still calls it passing', async () => {
    const times: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      const { first, ids, ask, serviceName } = await service(`killed${round}`, 3);
      // Each time at another moment between two probes.
      await becomes(ask, ids, { steady: 1000 + 500 * round });
      await first.kill();
      times.push(await becomes(ask, ids.slice(1), { steady: round === 0 ? BAR : 1000 }));
      const checks = z.array(z.object({ ServiceID: z.string(), Status: z.string() }));
      for (const { Status } of checks.parse(await consul(gateway.config, `/health/checks/${serviceName}`))) expect(Status).toBe('passing');
    }
    console.log(`killed instances left the answers after ${times.map((time) => Math.round(time)).join(', ')} ms`);
  });

  it('should say why, to who asks for the node and to who asks why there is none', async () => {
    const { first, ask, serviceName } = await service('alone', 1);
    await first.kill();
    await becomes(ask, []);
    const node = await gateway.client.get(
      ejected,
      'nodeById',
      'query ($id: ID!) { nodeById(nodeId: $id) { health checkStatus ejection { error } } }',
      {
        id: first.nodeId,
      },
    );
    expect(node).toMatchObject({ health: 'HEALTHY', checkStatus: 'PASSING', ejection: { error: expect.stringContaining('ECONNREFUSED') } });
    const why = await gateway.client.get(
      explained,
      'explainDiscovery',
      'query ($c: String!) { explainDiscovery(capability: $c) { handedOut withheld { reason explanation } } }',
      { c: serviceName },
    );
    expect(why).toEqual({ handedOut: 0, withheld: [{ reason: 'EJECTED', explanation: expect.stringContaining('ECONNREFUSED') }] });
    const health = z.object({ metrics: z.object({ ejected: z.number() }) });
    expect(health.parse(await (await fetch(`${gateway.client.url}/health`)).json()).metrics.ejected).toBeGreaterThanOrEqual(1);
    const metrics = await (await fetch(`${gateway.client.url}/metrics`)).text();
    expect(metrics).toMatch(/discovery_gateway_ejected_instances [1-9]/);
    expect(metrics).toMatch(/discovery_gateway_probes_total\{outcome="critical"\} [1-9]/);
  });

  it('should not contain one that hangs, and contain it again when it goes on', async () => {
    const { first, ids, ask } = await service('frozen', 2);
    first.freeze();
    await becomes(ask, ids.slice(1));
    first.thaw();
    await becomes(ask, ids, { within: 10_000 });
  });

  it('should not contain one whose health endpoint answers 503, and contain it again when it answers 200', async () => {
    const { first, ids, ask } = await service('sick', 2);
    first.answer(503);
    await becomes(ask, ids.slice(1));
    first.answer(200);
    await becomes(ask, ids, { within: 10_000 });
  });

  it('should contain one at once that starts again and says so', async () => {
    const { first, ids, ask } = await service('reborn', 2);
    await first.kill();
    await becomes(ask, ids.slice(1));
    await first.start();
    await nodes.announce(first.announcement());
    await becomes(ask, ids, { within: 2000 });
  });

  it('should contain half of a service of which most is dead: no more than the two that have failed the longest are left out', async () => {
    const { started, ids, ask } = await service('dying', 4);
    await becomes(ask, ids);
    for (const instance of started.slice(0, 3)) {
      await instance.kill();
      await until('it is left out, or would be', async () => (await ask()).length <= 2 || !(await ask()).includes(instance.nodeId));
    }
    await becomes(ask, ids.slice(2));
  });

  it('should follow a report at once, and not believe it', async () => {
    const { first, ids, ask } = await service('reported', 2);
    await becomes(ask, ids);
    const report = (nodeId: string) =>
      gateway.client.get(
        reported,
        'reportFailure',
        'mutation ($id: ID!) { reportFailure(nodeId: $id, reason: "connection reset") { probed outcome output } }',
        { id: nodeId },
      );
    expect(await report(ids[1] ?? '')).toMatchObject({ probed: true, outcome: 'ANSWERING' });
    await first.kill();
    const began = performance.now();
    expect(await report(first.nodeId)).toMatchObject({ probed: true, outcome: 'EJECTED', output: expect.stringContaining('ECONNREFUSED') });
    expect(await ask()).toEqual(ids.slice(1));
    expect(performance.now() - began).toBeLessThan(1500);
  });

  it('should reach a live subscription, for which alone the instances are probed', async () => {
    const { first, ids, serviceName } = await service('live', 2);
    const { sets, stop } = gateway.client.followServices(serviceName);
    await until('the first set is there', () => sets.length === 1);
    const passed = async () => {
      const metrics = await (await fetch(`${gateway.client.url}/metrics`)).text();
      return Number(/^discovery_gateway_probes_total\{outcome="passing"\} (\d+)/m.exec(metrics)?.[1] ?? 0);
    };
    // Instances of earlier services drop out after 10 s; those of this one would, too, but for the subscription.
    const before = await passed();
    await until(
      'only the subscription is left to ask',
      async () => {
        const metrics = await (await fetch(`${gateway.client.url}/metrics`)).text();
        return metrics.includes('discovery_gateway_probed_instances 2\n') && (await passed()) > before + 14;
      },
      { timeout: 30_000, interval: 200 },
    );
    await first.kill();
    const began = performance.now();
    await until('the subscriber knows', () => sets.length === 2);
    expect(performance.now() - began).toBeLessThan(BAR);
    expect(sets).toEqual([ids, ids.slice(1)]);
    stop();
  });
});
