import { Resolver } from 'node:dns/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { NodeIntrospection } from '../../../src/node/index.ts';
import { until } from '../../until.ts';
import { sharedStack } from '../stack.ts';
import {
  announcement,
  consul,
  freshEnvironment,
  healthServer,
  Nodes,
  nodeTopics,
  type RunningGateway,
  runGateway,
  sql,
} from './running-gateway.ts';

/** Sections 6.4 and 8.2 of the research report that the gateway answers: its own verification, on real services. */
describe('the verification that the former registry never passed', () => {
  let gateway: RunningGateway;
  let orchestrator: NodeIntrospection;
  let adapter: NodeIntrospection;
  let nodes: Nodes;
  let url: string;
  const servers: Awaited<ReturnType<typeof healthServer>>[] = [];

  beforeAll(async () => {
    const env = await freshEnvironment();
    url = env['DATABASE_URL'] ?? '';
    gateway = await runGateway(env);
    nodes = await Nodes.connect(gateway.config);
    const [first, second] = [await healthServer(), await healthServer()];
    servers.push(first, second);
    const common = {
      kafka: nodes.kafka,
      environment: gateway.config.environment,
      nodeVersion: '1.0.0',
      heartbeatInterval: 500,
      topics: nodeTopics(gateway.config),
    };
    orchestrator = new NodeIntrospection({
      ...common,
      nodeId: 'orchestrator-001',
      nodeType: 'orchestrator',
      operations: ['execute_orchestration', 'route_operations'],
      endpoints: first.endpoints,
    });
    adapter = new NodeIntrospection({
      ...common,
      nodeId: 'adapter-001',
      nodeType: 'effect',
      serviceName: 'database-adapter',
      capabilities: ['query'],
      endpoints: second.endpoints,
    });
    expect(await orchestrator.start()).toBe(true);
    expect(await adapter.start()).toBe(true);
    await until('both are registered', async () => (await gateway.client.registered()).length === 2);
  });

  afterAll(async () => {
    await Promise.all([orchestrator?.stop(), adapter?.stop()]);
    await nodes?.close();
    await gateway?.stop();
    await Promise.all(servers.map((server) => server.close()));
  });

  it('should find the introspection on the topic, in the envelope that the report expects', async () => {
    const consumer = nodes.kafka.consumer({ groupId: `report-${gateway.config.environment}`, maxWaitTimeInMs: 100 });
    const heard: unknown[] = [];
    await consumer.connect();
    await consumer.subscribe({ topic: nodes.topic('introspection'), fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => void heard.push(JSON.parse(message.value?.toString() ?? 'null')) });
    const found = await until('its announcement is read', () =>
      heard.find((value) => z.object({ payload: z.object({ node_id: z.literal('orchestrator-001') }) }).safeParse(value).success),
    );
    await consumer.disconnect();
    expect(found).toMatchObject({ envelope_version: '1.0', event_type: 'NODE_INTROSPECTION', payload: { node_type: 'orchestrator' } });
  });

  it('should say `Consumed introspection` in the log, with the correlation id', () => {
    const line = gateway.lines.find(({ msg, nodeId }) => msg === 'Consumed introspection' && nodeId === 'orchestrator-001');
    expect(line).toMatchObject({ level: 'info', outcome: 'applied', reason: 'startup', correlationId: expect.stringMatching(/.{8}/) });
  });

  it('should stand in the agent with name, tags, address and a check', async () => {
    const services = z.record(z.string(), z.unknown()).parse(await consul(gateway.config, '/agent/services'));
    expect(services['orchestrator-orchestrator-001']).toMatchObject({
      ID: 'orchestrator-orchestrator-001',
      Service: 'orchestrator-service',
      Tags: expect.arrayContaining(['omninode', 'bridge', 'onex-v2.0', 'orchestrator', '1.0.0', 'execute_orchestration']),
      Address: '127.0.0.1',
      Port: servers[0]?.port,
    });
    const health = await consul(gateway.config, '/health/service/orchestrator-service?passing');
    expect(health).toEqual(
      expect.arrayContaining([expect.objectContaining({ Service: expect.objectContaining({ ID: 'orchestrator-orchestrator-001' }) })]),
    );
    const checks = z
      .record(z.string(), z.object({ ServiceID: z.string(), Status: z.string(), Interval: z.string(), Timeout: z.string() }))
      .parse(await consul(gateway.config, '/agent/checks'));
    expect(Object.values(checks).find(({ ServiceID }) => ServiceID === 'orchestrator-orchestrator-001')).toMatchObject({
      Status: 'passing',
      Interval: '30s',
      Timeout: '10s',
    });
  });

  it('should resolve over DNS', async () => {
    const resolver = new Resolver();
    resolver.setServers([`127.0.0.1:${sharedStack().consul.dnsPort}`]);
    for (const name of ['orchestrator-service', 'database-adapter']) {
      expect(await resolver.resolve4(`${name}.service.consul`)).toContain('127.0.0.1');
      const records = await resolver.resolveSrv(`${name}.service.consul`);
      expect(records.map(({ port }) => port)).toContain(servers[name === 'database-adapter' ? 1 : 0]?.port);
    }
  });

  it('should answer the SQL of the report', async () => {
    await until('its first heartbeat is copied', async () => {
      const rows = await sql(
        url,
        `select node_id, node_type, health_status, last_heartbeat, capabilities->>'node_version' as version
         from node_registrations order by registered_at desc`,
      );
      const row = rows.find((each) => each['node_id'] === 'orchestrator-001');
      expect(row).toMatchObject({ node_type: 'orchestrator', health_status: 'HEALTHY', version: '1.0.0' });
      return row?.['last_heartbeat'] instanceof Date;
    });
    const rows = await sql(url, `select * from node_registrations where node_id like 'orchestrator%'`);
    expect(rows).toHaveLength(1);
  });

  it('should be found over GraphQL: the error that began all this is gone', async () => {
    expect(await gateway.client.healthy('database-adapter')).toEqual(['adapter-001']);
    expect(await gateway.client.healthy('database_adapter')).toEqual(['adapter-001']);
    expect(await gateway.client.healthy('orchestrator')).toEqual(['orchestrator-001']);
    expect(await gateway.client.healthy('execute-orchestration')).toEqual(['orchestrator-001']);
    expect(await gateway.client.healthy('no-such-thing')).toEqual([]);
  });

  it('should find itself by service_discovery', async () => {
    await until('the gateway has registered itself', async () =>
      (await gateway.client.healthy('service_discovery')).includes(gateway.config.gatewayId),
    );
  });

  it('should know that both nodes acknowledged', async () => {
    await until(
      'they did',
      async () =>
        (await gateway.client.node('adapter-001'))?.acknowledgedAt && (await gateway.client.node('orchestrator-001'))?.acknowledgedAt,
    );
  });

  it('should register what a client that knows nothing but JSON sends', async () => {
    const server = await healthServer();
    servers.push(server);
    await nodes.announce(announcement('stranger-1', { endpoints: server.endpoints }));
    await until('it is found', async () => (await gateway.client.healthy('ping')).includes('stranger-1'), { timeout: 2000 });
  });
});
