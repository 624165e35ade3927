import { expect, it } from 'vitest';
import type { KafkaClient, KafkaProducer } from '../../../src/node/kafka-client.ts';
import { Publisher } from '../../../src/node/publisher.ts';

/** As kafkajs' producer is when the first question on its connection was not answered. */
class StuckProducer implements KafkaProducer {
  isStuck = true;
  connections = 0;

  async connect(): Promise<void> {
    this.connections += 1;
  }

  async send(): Promise<void> {
    if (this.isStuck) throw new Error('Broker not connected');
  }

  async disconnect(): Promise<void> {
    this.isStuck = false;
  }
}

it('should connect anew when message after message fails on a connection that is taken for usable', async () => {
  const producer = new StuckProducer();
  const kafka: Pick<KafkaClient, 'producer'> = { producer: () => producer };
  const quiet = () => undefined;
  const publisher = new Publisher(kafka, 1000, { debug: quiet, info: quiet, warn: quiet });
  const send = () => publisher.send('topic', { key: 'node', value: '{}', headers: {} });
  expect([await send(), await send(), await send()]).toEqual([false, false, false]);
  expect(await send()).toBe(true);
  expect(producer.connections).toBe(2);
});
