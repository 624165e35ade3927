import { Kafka, logLevel } from 'kafkajs';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { createSendingKafka } from '../../src/kafka/client.ts';
import { Complaints } from '../../src/kafka/complaints.ts';
import { LastingProducer } from '../../src/kafka/lasting-producer.ts';
import { until } from '../until.ts';
import { KafkaProxy } from './gateway/kafka-proxy.ts';
import { gatewayEnvironment, sharedStack, uniqueEnvironment } from './stack.ts';

/** The first question on every connection: which requests the broker knows. */
const API_VERSIONS = 18;

let proxy: KafkaProxy;

beforeAll(async () => {
  proxy = await KafkaProxy.before(Number(sharedStack().kafka.split(':')[1]));
});

afterAll(() => proxy.close());

it('should come back when a broker took its connection and left the first question unanswered', async () => {
  const config = readConfig({ ...gatewayEnvironment('postgres://127.0.0.1/none'), GATEWAY_ID: 'asking' }).kafka;
  const topic = uniqueEnvironment();
  const admin = new Kafka({ clientId: 'operator', brokers: [...config.brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: false });
  await until('the topic exists', async () => (await admin.listTopics()).includes(topic));

  proxy.hang(API_VERSIONS, 'asking');
  const lines: { readonly msg?: string }[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const producer = new LastingProducer(createSendingKafka(config, new Complaints(config, log, Date.now)), log);
  const stop = new AbortController();
  const running = producer.run(stop.signal);
  const send = () => producer.send({ topic, messages: [{ value: 'said' }] });
  await until('a connection hangs', () => proxy.hung() > 0);
  await until('kafkajs takes it for usable', () =>
    send().then(
      () => false,
      (error: unknown) => String(error).includes('Broker not connected'),
    ),
  );
  proxy.release();
  await until('it sends', () =>
    send().then(
      () => true,
      () => false,
    ),
  );
  expect(lines.map(({ msg }) => msg)).toContain('the Kafka producer does not work, replacing it');
  expect(await admin.fetchTopicOffsets(topic)).toMatchObject([{ high: '1' }]);
  stop.abort();
  await running;
  await producer.disconnect();
  await admin.disconnect();
});
