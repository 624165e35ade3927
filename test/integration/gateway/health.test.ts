import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../until.ts';
import { announcement, consul, freshEnvironment, healthServer, Nodes, type RunningGateway, runGateway } from './running-gateway.ts';

describe('health', () => {
  let gateway: RunningGateway;
  let nodes: Nodes;
  const servers: Awaited<ReturnType<typeof healthServer>>[] = [];
  const newServer = async () => {
    const server = await healthServer();
    servers.push(server);
    return server;
  };
  const health = async (nodeId: string) => (await gateway.client.node(nodeId))?.health;
  const becomes = (nodeId: string, wanted: string, timeout = 8000) =>
    until(`${nodeId} is ${wanted}`, async () => (await health(nodeId)) === wanted, { timeout });

  beforeAll(async () => {
    gateway = await runGateway(
      await freshEnvironment({
        CONSUL_CHECK_INTERVAL: '30s',
        HEARTBEAT_TIMEOUT_SECONDS: '2',
        CONSUL_SUCCESS_BEFORE_PASSING: '0',
        CONSUL_FAILURES_BEFORE_CRITICAL: '0',
      }),
    );
    nodes = await Nodes.connect(gateway.config);
  });

  afterAll(async () => {
    await nodes?.close();
    await gateway?.stop();
    await Promise.all(servers.map((server) => server.close()));
  });

  it('should return a node whose endpoint answers within 2 s, although Consul checks every 30 s', async () => {
    const { endpoints } = await newServer();
    await nodes.announce(announcement('quick-1', { endpoints, capabilities: ['quick'] }));
    await until('it is returned', async () => (await gateway.client.healthy('quick')).length === 1, { timeout: 2000 });
  });

  it('should not return one whose endpoint does not answer, until it does', async () => {
    const server = await newServer();
    server.answer(503);
    await nodes.announce(announcement('late-1', { endpoints: server.endpoints, capabilities: ['late'] }));
    await becomes('late-1', 'UNHEALTHY');
    expect(await gateway.client.healthy('late')).toEqual([]);
    server.answer(200);
    await becomes('late-1', 'HEALTHY', 10_000);
    expect(await gateway.client.healthy('late')).toEqual(['late-1']);
  });

  it('should be healthy by heartbeat only where there is no endpoint, and UNHEALTHY when it falls silent', async () => {
    await nodes.announce(announcement('beat-1', { capabilities: ['beat'] }));
    await becomes('beat-1', 'UNKNOWN');
    await nodes.heartbeat('beat-1');
    await becomes('beat-1', 'HEALTHY');
    await becomes('beat-1', 'UNHEALTHY');
    expect(await gateway.client.changes('beat-1')).toMatchObject([
      { type: 'ADDED' },
      { reason: 'heartbeat' },
      { type: 'HEALTH_CHANGED', reason: 'silence' },
    ]);
    expect((await gateway.client.node('beat-1'))?.lastHeartbeatAt).not.toBeNull();
  });

  it('should take the worse of check and heartbeat', async () => {
    const { endpoints } = await newServer();
    await nodes.announce(announcement('both-1', { endpoints }));
    await becomes('both-1', 'HEALTHY');
    await nodes.heartbeat('both-1', { health_status: 'CRITICAL' });
    await becomes('both-1', 'UNHEALTHY');
    await nodes.heartbeat('both-1', { health_status: 'recovering' });
    await becomes('both-1', 'DEGRADED');
    await nodes.heartbeat('both-1', { health_status: 'healthy' });
    await becomes('both-1', 'HEALTHY');
    // Silence while its check passes.
    await becomes('both-1', 'DEGRADED');
  });

  it('should follow Consul: critical reaches a subscriber, and the node leaves the answers', async () => {
    const { endpoints } = await newServer();
    await nodes.announce(announcement('crit-1', { endpoints, capabilities: ['crit'] }));
    await becomes('crit-1', 'HEALTHY');
    const subscriber = await gateway.client.followFromNow({ nodeIds: ['crit-1'] });
    // Maintenance mode is a critical check that appears at once, whatever the interval.
    await consul(gateway.config, '/agent/service/maintenance/effect-crit-1?enable=true', 'PUT');
    await until(
      'the subscriber knows',
      () => subscriber.seen.some(({ type, reason }) => type === 'HEALTH_CHANGED' && reason === 'check_critical'),
      { timeout: 4000 },
    );
    expect(await gateway.client.healthy('crit')).toEqual([]);
    await consul(gateway.config, '/agent/service/maintenance/effect-crit-1?enable=false', 'PUT');
    await until('it is back', async () => (await gateway.client.healthy('crit')).length === 1);
    subscriber.stop();
  });

  it('should register again what was lost in Consul, and expire what Consul dropped as critical', async () => {
    const [good, bad] = [await newServer(), await newServer()];
    bad.answer(500);
    await nodes.announce(announcement('lost-1', { endpoints: good.endpoints }), announcement('dropped-1', { endpoints: bad.endpoints }));
    await becomes('lost-1', 'HEALTHY');
    await becomes('dropped-1', 'UNHEALTHY');
    await consul(gateway.config, '/agent/service/deregister/effect-lost-1', 'PUT');
    await consul(gateway.config, '/agent/service/deregister/effect-dropped-1', 'PUT');
    await until('it expired', async () => (await gateway.client.node('dropped-1'))?.state === 'EXPIRED', { timeout: 10_000 });
    expect((await gateway.client.changes('dropped-1')).at(-1)).toMatchObject({ type: 'REMOVED', reason: 'consul_critical' });
    await until(
      'it stands again',
      async () => JSON.stringify(await consul(gateway.config, '/agent/services')).includes('"effect-lost-1"'),
      { timeout: 10_000 },
    );
    expect((await gateway.client.node('lost-1'))?.state).toBe('REGISTERED');
  });
});
