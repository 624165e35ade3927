import type { NodeEvent } from '../../../src/events/announcement.ts';
import { isJsonObject, type JsonObject } from '../../../src/events/json.ts';
import { parseMessage } from '../../../src/events/parse-message.ts';
import type {
  KafkaAdmin,
  KafkaClient,
  KafkaConsumer,
  KafkaConsumerConfig,
  KafkaProducer,
  OutgoingMessage,
  ReceivedMessage,
} from '../../../src/node/kafka-client.ts';
import { nodeTopics } from '../../../src/node/topics.ts';

export interface SentMessage {
  readonly topic: string;
  readonly key: string;
  readonly headers: Record<string, string>;
  readonly value: JsonObject;
  /** The value as Kafka would carry it. */
  readonly text: string;
  /** The value's `payload`. */
  readonly payload: JsonObject;
  readonly bytes: number;
  /** As the gateway understands it. */
  readonly event: NodeEvent;
}

/** A Kafka in memory: takes what is sent, delivers what a test says, and fails on demand. */
export class FakeKafka implements KafkaClient {
  readonly sent: SentMessage[] = [];
  readonly consumers: FakeConsumer[] = [];
  readonly topics: string[];
  /** `refuses`: every call fails. `hangs`: no call ends before `recover`. */
  state: 'up' | 'refuses' | 'hangs' = 'up';
  readonly #hanging: (() => void)[] = [];
  /** Where every group has got to, by partition: nowhere. */
  readonly read = new Map<number, string>();
  /** Connections that are open now. */
  open = 0;

  constructor(environment = 'dev') {
    const { introspection, heartbeat, acknowledgement, requests, accepted } = nodeTopics(environment, 'legacy');
    this.topics = [introspection, heartbeat, acknowledgement, ...requests, ...accepted];
  }

  producer(): KafkaProducer {
    return {
      ...this.#connection(),
      send: async ({ topic, messages }) => {
        await this.answer();
        for (const message of messages) this.sent.push(read(topic, message));
      },
    };
  }

  consumer(config: KafkaConsumerConfig): FakeConsumer {
    const consumer = new FakeConsumer(config, this);
    this.consumers.push(consumer);
    return consumer;
  }

  admin(): KafkaAdmin {
    return {
      ...this.#connection(),
      listTopics: async () => {
        await this.answer();
        return this.topics;
      },
      fetchOffsets: async ({ topics }) => {
        await this.answer();
        const partitions = [0, 1].map((partition) => ({ partition, offset: this.read.get(partition) ?? '-1' }));
        return topics.map((topic) => ({ topic, partitions }));
      },
      fetchTopicOffsetsByTimestamp: async (_topic, timestamp) => {
        await this.answer();
        return [0, 1].map((partition) => ({ partition, offset: `first since ${timestamp}` }));
      },
    };
  }

