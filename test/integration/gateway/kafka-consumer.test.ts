import type { Consumer, PartitionAssigner } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { delay } from '../../../src/delay.ts';
import { until } from '../../until.ts';
import { announcement, freshEnvironment, Nodes, type RunningGateway, runGateway, sql } from './running-gateway.ts';
import { SpawnedGateways } from './spawned-gateway.ts';
import { everythingIsCounted } from './truth.ts';

const health = z.object({ metrics: z.object({ consumer_restarts: z.record(z.string(), z.number()) }) });
const TIMEOUTS = { KAFKA_SESSION_TIMEOUT: '6s', KAFKA_STALL_TIMEOUT: '7s' };

async function restarts(url: string): Promise<Record<string, number>> {
  return health.parse(await (await fetch(`${url}/health`)).json()).metrics.consumer_restarts;
}

/** A program of somebody else's under the same group id: Kafka lets nobody join it who shares out partitions in another way. */
const strange: PartitionAssigner = () => ({
  name: 'strange',
  version: 1,
  assign: async () => [],
  protocol: () => ({ name: 'strange', metadata: Buffer.alloc(0) }),
});

describe('the consumer and its group', () => {
  let gateway: RunningGateway;
  let nodes: Nodes;
  let url: string;
  let hopeless: ReturnType<SpawnedGateways['spawn']>;
  const strangers: Consumer[] = [];
  const spawned = new SpawnedGateways();
  const said: string[] = [];

  beforeAll(async () => {
    const env = await freshEnvironment(TIMEOUTS);
    url = env['DATABASE_URL'] ?? '';
    gateway = await runGateway(env);
    nodes = await Nodes.connect(gateway.config);
    const taken = await freshEnvironment(TIMEOUTS);
    await takeGroup(taken['KAFKA_GROUP_ID'] ?? '');
    hopeless = spawned.spawn(taken);
  }, 60_000);

  afterAll(async () => {
    await Promise.all(strangers.map((stranger) => stranger.disconnect()));
    await spawned.end();
    await nodes?.close();
    await gateway?.stop();
  });

  async function takeGroup(groupId: string): Promise<Consumer> {
    const stranger = nodes.kafka.consumer({ groupId, partitionAssigners: [strange], sessionTimeout: 6000 });
    let hasJoined = false;
    stranger.on(stranger.events.GROUP_JOIN, () => {
      hasJoined = true;
    });
    await stranger.connect();
    await stranger.subscribe({ topics: [nodes.topic('heartbeat')] });
    await stranger.run({ autoCommit: false, eachBatch: async () => undefined });
    strangers.push(stranger);
    await until('the stranger has the group', () => hasJoined);
    return stranger;
  }

  async function announce(name: string, generation = 0, partition?: number): Promise<void> {
    const ids = Array.from({ length: 3 }, (_, index) => `${name}-${index}`);
    said.push(...ids);
    const place = partition === undefined ? {} : { partition };
    await nodes.send(nodes.topic('introspection', generation), ...ids.map((id) => ({ ...place, value: announcement(id) })));
  }

  async function settle(): Promise<void> {
    await until('all are registered', async () => (await gateway.client.registered()).sort().join() === said.toSorted().join(), {
      timeout: 30_000,
    });
    await everythingIsCounted(nodes.kafka, gateway.config, url);
  }

  async function admin<T>(work: (admin: ReturnType<typeof nodes.kafka.admin>) => Promise<T>): Promise<T> {
    const client = nodes.kafka.admin();
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.disconnect();
    }
  }

  it('should come back from a crash that kafkajs does not retry', async () => {
    const env = await freshEnvironment(TIMEOUTS);
    const stranger = await takeGroup(env['KAFKA_GROUP_ID'] ?? '');
    const crashing = await spawned.ready(env);
    await until('the consumer crashed', () => crashing.output().includes('the Kafka consumer crashed'));
    const others = await Nodes.connect(crashing.client.config);
    try {
      await others.announce(announcement('patient'));
      await stranger.disconnect();
      await until('it is registered', async () => (await crashing.client.node('patient'))?.state === 'REGISTERED');
      expect((await restarts(crashing.url))['crash']).toBeGreaterThanOrEqual(1);
      await everythingIsCounted(others.kafka, crashing.client.config, env['DATABASE_URL'] ?? '');
    } finally {
      await others.close();
    }
  }, 60_000);

  it('should start anew when its group does not let it in, and leave no dead member behind', async () => {
    const env = await freshEnvironment(TIMEOUTS);
    const first = await runGateway(env);
    const others = await Nodes.connect(first.config);
    const { groupId } = first.config.kafka;
    await first.stop();
    // A member that says it is alive, and does not come to the rebalance that the gateway's join begins.
    const busy = others.kafka.consumer({ groupId, sessionTimeout: 6000, rebalanceTimeout: 60_000, heartbeatInterval: 500 });
    const release = new AbortController();
    let isHolding = false;
    await busy.connect();
    // What is said before it knows where the end is would be none of its otherwise.
    await busy.subscribe({ topics: [others.topic('introspection')], fromBeginning: true });
    await busy.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: async ({ heartbeat }) => {
        isHolding = true;
        while (!release.signal.aborted) {
          await heartbeat().catch(() => undefined);
          await delay(500, release.signal);
        }
      },
    });
    await others.announce(announcement('held'));
    await until('the other holds the message', () => isHolding);
    const shutOut = await spawned.ready(env);
    await until('it has started anew', async () => (await restarts(shutOut.url))['not_member'] === 1, { timeout: 30_000 });
    release.abort();
    await busy.disconnect();
    await until('it is registered', async () => (await shutOut.client.node('held'))?.state === 'REGISTERED', { timeout: 30_000 });
    await until('one member is left', () =>
      admin(async (client) => (await client.describeGroups([groupId])).groups[0]?.members.length === 1),
    );
    await everythingIsCounted(others.kafka, shutOut.client.config, env['DATABASE_URL'] ?? '');
    await others.close();
  }, 90_000);

  it('should get over another member that joins and leaves all the time', async () => {
    const topics = gateway.config.kafka.topics;
    const from = Date.now();
    for (let round = 0; Date.now() - from < 8000; round += 1) {
      const restless = nodes.kafka.consumer({ groupId: gateway.config.kafka.groupId, sessionTimeout: 6000 });
      await restless.connect();
      await restless.subscribe({ topics: [...topics.introspection, ...topics.heartbeat] });
      await restless.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: async () => undefined });
      await announce(`restless-${round}`);
      await restless.disconnect();
    }
    await settle();
  }, 60_000);

  it('should work off the new partitions of a topic', async () => {
    const topic = nodes.topic('introspection', 1);
    await admin((client) => client.createPartitions({ topicPartitions: [{ topic, count: 5 }] }));
    await until('the partition is there', () => admin(async (client) => (await client.fetchTopicOffsets(topic)).length === 5));
    await announce('late', 1, 4);
    await settle();
  }, 60_000);

  it('should make a topic again that was deleted, and consume it', async () => {
    const topic = nodes.topic('heartbeat', 1);
    await admin((client) => client.deleteTopics({ topics: [topic] }));
    await until('the topic is gone', () => admin(async (client) => !(await client.listTopics()).includes(topic)));
    await until('the topic is there again', () => admin(async (client) => (await client.listTopics()).includes(topic)), {
      timeout: 30_000,
    });
    await nodes.send(topic, { value: { node_id: said[0], timestamp: new Date().toISOString() } });
    await settle();
    expect(await restarts(gateway.client.url)).toMatchObject({ topic_missing: 1 });
  }, 60_000);

  it('should go on with what is left when the log was cut off behind its position', async () => {
    const env = await freshEnvironment(TIMEOUTS);
    const cutUrl = env['DATABASE_URL'] ?? '';
    const first = await runGateway(env);
    const others = await Nodes.connect(first.config);
    // Not the one that the gateway announces itself on.
    const topic = others.topic('introspection', 1);
    const { groupId } = first.config.kafka;
    let second: RunningGateway | null = null;
    try {
      await others.send(topic, { partition: 0, value: announcement('first') });
      await everythingIsCounted(others.kafka, first.config, cutUrl);
      await first.stop();
      await others.send(topic, ...['lost', 'left'].map((id) => ({ partition: 0, value: announcement(id) })));
      await admin(async (client) => {
        // kafkajs deletes from topics only that it has asked about before.
        await client.fetchTopicOffsets(topic);
        await client.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] });
        expect(await client.fetchOffsets({ groupId, topics: [topic] })).toMatchObject([
          { partitions: expect.arrayContaining([expect.objectContaining({ partition: 0, offset: '1' })]) },
        ]);
      });
      const client = await runGateway(env);
      second = client;
      await until('what is left is registered', async () => (await client.client.registered()).sort().join() === 'first,left');
      expect(await restarts(client.client.url)).toEqual({});
      await until('its position is the end', async () => {
        const [row] = await sql(
          cutUrl,
          'select next_offset::int next, cardinality(ahead) ahead from consumer_positions where topic = $1 and partition = 0',
          [topic],
        );
        return row?.['next'] === 3 && row['ahead'] === 0;
      });
    } finally {
      await others.close();
      await second?.stop();
    }
  }, 60_000);

  it('should end the process with a clear error when starting the consumer again is no help', async () => {
    expect(await hopeless.ended).toBe(1);
    const lines = hopeless.output().split('\n');
    expect(lines.find((line) => line.includes('cannot go on, ending'))).toMatch(/does not work although Kafka answers.*last reason: crash/);
    expect(lines.filter((line) => line.includes('the Kafka consumer crashed')).length).toBeGreaterThanOrEqual(3);
  }, 60_000);
});
