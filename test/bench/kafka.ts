import { Kafka, logLevel, type Producer } from 'kafkajs';

export interface Outgoing {
  readonly key: string;
  readonly value: string;
}

/** A client that says nothing. */
export function quietKafka(brokers: readonly string[]): Kafka {
  return new Kafka({ clientId: 'bench', brokers: [...brokers], logLevel: logLevel.NOTHING, retry: { retries: 20 } });
}

/** With a producer that is connected, until the work is done. */
export async function producing<T>(brokers: readonly string[], work: (producer: Producer) => Promise<T>): Promise<T> {
  const producer = quietKafka(brokers).producer();
  await producer.connect();
  try {
    return await work(producer);
  } finally {
    await producer.disconnect();
  }
}
