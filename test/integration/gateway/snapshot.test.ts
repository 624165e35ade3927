import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { readConfig } from '../../../src/config.ts';
import { freePort } from '../../../src/local/port.ts';
import type { Stack } from '../../../src/local/stack.ts';
import { until } from '../../until.ts';
import { mend, privateStack, SHORT_SESSION } from '../stack.ts';
import { announcement, freshEnvironment, GatewayClient, healthServer, Nodes } from './running-gateway.ts';
import { SpawnedGateways } from './spawned-gateway.ts';

/** Each try has nodes and a snapshot of its own: those of an earlier one are still in the database. */
let tries = 0;

const health = z.object({
  status: z.string(),
  ready: z.boolean(),
  stale: z.boolean(),
  source: z.string().nullable(),
  checks: z.object({ services: z.record(z.string(), z.boolean()) }),
});
const status = z.object({
  stale: z.boolean(),
  source: z.string(),
  asOf: z.string(),
  cursor: z.string(),
  backends: z.array(z.object({ name: z.string(), available: z.boolean() })),
});

let stack: Stack;
let folder: string;
const gateways = new SpawnedGateways();

beforeAll(async () => {
  [stack, folder] = await Promise.all([privateStack(), mkdtemp(join(tmpdir(), 'discovery-gateway-snapshot-'))]);
}, 180_000);

beforeEach(async () => {
  await gateways.end();
  await mend(stack);
});

afterAll(async () => {
  await gateways.end();
  await stack?.stop();
  await rm(folder, { recursive: true, force: true });
});

const statusOf = (client: GatewayClient) =>
  client.get(status, 'registryStatus', '{ registryStatus { stale source asOf cursor backends { name available } } }');
const reportOf = async (url: string) => health.parse(await (await fetch(`${url}/health`)).json());
const headerOf = async (url: string) =>
  (await fetch(`${url}/graphql?query=${encodeURIComponent('{ __typename }')}`)).headers.get('registry-status');
const killAll = () => Promise.all([stack.kafka.kill(), stack.consul.kill(), stack.postgres.kill()]);

