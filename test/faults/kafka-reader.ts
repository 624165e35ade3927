import type { Consumer, Kafka } from 'kafkajs';
import { z } from 'zod';
import type { KafkaConfig } from '../../src/config/kafka.ts';

const accepted = z.object({ cursor: z.string() });

/** Whoever follows the registry on Kafka: the compacted topic of changes, and what nodes are told. */
export class KafkaReader {
  /** By node id: whether its last record on the topic of changes stands for a registration. */
  readonly standing = new Map<string, boolean>();
  /** The cursors of all that was said `accepted`. */
  readonly accepted = new Set<number>();
  readonly #consumer: Consumer;

  private constructor(consumer: Consumer) {
    this.#consumer = consumer;
  }

  static async start(kafka: Kafka, { topics }: KafkaConfig): Promise<KafkaReader> {
    const consumer = kafka.consumer({ groupId: 'reader', retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 1000 } });
    const reader = new KafkaReader(consumer);
    const [acceptedTopic = ''] = topics.accepted;
    await consumer.connect();
    await consumer.subscribe({ topics: [topics.changes, acceptedTopic], fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ topic, message: { key, value } }) => {
        if (topic === topics.changes) reader.standing.set(key?.toString() ?? '', value !== null);
        else reader.accepted.add(Number(accepted.parse(JSON.parse(value?.toString() ?? '')).cursor));
      },
    });
    return reader;
  }

  stop(): Promise<void> {
    return this.#consumer.disconnect();
  }
}
