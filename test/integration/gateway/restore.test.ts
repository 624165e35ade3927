import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { readConfig } from '../../../src/config.ts';
import { until } from '../../until.ts';
import { sharedStack } from '../stack.ts';
import {
  announcement,
  freshEnvironment,
  type GatewayClient,
  healthServer,
  Nodes,
  ownServices,
  type RunningGateway,
  runGateway,
  sql,
} from './running-gateway.ts';

const ADMIN = sharedStack().postgres;
const AFTERWARDS = new URL('../../../deploy/postgres/restored.sql', import.meta.url);
const WAIT = { timeout: 30_000 };

let env: Record<string, string>;
let database: string;
let server: Awaited<ReturnType<typeof healthServer>>;
let nodes: Nodes;
/** When the first node was announced. Milliseconds since 1970. */
let begin: number;
/** Given out after the backup. */
let later: string;
let gateway: RunningGateway | null = null;

/** Whether Consul holds the services of those nodes and no others; the gateway's own is not counted. */
async function isInConsul(running: RunningGateway, nodeIds: readonly string[]): Promise<boolean> {
  const [row] = await sql(env['DATABASE_URL'] ?? '', 'select registry_id::text as id from registry');
  const services = await ownServices(running.config, String(row?.['id']));
  const ids = [...services.values()].map(({ Meta }) => Meta['node_id'] ?? '').filter((nodeId) => nodeId.startsWith('drill-'));
  return ids.sort().join() === [...nodeIds].sort().join();
}

async function start(): Promise<RunningGateway> {
  gateway = await runGateway(env);
  return gateway;
}

async function stop(): Promise<void> {
  await gateway?.stop();
  gateway = null;
}

async function version(client: GatewayClient, nodeId: string): Promise<string | undefined> {
  const shape = z.object({ version: z.string() }).nullable();
  return (await client.get(shape, 'nodeById', 'query ($id: ID!) { nodeById(nodeId: $id) { version } }', { id: nodeId }))?.version;
}

const checked = (nodeId: string, more: object = {}) => announcement(nodeId, { endpoints: server.endpoints, ...more });

// A copy of a database that nobody uses stands in for pg_dump and pg_restore, which not every machine has that has a Postgres.
beforeAll(async () => {
  // Leases of 7 s, and a check that passes renews them.
  env = await freshEnvironment({ NODE_TTL_HOURS: '0.002', RECONCILE_INTERVAL: '1s', CONSUL_CHECK_INTERVAL: '1s' });
  database = new URL(env['DATABASE_URL'] ?? '').pathname.slice(1);
  server = await healthServer();
  nodes = await Nodes.connect(readConfig(env));
  begin = Date.now();
  const before = await start();
  await nodes.announce(checked('drill-stays'), checked('drill-changes'), announcement('drill-leaves'));
  await until('all are registered', async () => (await before.client.registered()).length === 3, WAIT);
  await stop();
  await sql(ADMIN, `create database ${database}_backup template ${database}`);
  const after = await start();
  await nodes.announce(
    announcement('drill-leaves', { reason: 'shutdown' }),
    checked('drill-changes', { node_version: '2.0.0' }),
    checked('drill-new'),
  );
  const live = ['drill-changes', 'drill-new', 'drill-stays'];
  await until('life went on', async () => (await after.client.registered()).sort().join() === live.join(), WAIT);
  await until('Consul knows', () => isInConsul(after, live), WAIT);
  later = (await after.client.changes()).at(-1)?.cursor ?? '';
  await stop();
});

afterAll(async () => {
  await stop();
  await nodes?.close();
  await server?.close();
  await sql(ADMIN, `drop database if exists ${database}_backup`);
});

/** The database as of the backup, with the transaction ids of another server, and what the documentation has one do then. */
async function restore(): Promise<void> {
  await sql(ADMIN, `drop database ${database} with (force)`);
  await sql(ADMIN, `create database ${database} template ${database}_backup`);
  const url = env['DATABASE_URL'] ?? '';
  await sql(url, 'update node_liveness set touched_by = (pg_current_xact_id()::text::bigint + 1000000)::text::xid8');
  await sql(url, await readFile(AFTERWARDS, 'utf8'));
}

