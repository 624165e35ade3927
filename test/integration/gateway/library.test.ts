import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Accepted, NodeIntrospection, type NodeIntrospectionOptions } from '../../../src/node/index.ts';
import { until } from '../../until.ts';
import { freshDatabase } from '../stack.ts';
import { freshEnvironment, healthServer, Nodes, nodeTopics, ownServices, type RunningGateway, runGateway, sql } from './running-gateway.ts';

describe('nodes of the library', () => {
  let gateway: RunningGateway;
  let env: Record<string, string>;
  let nodes: Nodes;
  let server: Awaited<ReturnType<typeof healthServer>>;
  const running: NodeIntrospection[] = [];

  beforeAll(async () => {
    env = await freshEnvironment();
    gateway = await runGateway(env);
    nodes = await Nodes.connect(gateway.config);
    server = await healthServer();
  });

  afterEach(async () => {
    await Promise.all(running.splice(0).map((node) => node.stop()));
  });

  afterAll(async () => {
    await nodes?.close();
    await gateway?.stop();
    await server?.close();
  });

  function newNode(nodeId: string, options: Partial<NodeIntrospectionOptions> = {}): NodeIntrospection {
    const node = new NodeIntrospection({
      kafka: nodes.kafka,
      nodeId,
      nodeType: 'compute',
      environment: gateway.config.environment,
      topics: nodeTopics(gateway.config),
      endpoints: server.endpoints,
      capabilities: ['count'],
      broadcastJitter: 10,
      ...options,
    });
    running.push(node);
    return node;
  }

  const isRegistered = (nodeId: string, { client } = gateway) =>
    until(`${nodeId} is registered`, async () => (await client.node(nodeId))?.state === 'REGISTERED');

  /** Until the node hears requests: one that is only announced would miss them. */
  const hears = (lines: readonly string[]) => until('the node listens', () => lines.some((line) => line.startsWith('listens')));

  function logger(lines: string[]) {
    const say = (_: object, message: string) => void lines.push(message);
    return { debug: say, info: say, warn: say };
  }

  it('should be told that they are registered, acknowledge it, change what they can do, and leave', async () => {
    const accepted: Accepted[] = [];
    const node = newNode('whole-1', { onAccepted: (event) => void accepted.push(event) });
    expect(await node.start()).toBe(true);
    await until('it is told', () => accepted.length > 0);
    expect(accepted[0]).toMatchObject({ consulServiceId: 'compute-whole-1' });
    await until('it acknowledged', async () => (await gateway.client.node('whole-1'))?.acknowledgedAt);
    expect(await gateway.client.healthy('count')).toContain('whole-1');
    expect(await node.setCapabilities(['count', 'sum'])).toBe(true);
    await until('it is found by what it can do now', async () => (await gateway.client.healthy('sum')).includes('whole-1'));
    await node.stop();
    await until('it left', async () => (await gateway.client.node('whole-1'))?.state === 'REMOVED');
    expect((await gateway.client.changes('whole-1')).map(({ type, reason }) => [type, reason])).toEqual([
      ['ADDED', 'startup'],
      ['MODIFIED', 'capability_change'],
      ['REMOVED', 'shutdown'],
    ]);
  });

  it('should come back after each restart, though all lives share one node id', async () => {
    const node = newNode('lives-1');
    for (const life of [1, 2, 3]) {
      await node.start();
      await isRegistered('lives-1');
      await node.stop();
      await until(`life ${life} ended`, async () => (await gateway.client.node('lives-1'))?.state === 'REMOVED');
    }
    expect((await gateway.client.changes('lives-1')).map(({ type }) => type)).toEqual([1, 2, 3].flatMap(() => ['ADDED', 'REMOVED']));
  });

  it('should stay away when an operator removed them, whatever they say, until an operator asks', async () => {
    const lines: string[] = [];
    const node = newNode('banned-1', { logger: logger(lines), heartbeatInterval: 50 });
    await node.start();
    await isRegistered('banned-1');
    await hears(lines);
    const removal = await gateway.client.ask(
      'mutation { deregister(nodeId: "banned-1", reason: "ghost") { cursor } }',
      {},
      { 'x-operator': 'ann' },
    );
    expect(removal.errors).toBeUndefined();
    expect(await node.publishIntrospection('periodic')).toBe(true);
    await until('what it said was read', () =>
      gateway.lines.some((line) => line['nodeId'] === 'banned-1' && line['outcome'] === 'superseded' && line['reason'] === 'periodic'),
    );
    expect(await gateway.client.node('banned-1')).toMatchObject({ state: 'REMOVED', stateReason: 'operator', consulServiceId: null });
    await gateway.client.ask('mutation { requestIntrospection(nodeId: "banned-1") { correlationId } }', {}, { 'x-operator': 'ann' });
    await isRegistered('banned-1');
    await until('it is found again', async () => (await gateway.client.healthy('count')).includes('banned-1'));
  });

  it('should fill a registry that lost its database: the gateway asks everybody when it starts', async () => {
    const said: [string[], string[]] = [[], []];
    for (const index of [0, 1] as const) await newNode(`kept-${index}`, { logger: logger(said[index]) }).start();
    for (const index of [0, 1] as const) {
      await isRegistered(`kept-${index}`);
      await hears(said[index]);
    }
    // The same group has read all announcements, so that only an answer can bring the nodes.
    await gateway.stop();
    const url = await freshDatabase();
    gateway = await runGateway({ ...env, DATABASE_URL: url });
    for (const index of [0, 1]) await isRegistered(`kept-${index}`);
    const [registry] = await sql(url, 'select registry_id::text as id from registry');
    await until('Consul knows them under the new mark', async () => {
      const services = await ownServices(gateway.config, String(registry?.['id']));
      // The services of the registry that is gone still stand there, under the plain ids: these stand beside them.
      const nodeIds = new Set([...services.values()].map(({ Meta }) => Meta['node_id']));
      return [0, 1].every((index) => nodeIds.has(`kept-${index}`));
    });
  });

  it('should be asked by a gateway that hears a heartbeat and knows nothing of them', async () => {
    const lines: string[] = [];
    const node = newNode('beats-1', { logger: logger(lines), heartbeatInterval: 100 });
    await node.start();
    await isRegistered('beats-1');
    await hears(lines);
    // As if the row had been lost: the next start has nothing, and what the gateway asked everybody at that start was not heard.
    await gateway.stop();
    await sql(gateway.config.postgres.url ?? '', `delete from node_registrations where node_id = 'beats-1'`);
    await sql(gateway.config.postgres.url ?? '', `delete from node_liveness where node_id = 'beats-1'`);
    gateway = await runGateway({ ...env, DATABASE_URL: gateway.config.postgres.url ?? '' });
    await isRegistered('beats-1');
    await until('its heartbeats count', async () => (await gateway.client.node('beats-1'))?.lastHeartbeatAt);
  });
});