  /** What a call to Kafka comes to at the moment. */
  answer(): Promise<void> {
    if (this.state === 'refuses') return Promise.reject(new Error('connection refused'));
    if (this.state === 'up') return Promise.resolve();
    return new Promise((_, reject) => this.#hanging.push(() => reject(new Error('connection reset'))));
  }

  /** Up again; calls that hung fail. */
  recover(): void {
    this.state = 'up';
    for (const fail of this.#hanging.splice(0)) fail();
  }

  /** Hands a message to every consumer of the topic. */
  deliver(
    topic: string,
    value: object | string | null,
    {
      key = null,
      timestamp = Date.now(),
      headers,
    }: { key?: string | null; timestamp?: number; headers?: ReceivedMessage['message']['headers'] } = {},
  ): void {
    const text = typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
    const message = {
      key: key === null ? null : Buffer.from(key),
      value: text === null ? null : Buffer.from(text),
      timestamp: String(timestamp),
      ...(headers === undefined ? {} : { headers }),
    };
    for (const consumer of this.consumers) if (consumer.running && consumer.topics.includes(topic)) consumer.receive({ topic, message });
  }

  /** Everything that was sent to announce a node. */
  announcements(): SentMessage[] {
    return this.sent.filter(({ topic }) => topic.includes('node-introspection'));
  }

  reasons(): unknown[] {
    return this.announcements().map(({ payload }) => payload['reason']);
  }

  heartbeats(): SentMessage[] {
    return this.sent.filter(({ topic }) => topic.includes('node-heartbeat'));
  }

  #connection() {
    let connected = false;
    return {
      connect: async () => {
        await this.answer();
        if (!connected) this.open += 1;
        connected = true;
      },
      disconnect: async () => {
        if (connected) this.open -= 1;
        connected = false;
      },
    };
  }
}

type Sought = Parameters<KafkaConsumer['seek']>[0];

export class FakeConsumer implements KafkaConsumer {
  readonly config: KafkaConsumerConfig;
  readonly #kafka: FakeKafka;
  topics: string[] = [];
  fromBeginning = true;
  running = false;
  readonly sought: Sought[] = [];
  #connected = false;
  #eachMessage: (received: ReceivedMessage) => Promise<void> = async () => undefined;
  #onCrash: (event: { payload: { error: Error } }) => void = () => undefined;
  #onJoin: () => void = () => undefined;

  constructor(config: KafkaConsumerConfig, kafka: FakeKafka) {
    this.config = config;
    this.#kafka = kafka;
  }

  async connect(): Promise<void> {
    await this.#kafka.answer();
    this.#connected = true;
    this.#kafka.open += 1;
  }

  async subscribe({ topics, fromBeginning }: { topics: string[]; fromBeginning: boolean }): Promise<void> {
    const missing = topics.filter((topic) => !this.#kafka.topics.includes(topic));
    if (missing.length > 0) throw new Error(`unknown topics ${missing.join()}`);
    this.topics = topics;
    this.fromBeginning = fromBeginning;
  }

  async run({ eachMessage }: { eachMessage: (received: ReceivedMessage) => Promise<void> }): Promise<void> {
    this.#eachMessage = eachMessage;
    this.running = true;
    this.#onJoin();
  }

  seek(place: Sought): void {
    if (!this.running) throw new Error('Consumer group was not initialized, consumer#run must be called first');
    this.sought.push(place);
  }

  async disconnect(): Promise<void> {
    this.running = false;
    if (this.#connected) this.#kafka.open -= 1;
    this.#connected = false;
  }

  on(event: 'consumer.crash' | 'consumer.group_join', listener: (event: { payload: { error: Error } }) => void): void {
    if (event === 'consumer.crash') this.#onCrash = listener;
    else this.#onJoin = () => listener({ payload: { error: new Error('no error') } });
  }

  receive(received: ReceivedMessage): void {
    this.#eachMessage(received).catch((error: unknown) => {
      throw error;
    });
  }

  /** `type`: as kafkajs names errors of the protocol. */
  crash(message: string, type?: string): void {
    this.running = false;
    this.#onCrash({ payload: { error: Object.assign(new Error(message), type === undefined ? {} : { type }) } });
  }
}

function read(topic: string, { key, value, headers }: OutgoingMessage): SentMessage {
  const parsed: unknown = JSON.parse(value);
  if (!isJsonObject(parsed) || !isJsonObject(parsed['payload'])) throw new Error(`no envelope: ${value}`);
  const meaning = topic.includes('heartbeat') ? 'heartbeat' : topic.includes('acked') ? 'acknowledgement' : 'introspection';
  const event = parseMessage({ topic, key: Buffer.from(key), value: Buffer.from(value), headers, timestamp: 0 }, meaning);
  return { topic, key, headers, value: parsed, text: value, payload: parsed['payload'], bytes: Buffer.byteLength(value), event };
}

/** Keeps what was warned of. */
export function quietLogger() {
  const warnings: string[] = [];
  return {
    warnings,
    debug: () => undefined,
    info: () => undefined,
    warn: (_details: object, message: string) => {
      warnings.push(message);
    },
  };
}