it('should answer from its snapshot while all back ends are down, and catch up without a gap', async () => {
  tries += 1;
  const capability = `outliving-${tries}`;
  const learnt = `learnt-${tries}`;
  const names = [0, 1, 2].map((index) => `outlives-${tries}-${index}`);
  const port = await freePort(new Set());
  const env = await freshEnvironment({
    ...stack.env,
    ...SHORT_SESSION,
    SERVICE_PORT: String(port),
    SNAPSHOT_FILE: join(folder, `deep-${tries}`, 'registry.ndjson'),
    SNAPSHOT_INTERVAL: '500ms',
    CONSUL_CHECK_INTERVAL: '1s',
    CONSUL_SUCCESS_BEFORE_PASSING: '0',
    CONSUL_FAILURES_BEFORE_CRITICAL: '0',
  });
  const config = readConfig(env);
  const url = `http://127.0.0.1:${port}`;
  const client = new GatewayClient(url, config);
  const server = await healthServer();
  const say = (nodeId: string, more: object = {}) =>
    announcement(nodeId, { endpoints: server.endpoints, capabilities: [capability], ...more });
  const ready = () => until('it is ready', async () => (await fetch(`${url}/health/ready`)).ok, { timeout: 30_000 });

  const kept = async (nodeId = '') => (await readFile(config.snapshot.file ?? '', 'utf8')).includes(`"nodeId":"${nodeId}"`);
  const metric = async (name: string) => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
        ?.split(' ')[1],
    );
  };

  const first = gateways.spawn({ ...env, SNAPSHOT_INTERVAL: '1h' });
  await ready();
  const nodes = await Nodes.connect(config);
  await nodes.announce(...names.slice(0, 2).map((name) => say(name)));
  await until('the nodes are healthy', async () => (await client.healthy(capability)).length === 2, { timeout: 60_000 });
  expect(await statusOf(client)).toMatchObject({ stale: false, source: 'LIVE' });
  expect(await headerOf(url)).toBeNull();
  first.child.kill('SIGTERM');
  expect(await first.ended).toBe(0);
  expect([await kept(names[0]), await kept(names[1])], 'a clean stop writes it').toEqual([true, true]);

  const second = gateways.spawn(env);
  await ready();
  await nodes.announce(say(names[2] ?? ''));
  await until('the third is healthy', async () => (await client.healthy(capability)).length === 3, { timeout: 60_000 });
  const { cursor: lastCursor } = await statusOf(client);
  await until('an interval has written it', () => kept(names[2]));
  expect(await metric('discovery_gateway_snapshot_writes_total{outcome="written"}')).toBeGreaterThan(0);
  expect(await metric('discovery_gateway_snapshot_age_seconds')).toBeLessThan(30);
  second.child.kill('SIGKILL');
  await second.ended;
  // Said while nobody listens: it waits in Kafka, across Kafka's own restart.
  await nodes.announce(say(names[0] ?? '', { capabilities: [capability, learnt], reason: 'capability_change' }));
  await killAll();

  const start = performance.now();
  const third = gateways.spawn(env);
  await until('it answers', async () => (await client.healthy(capability)).length === 3, { timeout: 30_000, interval: 10 });
  const answered = performance.now() - start;
  // The bar is 3 s, on a machine that does nothing else.
  process.stdout.write(`from the start of the process to the first answer: ${Math.round(answered)} ms\n`);
  expect(await client.healthy(capability)).toEqual(names);
  expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  expect(await reportOf(url)).toMatchObject({ status: 'degraded', ready: true, stale: true, source: 'snapshot' });
  expect(await headerOf(url)).toMatch(/^stale;source=snapshot;age=\d+$/);
  const stale = await statusOf(client);
  expect(stale).toMatchObject({ stale: true, source: 'SNAPSHOT' });
  expect(stale.cursor >= lastCursor).toBe(true);
  expect(stale.backends.every(({ available }) => !available)).toBe(true);
  expect([await metric('discovery_gateway_registry_stale'), await metric('discovery_gateway_registry_age_seconds')]).toEqual([
    1,
    expect.any(Number),
  ]);

  const mixed = await client.ask(
    `{ healthyServices(capability: "${capability}") { nodeId } changes(first: 1) { cursor } rejectedEvents { reason } }`,
  );
  expect(mixed.data).toMatchObject({ changes: null, rejectedEvents: null });
  expect(mixed.data?.['healthyServices']).toHaveLength(3);
  expect(mixed.errors?.map(({ extensions }) => extensions.code)).toEqual(['BACKEND_UNAVAILABLE', 'BACKEND_UNAVAILABLE']);
  const removal = await client.ask(`mutation { deregister(nodeId: "${names[1]}") { cursor } }`);
  expect(removal.errors?.map(({ extensions }) => extensions.code)).toEqual(['BACKEND_UNAVAILABLE']);

  const watching = client.follow({ snapshot: true });
  const resumed = client.follow({ after: stale.cursor });
  await until('the snapshot has been delivered', () => watching.seen.some(({ type }) => type === 'BOOKMARK'));
  expect(watching.seen.filter(({ type, nodeId }) => type === 'SNAPSHOT' && nodeId?.startsWith(`outlives-${tries}-`))).toHaveLength(3);

  // Consul alone has the last word on who answers.
  await stack.consul.start();
  server.answer(503);
  await until('none is healthy', async () => (await client.healthy(capability)).length === 0, { timeout: 30_000 });
  server.answer(200);
  await until('all are healthy again', async () => (await client.healthy(capability)).length === 3, { timeout: 30_000 });
  await until('Consul alone is known to be back', async () => {
    const available = (await statusOf(client)).backends.filter((backend) => backend.available);
    return available.map(({ name }) => name).join() === 'CONSUL';
  });
  expect(await headerOf(url)).toMatch(/^stale;source=snapshot/);

  await Promise.all([stack.kafka.start(), stack.postgres.start()]);
  await until('it is live again', async () => !(await statusOf(client)).stale, { timeout: 60_000 });
  await until('what waited in Kafka is registered', async () => (await client.healthy(learnt)).length === 1, { timeout: 60_000 });
  expect(await statusOf(client)).toMatchObject({ stale: false, source: 'LIVE' });
  expect(await headerOf(url)).toBeNull();
  const isLearnt = ({ type, nodeId }: { type: string; nodeId: string | null }) => type === 'MODIFIED' && nodeId === names[0];
  for (const { seen, errors } of [watching, resumed]) {
    await until('the subscriber has seen it', () => seen.some(isLearnt));
    expect(errors).toEqual([]);
  }
  const live = resumed.seen.filter(({ type }) => type !== 'BOOKMARK').map(({ cursor }) => Number(cursor));
  expect(live, 'every entry since the snapshot, in order').toEqual(live.map((_, index) => Number(stale.cursor) + 1 + index));
  await until('it is healthy', async () => (await reportOf(url)).status === 'healthy', { timeout: 60_000 });
  watching.stop();
  resumed.stop();
  third.child.kill('SIGTERM');
  expect(await third.ended).toBe(0);
  await client.close();
  await nodes.close();
  await server.close();
}, 240_000);

it('should say what is wrong with a snapshot that it cannot use, and wait for Postgres as without one', async () => {
  const port = await freePort(new Set());
  const file = join(folder, 'broken.ndjson');
  await writeFile(file, '{"format":"discovery-gateway/snapshot","version":1,"registryId":"a","environ');
  const env = await freshEnvironment({
    ...stack.env,
    DATABASE_URL: `postgres://postgres@127.0.0.1:${await freePort(new Set())}/none`,
    SERVICE_PORT: String(port),
    SNAPSHOT_FILE: file,
  });
  const { child, output, ended } = gateways.spawn(env);
  await until('it says what it waits for', () => output().includes('waiting for Postgres'), { timeout: 30_000 });
  expect(output()).toContain('the first line is not JSON');
  expect((await fetch(`http://127.0.0.1:${port}/health/ready`)).status).toBe(503);
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
});
