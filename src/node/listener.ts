import { pause } from './deadline.ts';
import { messageOf } from './error-message.ts';
import type { KafkaAdmin, KafkaClient, KafkaConsumer, ReceivedMessage } from './kafka-client.ts';
import type { NodeLogger } from './node-logger.ts';

/** How soon topics that were missing are looked for again, in milliseconds: often while there is nothing to listen to at all. */
const LOOK_AGAIN_WITHOUT_ANY = 5000;
const LOOK_AGAIN_WITH_SOME = 60_000;
/**
 * A group that never read a partition begins this long before the node did, in milliseconds: what answers the node's first announcement is
 * there before its consumer is, which may wait seconds for its group. So much may the clocks of nodes and gateways differ for that.
 */
const LOOK_BACK = 30_000;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;
/** Of a partition in which a group has no offset. */
const NEVER_READ = '-1';

export interface ListenerParts {
  readonly kafka: KafkaClient;
  /** Of this node alone. */
  readonly groupId: string;
  readonly topics: readonly string[];
  /** When this life of the node began, milliseconds since 1970. */
  readonly startedAt: number;
  readonly onMessage: (received: ReceivedMessage) => void;
  readonly logger: NodeLogger;
}

interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
}

/**
 * Reads the topics on which nodes are spoken to, in a consumer group of this node alone: on from where the group was, or from when this
 * life began. A consumer that crashed is replaced, however often; topics that do not exist are left out until they do, since kafkajs refuses all of them for one that is
 * missing.
 */
export class Listener {
  readonly #kafka: KafkaClient;
  readonly #groupId: string;
  readonly #topics: readonly string[];
  readonly #startedAt: number;
  readonly #onMessage: (received: ReceivedMessage) => void;
  readonly #logger: NodeLogger;

  constructor({ kafka, groupId, topics, startedAt, onMessage, logger }: ListenerParts) {
    this.#kafka = kafka;
    this.#groupId = groupId;
    this.#topics = topics;
    this.#startedAt = startedAt;
    this.#onMessage = onMessage;
    this.#logger = logger;
  }

  /** Listens until the signal aborts; resolves when everything is closed. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    let wait = FIRST_PAUSE;
    while (!signal.aborted) {
      try {
        const topics = await this.#existingTopics();
        if (signal.aborted) return;
        if (topics.length === 0) {
          this.#logger.debug({ topics: this.#topics }, 'none of the request topics exists yet: will look again');
          await pause(LOOK_AGAIN_WITHOUT_ANY, signal);
        } else {
          await this.#consume(topics, signal, () => {
            wait = FIRST_PAUSE;
          });
        }
      } catch (error) {
        const told = { error: messageOf(error), retry_in_ms: wait };
        // Kafka has just started: nothing is wrong.
        if (isGroupLoading(error)) this.#logger.debug(told, 'Kafka still loads the consumer group: will try again');
        else this.#logger.warn(told, 'cannot listen for introspection requests: will try again');
        await pause(wait, signal);
        wait = Math.min(wait * 2, LONGEST_PAUSE);
      }
    }
  }

  #existingTopics(): Promise<string[]> {
    return this.#asAdmin(async (admin) => {
      const existing = new Set(await admin.listTopics());
      return this.#topics.filter((topic) => existing.has(topic));
    });
  }

  /** Where to begin in the partitions that the group never read. */
  #beginnings(topics: string[]): Promise<readonly Place[]> {
    return this.#asAdmin(async (admin) => {
      const read = await admin.fetchOffsets({ groupId: this.#groupId, topics });
      const places = read.map(async ({ topic, partitions }) => {
        const unread = new Set(partitions.filter(({ offset }) => offset === NEVER_READ).map(({ partition }) => partition));
        if (unread.size === 0) return [];
        const offsets = await admin.fetchTopicOffsetsByTimestamp(topic, this.#startedAt - LOOK_BACK);
        return offsets.filter(({ partition }) => unread.has(partition)).map((place) => ({ topic, ...place }));
      });
      return (await Promise.all(places)).flat();
    });
  }

  async #asAdmin<T>(ask: (admin: KafkaAdmin) => Promise<T>): Promise<T> {
    const admin = this.#kafka.admin();
    try {
      await admin.connect();
      return await ask(admin);
    } finally {
      await admin.disconnect();
    }
  }

  /** Consumes until the signal aborts or more topics exist; throws when the consumer crashed. */
  async #consume(topics: string[], signal: AbortSignal, onListening: () => void): Promise<void> {
    const consumer = this.#kafka.consumer({
      groupId: this.#groupId,
      allowAutoTopicCreation: false,
      // Also what closing may take, as kafkajs waits for the running fetch.
      maxWaitTimeInMs: 2000,
      // A node that crashed and came back waits for its own dead membership to run out. Kafka takes no less than 6 s, kafkajs' default is 30 s.
      sessionTimeout: 10_000,
      // Restarting is this loop's work, which also sees errors that kafkajs takes for fatal.
      retry: { retries: 5, restartOnFailure: async () => false },
    });
    const ended = new AbortController();
    try {
      const crash = this.#crashOf(consumer);
      // The listener of a crash is in place before there is anybody who could wait for it.
      crash.catch((error: unknown) => this.#logger.debug({ error: messageOf(error) }, 'the consumer crashed'));
      consumer.on('consumer.group_join', () => {
        onListening();
        this.#logger.info({ topics, group: this.#groupId }, 'listens for introspection requests');
      });
      const beginnings = await this.#beginnings(topics);
      await consumer.connect();
      await consumer.subscribe({ topics, fromBeginning: false });
      await consumer.run({ eachMessage: async (received) => this.#deliver(received) });
      for (const place of beginnings) consumer.seek(place);
      await Promise.race([crash, this.#moreTopics(topics, AbortSignal.any([signal, ended.signal]))]);
    } finally {
      ended.abort();
      await consumer.disconnect();
    }
  }

  #crashOf(consumer: KafkaConsumer): Promise<never> {
    return new Promise((_, reject) => {
      consumer.on('consumer.crash', ({ payload }) => reject(payload.error));
    });
  }

  async #moreTopics(topics: readonly string[], signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(LOOK_AGAIN_WITH_SOME, signal);
      if (signal.aborted || topics.length === this.#topics.length) continue;
      if ((await this.#existingTopics()).length > topics.length) return;
    }
  }

  #deliver(received: ReceivedMessage): void {
    try {
      this.#onMessage(received);
    } catch (error) {
      // A throwing handler would make kafkajs read the same message for ever.
      this.#logger.warn({ topic: received.topic, error: messageOf(error) }, 'a message to this node could not be handled');
    }
  }
}

function isGroupLoading(error: unknown): boolean {
  return error instanceof Error && 'type' in error && error.type === 'GROUP_LOAD_IN_PROGRESS';
}
