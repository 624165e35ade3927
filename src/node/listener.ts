import { pause } from './deadline.ts';
import { messageOf } from './error-message.ts';
import type { KafkaClient, KafkaConsumer, ReceivedMessage } from './kafka-client.ts';
import type { NodeLogger } from './node-logger.ts';

/** How soon topics that were missing are looked for again, in milliseconds: often while there is nothing to listen to at all. */
const LOOK_AGAIN_WITHOUT_ANY = 5000;
const LOOK_AGAIN_WITH_SOME = 60_000;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;

/**
 * Reads the topics on which nodes are spoken to, in a consumer group of this node alone, from now on. A consumer that crashed is
 * replaced, however often; topics that do not exist are left out until they do, since kafkajs refuses all of them for one that is
 * missing.
 */
export class Listener {
  readonly #kafka: KafkaClient;
  readonly #groupId: string;
  readonly #topics: readonly string[];
  readonly #onMessage: (received: ReceivedMessage) => void;
  readonly #logger: NodeLogger;

  constructor(
    kafka: KafkaClient,
    groupId: string,
    topics: readonly string[],
    onMessage: (received: ReceivedMessage) => void,
    logger: NodeLogger,
  ) {
    this.#kafka = kafka;
    this.#groupId = groupId;
    this.#topics = topics;
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

  async #existingTopics(): Promise<string[]> {
    const admin = this.#kafka.admin();
    try {
      await admin.connect();
      const existing = new Set(await admin.listTopics());
      return this.#topics.filter((topic) => existing.has(topic));
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
      await consumer.connect();
      await consumer.subscribe({ topics, fromBeginning: false });
      await consumer.run({ eachMessage: async (received) => this.#deliver(received) });
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
