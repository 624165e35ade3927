import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { until } from '../../until.ts';
import { announcement, consul, freshEnvironment, healthServer, Nodes, type RunningGateway, runGateway } from './running-gateway.ts';

const checks = z.array(z.object({ ServiceID: z.string(), Status: z.string() }));

/** Consul's own probes, once a second. */
describe("Consul's checks", () => {
  let gateway: RunningGateway;
  let nodes: Nodes;
  let server: Awaited<ReturnType<typeof healthServer>>;

  beforeAll(async () => {
    gateway = await runGateway(
      await freshEnvironment({
        CONSUL_CHECK_INTERVAL: '1s',
        CONSUL_CHECK_TIMEOUT: '1s',
        CONSUL_SUCCESS_BEFORE_PASSING: '0',
        CONSUL_FAILURES_BEFORE_CRITICAL: '0',
      }),
    );
    nodes = await Nodes.connect(gateway.config);
    server = await healthServer();
  });

  afterAll(async () => {
    await nodes?.close();
    await gateway?.stop();
    await server?.close();
  });

  const health = async (nodeId: string) => (await gateway.client.node(nodeId))?.health;
  const becomes = (nodeId: string, wanted: string) =>
    until(`${nodeId} is ${wanted}`, async () => (await health(nodeId)) === wanted, { timeout: 8000 });
  const consulSays = (service: string, wanted: string) =>
    until(
      `Consul holds ${service} ${wanted}`,
      async () => checks.parse(await consul(gateway.config, `/health/checks/${service}`)).some(({ Status }) => Status === wanted),
      { timeout: 8000, interval: 5 },
    );

  it('should reach a subscriber within 2 s of Consul knowing, both ways', async () => {
    const service_name = `${gateway.config.environment}-switching`;
    await nodes.announce(announcement('switching', { service_name, endpoints: server.endpoints, capabilities: ['switch'] }));
    await becomes('switching', 'HEALTHY');
    const { seen, errors, stop } = await gateway.client.followFromNow({ nodeIds: ['switching'], changeTypes: ['HEALTH_CHANGED'] });
    for (const [status, word, found] of [
      [500, 'critical', []],
      [200, 'passing', ['switching']],
      [429, 'warning', []],
      [200, 'passing', ['switching']],
    ] as const) {
      const before = seen.length;
      server.answer(status);
      await consulSays(service_name, word);
      const knew = performance.now();
      await until(`the subscriber knows of ${word}`, () => seen.slice(before).find(({ reason }) => reason === `check_${word}`), {
        interval: 5,
      });
      expect(performance.now() - knew, word).toBeLessThan(2000);
      expect(await gateway.client.healthy('switch'), word).toEqual(found);
      if (word === 'warning') expect(await health('switching')).toBe('DEGRADED');
    }
    expect(errors).toEqual([]);
    stop();
  });

  it('should check by TCP where there is only an address', async () => {
    const listener = createServer((socket) => socket.end());
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const address = z.object({ port: z.number() }).parse(listener.address());
    const announced = announcement('grpc-1', { endpoints: { api: `grpc://127.0.0.1:${address.port}` }, capabilities: ['grpc'] });
    await nodes.announce(announced);
    await becomes('grpc-1', 'HEALTHY');
    expect(await gateway.client.healthy('grpc')).toEqual(['grpc-1']);
    await new Promise((resolve) => listener.close(resolve));
    await becomes('grpc-1', 'UNHEALTHY');
    expect(await gateway.client.healthy('grpc')).toEqual([]);
  });

  it('should not let a re-announcement of other content make a passing service flap', async () => {
    const endpoints = server.endpoints;
    await nodes.announce(announcement('steady', { endpoints, capabilities: ['steady'] }));
    await becomes('steady', 'HEALTHY');
    const { seen, stop } = await gateway.client.followFromNow({ nodeIds: ['steady'] });
    const answers = new Set<string>();
    for (let round = 0; round < 5; round += 1) {
      await nodes.announce(announcement('steady', { endpoints, capabilities: ['steady', `round-${round}`] }));
      await until(`round ${round} is registered`, async () => {
        answers.add((await gateway.client.healthy('steady')).join());
        return seen.filter(({ type }) => type === 'MODIFIED').length > round;
      });
    }
    expect(seen.filter(({ type }) => type === 'HEALTH_CHANGED')).toEqual([]);
    expect([...answers], 'no gap in the answers').toEqual(['steady']);
    stop();
  });

  it('should count what an announcement says of its own health like a heartbeat', async () => {
    await nodes.announce(announcement('self-1', { endpoints: server.endpoints, health_status: 'degraded' }));
    await becomes('self-1', 'DEGRADED');
    await nodes.announce(
      announcement('self-1', { endpoints: server.endpoints, current_state: { health_status: 'unhealthy' }, reason: 'health_change' }),
    );
    await becomes('self-1', 'UNHEALTHY');
    await nodes.announce(announcement('self-1', { endpoints: server.endpoints, health_status: 'HEALTHY', reason: 'health_change' }));
    await becomes('self-1', 'HEALTHY');
    expect((await gateway.client.changes('self-1')).map(({ type }) => type)).toEqual(['ADDED', 'HEALTH_CHANGED', 'HEALTH_CHANGED']);
  });
});
