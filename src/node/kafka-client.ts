import { Kafka, logLevel, Partitioners, type ProducerConfig, type SASLOptions } from 'kafkajs';
import type { NodeLogger } from './node-logger.ts';

/** The part of a kafkajs `Kafka` that a node uses. A `Kafka` instance fits as it is; tests hand in a smaller one. */
export interface KafkaClient {
  producer(config: ProducerConfig): KafkaProducer;
  consumer(config: KafkaConsumerConfig): KafkaConsumer;
  admin(): KafkaAdmin;
}

export interface KafkaProducer {
  connect(): Promise<void>;
  send(record: { topic: string; messages: OutgoingMessage[] }): Promise<unknown>;
  disconnect(): Promise<void>;
}

export interface OutgoingMessage {
  key: string;
  value: string;
  headers: Record<string, string>;
}

export interface KafkaConsumerConfig {
  groupId: string;
  allowAutoTopicCreation: boolean;
  maxWaitTimeInMs: number;
  sessionTimeout: number;
  retry: { retries: number; restartOnFailure: (error: Error) => Promise<boolean> };
}

export interface KafkaConsumer {
  connect(): Promise<void>;
  subscribe(subscription: { topics: string[]; fromBeginning: boolean }): Promise<void>;
  run(config: { eachMessage: (received: ReceivedMessage) => Promise<void> }): Promise<void>;
  /** After `run`. */
  seek(place: { topic: string; partition: number; offset: string }): void;
  disconnect(): Promise<void>;
  on(event: 'consumer.crash', listener: (event: { payload: { error: Error } }) => void): unknown;
  on(event: 'consumer.group_join', listener: () => void): unknown;
}

export interface ReceivedMessage {
  topic: string;
  message: {
    key: Uint8Array | null;
    value: Uint8Array | null;
    timestamp: string;
    headers?: Readonly<Record<string, Uint8Array | string | (Uint8Array | string)[] | undefined>>;
  };
}

export interface PartitionOffset {
  readonly partition: number;
  readonly offset: string;
}

export interface KafkaAdmin {
  connect(): Promise<void>;
  listTopics(): Promise<string[]>;
  /** Where the group has got to; offset -1 where it never was. */
  fetchOffsets(group: { groupId: string; topics: string[] }): Promise<readonly { topic: string; partitions: readonly PartitionOffset[] }[]>;
  /** The first message of each partition from this time on, milliseconds since 1970; the end where there is none. */
  fetchTopicOffsetsByTimestamp(topic: string, timestamp: number): Promise<readonly PartitionOffset[]>;
  disconnect(): Promise<void>;
}

/** How to reach Kafka when the node has no kafkajs instance of its own. */
export interface KafkaConnection {
  /** `host:port` each. */
  readonly brokers: readonly string[];
  /** Default: the node id. */
  readonly clientId?: string;
  /** `true`, or the CA certificates in PEM. Default: no TLS. */
  readonly ssl?: boolean | { readonly ca: string };
  readonly sasl?: SASLOptions;
}

/** The given client, or one built for the given connection. It opens no socket yet. */
export function kafkaClient(kafka: KafkaClient | KafkaConnection, nodeId: string, logger: NodeLogger): KafkaClient {
  if ('producer' in kafka) return kafka;
  return new Kafka({
    clientId: kafka.clientId ?? nodeId,
    brokers: [...kafka.brokers],
    ssl: typeof kafka.ssl === 'object' ? { ca: kafka.ssl.ca } : kafka.ssl,
    sasl: kafka.sasl,
    connectionTimeout: 2000,
    requestTimeout: 10_000,
    // Few retries in here: whoever sends or listens tries again itself, and so notices at once when the node stops.
    retry: { initialRetryTime: 200, maxRetryTime: 1000, retries: 3 },
    // kafkajs reports one outage dozens of times; what matters of it is said once by publisher and listener.
    logLevel: logLevel.ERROR,
    logCreator: () => (entry) => logger.debug({ kafkajs: entry.namespace, detail: entry.log.message }, 'kafkajs reported an error'),
  });
}

/** What every producer of this library is made with. Unknown topics are not created: that is the gateway's right. */
export const PRODUCER_CONFIG: ProducerConfig = {
  allowAutoTopicCreation: false,
  createPartitioner: Partitioners.DefaultPartitioner,
  retry: { initialRetryTime: 200, maxRetryTime: 1000, retries: 3 },
};
