import { randomBytes } from 'node:crypto';
import { until } from '../until.ts';
import { quietKafka } from './kafka.ts';
import { bareConsumer } from './tasks/bare-consumer.ts';
import type { World } from './world.ts';

/** As the gateway creates the topics of nodes. */
const PARTITIONS = 3;

/**
 * The yardstick of whatever comes over Kafka: a bare consumer on a topic of its own, to which `load` sends so many messages once it has
 * joined. Returns what the consumer saw, and what the load answered.
 */
export async function consumedBare<T>(world: World, count: number, load: (topic: string) => Promise<T>) {
  const name = `bare-${randomBytes(4).toString('hex')}`;
  const { brokers } = world.kafka;
  const admin = quietKafka(brokers).admin();
  await admin.connect();
  try {
    await admin.createTopics({ topics: [{ topic: name, numPartitions: PARTITIONS }], waitForLeaders: true });
    const consumed = world.yardstick.run(bareConsumer, { brokers, topic: name, group: name, count, patience: 120_000 });
    const joined = until(
      'the bare consumer has joined',
      async () => (await admin.describeGroups([name])).groups.some(({ state }) => state === 'Stable'),
      { timeout: 60_000 },
    );
    await Promise.race([joined, consumed]);
    const loaded = await load(name);
    return { consumed: await consumed, loaded };
  } finally {
    await admin.disconnect();
  }
}
