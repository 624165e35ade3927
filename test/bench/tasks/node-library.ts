import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { NodeIntrospection as Node, type NodeIntrospection } from '../../../src/node/index.ts';
import { clock } from '../clock.ts';
import { producing, quietKafka } from '../kafka.ts';
import type { Task } from '../task.ts';

const topics = z.object({ introspection: z.string(), heartbeat: z.string() });
const input = z.object({
  brokers: z.array(z.string()),
  topics,
  /** How often it announces itself. */
  count: z.number(),
  /** Milliseconds over which heartbeats are counted. */
  heartbeats: z.number(),
});

const output = z.object({
  /** Milliseconds that each took. */
  extract: z.array(z.number()),
  publish: z.array(z.number()),
  /** The same bytes, sent without the library. */
  bare: z.array(z.number()),
  /** Of the largest announcement. */
  bytes: z.number(),
  /** Milliseconds of a core for one heartbeat. */
  heartbeatCpu: z.number(),
});

/** As a program of some size would be: what it can do is read from an object. */
const target = {
  executeQuery: (sql: string) => sql,
  describeTable: (name: string) => name,
  listTables: () => [],
  migrate: (version: number) => version,
};
const QUICK = 20;
const NEVER = 3_600_000;

export const nodeLibrary: Task<z.infer<typeof input>, z.infer<typeof output>> = {
  name: 'node library',
  input,
  output,
  async run({ brokers, topics: { introspection, heartbeat }, count, heartbeats }) {
    const sent: string[] = [];
    const kafka = quietKafka(brokers);
    const create = (heartbeatInterval: number): NodeIntrospection =>
      new Node({
        kafka: {
          admin: () => kafka.admin(),
          consumer: (config) => kafka.consumer(config),
          producer: (config) => {
            const producer = kafka.producer(config);
            return {
              connect: () => producer.connect(),
              disconnect: () => producer.disconnect(),
              send: (record) => {
                sent.push(...record.messages.map(({ value }) => value));
                return producer.send(record);
              },
            };
          },
        },
        nodeId: `library-${heartbeatInterval}`,
        nodeType: 'effect',
        nodeName: 'database-adapter',
        nodeVersion: '1.2.3',
        target,
        capabilities: () => ({ database: true, sql: { dialects: ['postgres'] } }),
        endpoints: () => ({ health: 'http://127.0.0.1:1/health', api: 'http://127.0.0.1:1/api' }),
        configuration: () => ({ pool: 10 }),
        currentState: () => 'active',
        health: () => 'healthy',
        topics: { introspection, heartbeat, requests: [], accepted: [] },
        acknowledge: false,
        heartbeatInterval,
      });
    const node = create(NEVER);
    await node.publishIntrospection();
    const extract = await timed(count, () => node.getIntrospectionData({ forceRefresh: true }));
    const announce = async () => {
      if (!(await node.publishIntrospection('manual', { forceRefresh: true }))) throw new Error('Kafka did not take an announcement');
    };
    // What is measured second would otherwise find kafkajs compiled.
    await timed(count, announce);
    const publish = await timed(count, announce);
    const value = sent.at(-1) ?? '';
    const bare = await producing(brokers, async (producer) => {
      await producer.send({ topic: introspection, messages: [{ key: node.nodeId, value }] });
      return timed(count, () => producer.send({ topic: introspection, messages: [{ key: node.nodeId, value }] }));
    });
    await node.stop();
    const bytes = Math.max(...sent.map((one) => Buffer.byteLength(one)));

    const quick = create(QUICK);
    await quick.start();
    const quietCpu = await cpu(() => sleep(0));
    const before = sent.length;
    const busy = await cpu(() => sleep(heartbeats));
    const beats = sent.length - before;
    await quick.stop();
    if (beats === 0) throw new Error('there was no heartbeat');
    return { extract, publish, bare, bytes, heartbeatCpu: (busy - quietCpu) / beats };
  },
};

async function timed(count: number, work: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < count; index++) {
    const startedAt = clock();
    await work();
    times.push(clock() - startedAt);
  }
  return times;
}

/** Milliseconds of a core that this process uses meanwhile. */
async function cpu(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
