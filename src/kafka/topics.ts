import type { Admin } from 'kafkajs';
import type { KafkaConfig } from '../config/kafka.ts';
import { messageOf } from '../errors.ts';
import type { Meaning } from '../events/event-kind.ts';
import type { Log } from '../log.ts';

const NODE_PARTITIONS = 3;
const REQUEST_PARTITIONS = 1;

/** Which topics exist, as last seen: sending to an unknown one blocks for half a minute (measured). */
export class KnownTopics {
  #names: ReadonlySet<string> = new Set();
  #wasLookedFor = false;

  /** False until Kafka was asked for the first time. */
  isKnown(): boolean {
    return this.#wasLookedFor;
  }

  has(topic: string): boolean {
    return this.#names.has(topic);
  }

  /** Looks again, and creates what is missing where the gateway may. Returns whether there are more than before. */
  async look(admin: Admin, config: KafkaConfig, log: Log): Promise<boolean> {
    const before = this.#names.size;
    this.#names = await ensureTopics(admin, config, log);
    this.#wasLookedFor = true;
    return this.#names.size > before;
  }
}

/** The topics that are consumed, with what their messages mean. */
export function consumedTopics({ topics }: KafkaConfig): ReadonlyMap<string, Meaning> {
  const meanings = new Map<string, Meaning>();
  for (const topic of topics.introspection) meanings.set(topic, 'introspection');
  for (const topic of topics.heartbeat) meanings.set(topic, 'heartbeat');
  for (const topic of topics.acknowledgement) meanings.set(topic, 'acknowledgement');
  return meanings;
}

/** Creates what is missing, where the gateway may, and returns which topics exist now. */
async function ensureTopics(admin: Admin, config: KafkaConfig, log: Log): Promise<ReadonlySet<string>> {
  const { topics } = config;
  const existing = new Set(await admin.listTopics());
  const wanted = [
    ...[...topics.introspection, ...topics.heartbeat, ...topics.acknowledgement, ...topics.accepted].map((topic) => ({
      topic,
      numPartitions: NODE_PARTITIONS,
    })),
    ...topics.request.map((topic) => ({ topic, numPartitions: REQUEST_PARTITIONS })),
    { topic: topics.changes, numPartitions: NODE_PARTITIONS, configEntries: [{ name: 'cleanup.policy', value: 'compact' }] },
    { topic: topics.deadLetter, numPartitions: REQUEST_PARTITIONS },
  ].filter(({ topic }) => !existing.has(topic));
  if (wanted.length === 0 || !config.createTopics) return existing;
  const create = (topicsToCreate: typeof wanted) =>
    // Not waiting for leaders: kafkajs asks for them before the broker knows the topic, and gives up.
    admin.createTopics({
      topics: topicsToCreate.map((topic) => ({ ...topic, replicationFactor: config.replicationFactor })),
      waitForLeaders: false,
      timeout: 10_000,
    });
  try {
    await create(wanted);
    log.info({ topics: wanted.map(({ topic }) => topic) }, 'created topics');
  } catch {
    // Alone, each shows whether it may be created: one that may not must not keep the others from it.
    for (const topic of wanted) {
      try {
        await create([topic]);
        log.info({ topics: [topic.topic] }, 'created topics');
      } catch (error) {
        log.warn({ topic: topic.topic, error: messageOf(error) }, 'could not create a topic, going on without it');
      }
    }
  }
  return new Set(await admin.listTopics());
}
