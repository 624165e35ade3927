import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { until } from '../../until.ts';
import { freshEnvironment, Nodes, outcomes, type RunningGateway, runGateway } from './running-gateway.ts';
import { agreement, clearConsul, everythingIsCounted } from './truth.ts';

const folder = new URL('../../samples/', import.meta.url);
const sampleFile = z.object({ topic: z.string(), key: z.string().nullable(), value: z.unknown() });

/** What each sample of real nodes comes to, by the number in its name, in the order in which they are sent. */
const EXPECTED: readonly (readonly [string, 'introspection' | 'heartbeat' | 'acknowledgement', string])[] = [
  ['01', 'introspection', 'applied'],
  ['02', 'heartbeat', 'heartbeat'],
  ['20', 'heartbeat', 'heartbeat'],
  ['06', 'acknowledgement', 'acknowledged'],
  ['07', 'introspection', 'applied'],
  ['09', 'introspection', 'applied'],
  ['10', 'heartbeat', 'heartbeat'],
  ['11', 'introspection', 'applied'],
  ['13', 'introspection', 'ignored'],
  ['15', 'introspection', 'applied'],
  ['18', 'introspection', 'ignored'],
  ['19', 'introspection', 'ignored'],
  // Startup and goodbye of this node share their payload time.
  ['03', 'introspection', 'applied'],
];

const ORDERS = '6f1c0f7a-3b1e-4d0e-9a41-0c8c2f5d7e11';

describe.each([
  ['the legacy topics', 0, 'omninode_bridge'],
  ['the platform topics', 1, 'onex.evt.platform'],
] as const)('the samples of real nodes on %s', (_name, generation, topicPart) => {
  let gateway: RunningGateway;
  let nodes: Nodes;
  let url: string;

  beforeAll(async () => {
    const topics = (name: string) => `{env}.own.${name},{env}.omninode_bridge.onex.evt.${name}.v1,{env}.onex.evt.platform.${name}.v1`;
    const env = await freshEnvironment({
      // The gateway announces itself on the first topic of each list: the others carry nothing but the samples.
      KAFKA_INTROSPECTION_TOPICS: topics('node-introspection'),
      KAFKA_HEARTBEAT_TOPICS: topics('node-heartbeat'),
      KAFKA_ACKNOWLEDGEMENT_TOPICS: topics('node-registration-acked'),
    });
    url = env['DATABASE_URL'] ?? '';
    gateway = await runGateway(env);
    nodes = await Nodes.connect(gateway.config);
  });

  afterAll(async () => {
    await nodes?.close();
    await gateway?.stop();
    if (gateway !== undefined) await clearConsul(gateway.config, url);
  });

  async function send(number: string, meaning: 'introspection' | 'heartbeat' | 'acknowledgement'): Promise<void> {
    const name = readdirSync(folder).find((file) => file.startsWith(number)) ?? '';
    const { key, value } = sampleFile.parse(JSON.parse(readFileSync(new URL(name, folder), 'utf8')));
    await nodes.send(nodes.topic(meaning, generation + 1), { key, value: JSON.stringify(value) });
    await everythingIsCounted(nodes.kafka, gateway.config, url);
  }

  it('should count each sample once, as what it is', async () => {
    expect(EXPECTED.map(([number]) => number).sort()).toEqual(
      readdirSync(folder)
        .map((file) => file.slice(0, 2))
        .sort(),
    );
    let before = await outcomes(url, topicPart);
    for (const [number, meaning, outcome] of EXPECTED) {
      await send(number, meaning);
      const after = await outcomes(url, topicPart);
      expect(after, `sample ${number}`).toEqual({ ...before, [outcome]: (before[outcome] ?? 0) + 1 });
      before = after;
      if (number === '06') await until('the acknowledgement is known', async () => (await gateway.client.node(ORDERS))?.acknowledgedAt);
    }
  });

  it('should have registered what they announce', async () => {
    const registered = await agreement(gateway.config, url, [gateway.client]);
    expect([...registered.keys()].filter((nodeId) => nodeId !== gateway.config.gatewayId)).toEqual([
      '550e8400-e29b-41d4-a716-446655440000',
      'node-id-001',
      'orchestrator-001',
    ]);
    const { data } = await gateway.client.ask(`{
      orders: nodeById(nodeId: "${ORDERS}") { state stateReason version capabilities }
      doc: nodeById(nodeId: "550e8400-e29b-41d4-a716-446655440000") { type version capabilities port }
      golden: nodeById(nodeId: "node-id-001") { type version name capabilities reportedHealth }
      orchestrator: nodeById(nodeId: "orchestrator-001") { type version environment capabilities activeOperations cpuPercent }
    }`);
    expect(data).toEqual({
      orders: { state: 'REMOVED', stateReason: 'shutdown', version: '1.2.3', capabilities: ['execute_query'] },
      doc: { type: 'effect', version: '1.2.3', capabilities: ['postgres', 'read', 'write'], port: 8080 },
      golden: {
        type: 'intelligence',
        version: '1.0',
        name: 'golden-node-001',
        capabilities: ['pattern-extraction'],
        reportedHealth: 'healthy',
      },
      orchestrator: {
        type: 'orchestrator',
        version: '1.0.0',
        environment: 'production',
        capabilities: ['hash_generation', 'metadata_stamping', 'workflow_orchestration'],
        activeOperations: 5,
        cpuPercent: 45.2,
      },
    });
  });

  it('should let no replay bring back the node that said goodbye', async () => {
    await send('01', 'introspection');
    expect(await gateway.client.node(ORDERS)).toMatchObject({ state: 'REMOVED', consulServiceId: null });
    await send('03', 'introspection');
    expect(await outcomes(url, topicPart)).toMatchObject({ superseded: 1, unchanged: 1 });
  });
});
