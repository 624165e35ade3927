import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel, Partitioners, type Producer } from 'kafkajs';
import type { KafkaConfig } from '../../src/config/kafka.ts';
import { until } from '../until.ts';
import type { Draw } from './draw.ts';
import type { Fleet } from './fleet.ts';
import { messageOf, type Saying } from './saying.ts';

interface Message {
  readonly topic: string;
  readonly key: string | null;
  readonly value: string | null;
}

const REJECTED = [
  'not json',
  '[1, 2]',
  '{"node_type": "effect"}',
  '{"node_id": "bad\\u0000id"}',
  `{"node_id": "x", "pad": "${'x'.repeat(300_000)}"}`,
];

/** Puts on Kafka what the fleet says: in order and out of order, twice, much later, among heartbeats and messages that are none. */
export class Traffic {
  readonly #fleet: Fleet;
  readonly #topics: KafkaConfig['topics'];
  readonly #producer: Producer;
  readonly kafka: Kafka;
  /** What became of the messages is counted by the gateways; this is what they must add up to, with what the gateways say themselves. */
  produced = 0;
  /** Of these, what nodes said of themselves. */
  announcements = 0;

  private constructor(fleet: Fleet, { brokers, topics }: KafkaConfig) {
    this.#fleet = fleet;
    this.#topics = topics;
    this.kafka = new Kafka({
      clientId: 'fleet',
      brokers: [...brokers],
      logLevel: logLevel.NOTHING,
      connectionTimeout: 1000,
      requestTimeout: 5000,
      retry: { initialRetryTime: 100, maxRetryTime: 500, retries: 1000 },
    });
    this.#producer = this.kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  }

  static async connect(fleet: Fleet, config: KafkaConfig): Promise<Traffic> {
    const traffic = new Traffic(fleet, config);
    await traffic.#ledTopics();
    await traffic.#producer.connect();
    return traffic;
  }

  /** Every node starts up. */
  async begin(draw: Draw): Promise<void> {
    await this.#send(this.#fleet.startAll(Date.now()).map((saying) => this.#announcement(saying, draw)));
  }

  /** So many messages over so many milliseconds, in bursts; then those that were held back on the way. */
  async run(draw: Draw, { messages, duration }: { readonly messages: number; readonly duration: number }): Promise<void> {
    const held: Message[] = [];
    for (let left = messages; left > 0; ) {
      const size = Math.min(left, draw.integer(1, 12));
      const burst = Array.from({ length: size }, () => this.#message(draw)).flatMap((record) => {
        if (!draw.chance(12)) return draw.chance(6) ? [record, record] : [record];
        held.push(record);
        return [];
      });
      await this.#send(burst);
      left -= size;
      await sleep((duration * size) / messages);
    }
    await this.#send(draw.shuffled(held));
  }

  close(): Promise<void> {
    return this.#producer.disconnect();
  }

  /** Until the gateways have created every topic: kafkajs sends twice what meets a partition without a leader, and reads none of it. */
  async #ledTopics(): Promise<void> {
    const { introspection, heartbeat, acknowledgement, accepted, changes } = this.#topics;
    const admin = this.kafka.admin({ retry: { retries: 0 } });
    await admin.connect();
    try {
      for (const topic of [...introspection, ...heartbeat, ...acknowledgement, ...accepted, changes])
        await until(`${topic} has its leaders`, () => admin.fetchTopicOffsets(topic), { timeout: 30_000 });
    } finally {
      await admin.disconnect();
    }
  }

  #message(draw: Draw): Message {
    const kind = draw.integer(1, 100);
    if (kind <= 60) return this.#announcement(this.#fleet.speak(draw, Date.now()), draw);
    if (kind <= 72) {
      const repeated = this.#fleet.repeat(draw);
      if (repeated !== null) return this.#announcement(repeated, draw);
    }
    if (kind <= 76) return { topic: draw.pick(this.#topics.introspection), key: null, value: draw.pick(REJECTED) };
    const nodeId = this.#fleet.anyId(draw);
    const timestamp = new Date().toISOString();
    if (kind <= 80) {
      const value = JSON.stringify({ event_type: 'node-registration-acked', payload: { node_id: nodeId, timestamp }, timestamp });
      return { topic: draw.pick(this.#topics.acknowledgement), key: nodeId, value };
    }
    const status = draw.chance(30) ? { health_status: 'healthy' } : {};
    return { topic: draw.pick(this.#topics.heartbeat), key: nodeId, value: JSON.stringify({ node_id: nodeId, timestamp, ...status }) };
  }

  #announcement(saying: Saying, draw: Draw): Message {
    return {
      topic: draw.pick(this.#topics.introspection),
      // Often null: the messages of one node then sit in different partitions.
      key: draw.chance(50) ? saying.nodeId : null,
      value: JSON.stringify(messageOf(saying, draw)),
    };
  }

  /** Until Kafka has taken it, whatever happens to Kafka meanwhile. What it took without our hearing of it is there twice. */
  async #send(records: readonly Message[]): Promise<void> {
    if (records.length === 0) return;
    const topicMessages = [...new Set(records.map(({ topic }) => topic))].map((topic) => ({
      topic,
      messages: records.filter((record) => record.topic === topic).map(({ key, value }) => ({ key, value })),
    }));
    await until(
      'Kafka takes what the nodes say',
      async () => {
        await this.#producer.sendBatch({ topicMessages, timeout: 3000 });
        return true;
      },
      { timeout: 90_000, interval: 200 },
    );
    this.produced += records.length;
    this.announcements += records.filter(({ topic }) => this.#topics.introspection.includes(topic)).length;
  }
}
