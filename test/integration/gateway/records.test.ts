import { afterEach, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { until } from '../../until.ts';
import { announcement, freshEnvironment, healthServer, Nodes, type RunningGateway, runGateway } from './running-gateway.ts';

const NODE = 'shown-001';
const shape = z.object({
  state: z.string(),
  records: z.object({
    postgres: z.object({ state: z.string(), port: z.number(), contentHash: z.string() }).nullable(),
    consul: z
      .object({
        id: z.string(),
        name: z.string(),
        node: z.string(),
        port: z.number(),
        address: z.string(),
        tags: z.array(z.string()),
        meta: z.record(z.string(), z.string()),
        checks: z.array(z.object({ id: z.string(), status: z.string() })),
      })
      .nullable(),
    differences: z.array(
      z.object({ field: z.string(), gateway: z.string().nullable(), postgres: z.string().nullable(), consul: z.string().nullable() }),
    ),
  }),
});
const QUERY = `{ nodeById(nodeId: "${NODE}") { state records { postgres { state port contentHash }
  consul { id name node port address tags meta checks { id status } } differences { field gateway postgres consul } } } }`;

let gateway: RunningGateway | undefined;
let nodes: Nodes | undefined;
let server: Awaited<ReturnType<typeof healthServer>>;

beforeEach(async () => {
  server = await healthServer();
});

afterEach(async () => {
  await nodes?.close();
  await gateway?.stop();
  await server.close();
});

it.each(['agent', 'catalog'])('should show what both hold, and what somebody changed in Consul by hand, in %s mode', async (mode) => {
  const { client, config } = await runGateway(await freshEnvironment({ CONSUL_MODE: mode, CONSUL_VIRTUAL_NODES: '5' })).then((running) => {
    gateway = running;
    return running;
  });
  nodes = await Nodes.connect(config);
  const read = () => client.get(shape, 'nodeById', QUERY);
  await nodes.announce(announcement(NODE, { endpoints: server.endpoints }));
  await until('it is registered', async () => (await client.node(NODE))?.health === 'HEALTHY', { timeout: 30_000 });
  await until('all agree', async () => (await read()).records.differences.length === 0, { timeout: 10_000 });

  const { postgres, consul: entry } = (await read()).records;
  expect(postgres).toMatchObject({ state: 'REGISTERED', port: server.port });
  expect(entry).toMatchObject({ name: 'effect-service', port: server.port, address: '127.0.0.1', checks: [{ status: 'PASSING' }] });
  expect(entry?.meta['content_hash']).toBe(postgres?.contentHash);

  const service = { ID: entry?.id, Service: entry?.name, Address: entry?.address, Port: 1, Tags: ['mine'], Meta: entry?.meta };
  const { host, port } = config.consul;
  const [path, body] =
    mode === 'agent'
      ? ['agent/service/register', { ...service, Name: service.Service, Service: undefined }]
      : ['catalog/register', { Node: entry?.node, SkipNodeUpdate: true, Service: service }];
  const answer = await fetch(`http://${host}:${port}/v1/${path}`, { method: 'PUT', body: JSON.stringify(body) });
  expect(answer.status, await answer.text()).toBe(200);
  const { differences } = (await read()).records;
  expect(differences.map(({ field }) => field)).toEqual(['port', 'tags']);
  expect(differences[0]).toEqual({ field: 'port', gateway: String(server.port), postgres: String(server.port), consul: '1' });

  await client.ask('mutation ($id: ID!) { deregister(nodeId: $id) { cursor } }', { id: NODE });
  await until('it left everywhere', async () => (await read()).records.consul === null, { timeout: 10_000 });
  const left = await read();
  expect(left).toMatchObject({ state: 'REMOVED', records: { postgres: { state: 'REMOVED' }, differences: [] } });
});
