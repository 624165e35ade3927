import type { Admin } from 'kafkajs';
import type { KafkaConfig } from '../config/kafka.ts';
import { messageOf } from '../errors.ts';
import type { Meaning } from '../events/event-kind.ts';
import type { Log } from '../log.ts';

const NODE_PARTITIONS = 3;
const REQUEST_PARTITIONS = 1;

/** What the topics of one kind are made with, where the gateway makes them. */
export interface TopicSettings {
  readonly partitions: number;
  /** Kafka keeps the latest message of each key for ever, instead of all messages for a while. */
  readonly isCompacted: boolean;
}

const NODE_TOPIC: TopicSettings = { partitions: NODE_PARTITIONS, isCompacted: false };

/** By what the topics are for. */
export const TOPIC_SETTINGS: Readonly<Record<keyof KafkaConfig['topics'], TopicSettings>> = {
  introspection: NODE_TOPIC,
  heartbeat: NODE_TOPIC,
  acknowledgement: NODE_TOPIC,
  accepted: NODE_TOPIC,
  request: { partitions: REQUEST_PARTITIONS, isCompacted: false },
  changes: { partitions: NODE_PARTITIONS, isCompacted: true },
  deadLetter: { partitions: REQUEST_PARTITIONS, isCompacted: false },
};

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
  const made = (names: string | readonly string[], { partitions, isCompacted }: TopicSettings) =>
    [names].flat().map((topic) => ({
      topic,
      numPartitions: partitions,
      ...(isCompacted ? { configEntries: [{ name: 'cleanup.policy', value: 'compact' }] } : {}),
    }));
  const wanted = [
    ...made(topics.introspection, TOPIC_SETTINGS.introspection),
    ...made(topics.heartbeat, TOPIC_SETTINGS.heartbeat),
    ...made(topics.acknowledgement, TOPIC_SETTINGS.acknowledgement),
    ...made(topics.accepted, TOPIC_SETTINGS.accepted),
    ...made(topics.request, TOPIC_SETTINGS.request),
    ...made(topics.changes, TOPIC_SETTINGS.changes),
    ...made(topics.deadLetter, TOPIC_SETTINGS.deadLetter),
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
        log.warn({ topic: topic.topic, error: reasonOf(error) }, 'could not create a topic, going on without it');
      }
    }
  }
  return new Set(await admin.listTopics());
}

/** kafkajs says "Topic creation errors", and keeps what they were ("Topic authorization failed") beside it. */
function reasonOf(error: unknown): string {
  const causes = error instanceof Error && 'errors' in error && Array.isArray(error.errors) ? error.errors : [];
  return causes.length === 0 ? messageOf(error) : causes.map(messageOf).join('; ');
}