it('should agree again with Consul and the nodes, once all were asked', async () => {
  await restore();
  const running = await start();
  const { client } = running;
  expect((await client.registered()).sort()).toEqual(['drill-changes', 'drill-leaves', 'drill-stays']);
  expect(await version(client, 'drill-changes')).toBe('1.2.3');
  await until(
    'Consul has what the backup has, and no more',
    () => isInConsul(running, ['drill-changes', 'drill-leaves', 'drill-stays']),
    WAIT,
  );

  const refused = { errors: [{ extensions: { code: 'CURSOR_EXPIRED' } }] };
  expect(await client.ask('query ($after: Cursor) { changes(after: $after) { cursor } }', { after: later })).toMatchObject(refused);
  const follower = client.follow({ after: later });
  await until('a subscriber of before is told', () => follower.errors.length > 0, WAIT);
  expect(follower).toMatchObject({ seen: [], errors: refused.errors });
  const beginner = client.follow({ snapshot: true });
  await until('it begins with a snapshot', () => beginner.seen.some(({ type }) => type === 'BOOKMARK'), WAIT);

  const asked = nodes.kafka.consumer({ groupId: `asked-${running.config.environment}-${Date.now()}`, maxWaitTimeInMs: 100 });
  await asked.connect();
  await asked.subscribe({ topics: [...running.config.kafka.topics.request], fromBeginning: false });
  let isAsked = false;
  await asked.run({
    eachMessage: async ({ message }) => {
      if (isAsked || message.key !== null) return;
      isAsked = true;
      await nodes.announce(
        ...[checked('drill-stays'), checked('drill-new'), checked('drill-changes', { node_version: '2.0.0' })].map((answer) => ({
          ...answer,
          reason: 'registry_request',
        })),
      );
    },
  });
  try {
    await until(
      'they are asked, and answer',
      async () => {
        if (!isAsked) await client.ask('mutation { requestIntrospection { correlationId } }');
        return (await client.registered()).includes('drill-new');
      },
      WAIT,
    );
    await until('what changed is known', async () => (await version(client, 'drill-changes')) === '2.0.0', WAIT);
    await until('who is gone expires', async () => (await client.node('drill-leaves'))?.state === 'EXPIRED', WAIT);
    await until('Consul knows', () => isInConsul(running, ['drill-changes', 'drill-new', 'drill-stays']), WAIT);
    // The one that began with a snapshot has all of it, in new numbers.
    const told = beginner.seen.filter(({ type }) => type === 'ADDED' || type === 'REMOVED').map(({ type, nodeId }) => `${type} ${nodeId}`);
    expect(told).toEqual(expect.arrayContaining(['ADDED drill-new', 'REMOVED drill-leaves']));
    expect(beginner.seen.filter(({ cursor, type }) => type !== 'SNAPSHOT' && cursor <= later)).toEqual([]);
  } finally {
    follower.stop();
    beginner.stop();
    await asked.disconnect();
    await stop();
  }
});

it('should get back what was said since the backup, once the offsets are set back', async () => {
  await restore();
  const { topics, groupId } = readConfig(env).kafka;
  const admin = nodes.kafka.admin();
  await admin.connect();
  try {
    // As kafka-consumer-groups.sh --reset-offsets --to-datetime does; from before the backup, so that something is read twice. Nothing was
    // said on the other topics, and kafkajs takes seconds for each.
    const [topic = ''] = topics.introspection;
    await admin.setOffsets({ groupId, topic, partitions: await admin.fetchTopicOffsetsByTimestamp(topic, begin) });
  } finally {
    await admin.disconnect();
  }
  const running = await start();
  const { client } = running;
  try {
    await until(
      'all is known again',
      async () => (await client.registered()).sort().join() === 'drill-changes,drill-new,drill-stays',
      WAIT,
    );
    await until('what changed is known', async () => (await version(client, 'drill-changes')) === '2.0.0', WAIT);
    expect(await client.node('drill-leaves')).toMatchObject({ state: 'REMOVED', stateReason: 'shutdown' });
    await until('Consul knows', () => isInConsul(running, ['drill-changes', 'drill-new', 'drill-stays']), WAIT);
    // What the backup had of it already was read again, and changed nothing.
    expect(await client.changes('drill-stays')).toEqual([]);
  } finally {
    await stop();
  }
});
