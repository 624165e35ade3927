import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { until } from '../../until.ts';
import { freshEnvironment, healthServer, Nodes, type RunningGateway, runGateway } from './running-gateway.ts';
import { clearConsul } from './truth.ts';

const explanation = z.object({
  summary: z.string(),
  handedOut: z.number(),
  names: z.array(z.object({ normalized: z.string(), matchedBy: z.array(z.string()) })),
  withheld: z.array(z.object({ node: z.object({ nodeId: z.string() }), reason: z.string(), explanation: z.string() })),
  suggestions: z.array(z.object({ name: z.string() })),
  rejectedEvents: z.array(z.object({ reason: z.string() })),
});
const NODE_ID = '550e8400-e29b-41d4-a716-446655440000';

/** As a real database adapter announces itself, under the name that the orchestrator asks for. */
function announced(endpoints: object): object {
  const sample = new URL('../../samples/07_infra_legacy_doc_introspection_bare.json', import.meta.url);
  const { value } = z
    .object({ value: z.looseObject({ node_id: z.literal(NODE_ID), node_type: z.string() }) })
    .parse(JSON.parse(readFileSync(sample, 'utf8')));
  const { node_id, node_type, ...rest } = value;
  // The name near the start, which is what is kept of a message that is refused.
  return { node_id, node_type, service_name: 'database_adapter', ...rest, endpoints, timestamp: new Date().toISOString() };
}

describe("`Unable to resolve service 'database-adapter'`", () => {
  let gateway: RunningGateway;
  let nodes: Nodes;
  let url: string;
  let server: Awaited<ReturnType<typeof healthServer>>;

  beforeAll(async () => {
    const env = await freshEnvironment();
    url = env['DATABASE_URL'] ?? '';
    gateway = await runGateway(env);
    nodes = await Nodes.connect(gateway.config);
    server = await healthServer();
  });

  afterAll(async () => {
    await nodes?.close();
    await gateway?.stop();
    await server?.close();
    if (gateway !== undefined) await clearConsul(gateway.config, url);
  });

  const resolve = (capability: string) =>
    gateway.client.get(
      z.array(z.object({ nodeId: z.string(), url: z.string() })),
      'healthyServices',
      'query ($c: String!) { healthyServices(capability: $c) { nodeId url } }',
      { c: capability },
    );
  const explain = (capability: string) =>
    gateway.client.get(
      explanation,
      'explainDiscovery',
      `query ($c: String!) { explainDiscovery(capability: $c) {
        summary handedOut names { normalized matchedBy } withheld { node { nodeId } reason explanation } suggestions { name }
        rejectedEvents { reason }
      } }`,
      { c: capability },
    );

  it('should say why before the node is there', async () => {
    expect(await resolve('database-adapter')).toEqual([]);
    expect(await explain('database-adapter')).toMatchObject({
      handedOut: 0,
      names: [{ normalized: 'databaseadapter', matchedBy: [] }],
      withheld: [],
      rejectedEvents: [],
      summary: expect.stringContaining('No node is or was known with "database-adapter"'),
    });
  });

  it('should say that its announcement was refused, where it was', async () => {
    await nodes.announce(announced({ api: 'not a url' }));
    const refused = await until('it is rejected', async () => (await explain('database-adapter')).rejectedEvents[0]);
    expect(refused.reason).toMatch(/endpoints\.api/);
  });

  it('should resolve, in every spelling, to an address that answers, once the node has announced itself', async () => {
    await nodes.announce(announced(server.endpoints));
    await until('it resolves', async () => (await resolve('database-adapter')).length === 1);
    for (const name of [
      'database-adapter',
      'Database_Adapter',
      'database-adapter-service',
      ' DATABASE_ADAPTER_SERVICE ',
      'DatabaseAdapter',
    ]) {
      const [service, ...more] = await resolve(name);
      expect(more).toEqual([]);
      expect(service).toEqual({ nodeId: NODE_ID, url: server.endpoints.api });
      expect(await (await fetch(service?.url ?? '')).text()).toBe('status 200');
    }
    expect(await explain('database-adapter')).toMatchObject({
      handedOut: 1,
      names: [{ normalized: 'databaseadapter', matchedBy: ['SERVICE_NAME'] }],
      withheld: [],
      summary: '1 node is handed out for "database-adapter", found by service name.',
    });
    expect((await explain('databse-adapter')).suggestions).toEqual([{ name: 'database-adapter' }]);
  });

  it('should say that it left, when it did', async () => {
    const timestamp = new Date().toISOString();
    await nodes.announce({ node_id: NODE_ID, reason: 'shutdown', timestamp });
    await until('it is gone', async () => (await resolve('database-adapter')).length === 0);
    expect((await explain('database-adapter')).withheld).toEqual([
      { node: { nodeId: NODE_ID }, reason: 'REMOVED', explanation: expect.stringMatching(/^It said goodbye at .*Start it again/) },
    ]);
  });
});
