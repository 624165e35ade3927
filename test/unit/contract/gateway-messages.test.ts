import { Kafka, logLevel, type ProducerRecord } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { type SchemaName, schemas } from '../../../src/contract/schemas.ts';
import { REJECTION_TYPES } from '../../../src/events/announcement.ts';
import { readSignature, SIGNATURE_HEADER, signingKey } from '../../../src/events/signature.ts';
import { KafkaMessenger } from '../../../src/kafka/producer.ts';
import type { LoggedChangeType } from '../../../src/registry/change.ts';
import { toCursor } from '../../../src/registry/cursor.ts';
import { until } from '../../until.ts';
import { nodeId } from '../registry/fakes/messages.ts';
import { change, record } from '../registry/fakes/node-record.ts';
import { silentLog } from '../registry/fakes/recorded-log.ts';
import { expectValid, validators } from './validators.ts';

const NOW = Date.UTC(2026, 10, 24, 10);
const { topics } = readConfig({ KAFKA_BROKER_URL: 'kafka:9092', CONSUL_HOST: 'consul', DATABASE_URL: 'postgres://db/x' }).kafka;
const validate = validators();

/** The messages that the gateway's own code hands to kafkajs, by topic. */
async function sentBy(work: (messenger: KafkaMessenger) => Promise<void>, secret?: string) {
  const kafka = new Kafka({ brokers: ['kafka:9092'], logLevel: logLevel.NOTHING });
  const records: ProducerRecord[] = [];
  let isConnected = false;
  const producer = Object.assign(kafka.producer(), {
    connect: async () => {
      isConnected = true;
    },
    disconnect: async () => undefined,
    send: async (sent: ProducerRecord) => {
      records.push(sent);
      return [];
    },
  });
  const { kafka: config } = readConfig({ KAFKA_BROKER_URL: 'kafka:9092', CONSUL_HOST: 'consul', DATABASE_URL: 'postgres://db/x' });
  const all = { has: () => true, isKnown: () => true };
  const key = secret === undefined ? null : signingKey({ kid: 'gateways', secret });
  const messenger = new KafkaMessenger(
    Object.assign(kafka, { producer: () => producer }),
    config,
    () => 'registry-1',
    all,
    silentLog(),
    key,
  );
  const stop = new AbortController();
  const running = messenger.run(stop.signal);
  await until('it is connected', () => isConnected);
  await work(messenger);
  stop.abort();
  await running;
  await messenger.disconnect();
  return records.flatMap(({ topic, messages }) => messages.map((message) => ({ topic, ...message })));
}

function expectContract(messages: Awaited<ReturnType<typeof sentBy>>, schema: SchemaName, expectedTopics: readonly string[]): void {
  expect([...new Set(messages.map(({ topic }) => topic))]).toEqual(expectedTopics);
  for (const { value, headers } of messages) {
    expectValid(validate['gateway-headers'], headers);
    if (value !== null) expectValid(validate[schema], JSON.parse(String(value)));
  }
}

describe('what the gateway sends', () => {
  it('should be requests of the contract, to one node, to types and to everybody', async () => {
    const asked = { correlationId: 'c-1', reason: 'registry_startup', requestedAt: NOW, targetNodeId: null, targetNodeTypes: null };
    const sent = await sentBy((messenger) =>
      messenger.requestIntrospection([asked, { ...asked, targetNodeId: nodeId('n-1') }, { ...asked, targetNodeTypes: ['effect'] }]),
    );
    expectContract(sent, 'introspection-request', topics.request);
  });

  it('should be accepted events of the contract', async () => {
    const accepted = { nodeId: nodeId('n-1'), consulServiceId: 'effect-n-1', cursor: toCursor(239), correlationId: 'c-1', acceptedAt: NOW };
    const sent = await sentBy((messenger) => messenger.accept([accepted, { ...accepted, consulServiceId: null, correlationId: null }]));
    expectContract(sent, 'registration-accepted', topics.accepted);
  });

  it.each<LoggedChangeType>(['ADDED', 'MODIFIED', 'HEALTH_CHANGED', 'REMOVED'])('should be changes of the contract: %s', async (type) => {
    const plain = { ...change(record('n-1')), type, cursor: toCursor(240) };
    const bare = { ...plain, node: record('n-2', {}, { endpoints: [], address: null, port: null }), correlationId: null };
    const sent = await sentBy((messenger) => messenger.publishChanges([plain, bare]));
    expectContract(sent, 'registration-change', [topics.changes]);
    expect(sent.map(({ value }) => value === null)).toEqual([type === 'REMOVED', type === 'REMOVED']);
    expect(sent.map(({ headers }) => headers?.['event_type'])).toEqual([`NODE_${type}`, `NODE_${type}`]);
  });

  it('should be dead letters of the contract, for every reason, whole and cut', async () => {
    const position = { topic: topics.introspection[0] ?? '', partition: 2, offset: '41' };
    const letters = REJECTION_TYPES.map((errorType) => ({
      position,
      key: Buffer.from('n-1'),
      value: Buffer.from('{'),
      rejection: { kind: 'rejection' as const, errorType, reason: 'Because.', correlationId: null },
      failedAt: NOW,
    }));
    const [first] = letters;
    if (first === undefined) expect.fail('there are no reasons');
    const cut = { ...first, key: Buffer.alloc(20_000, 'k'), value: Buffer.alloc(700_000, 'v') };
    const sent = await sentBy((messenger) => messenger.deadLetter([...letters, cut, { ...first, key: null, value: null }]));
    expectContract(sent, 'dead-letter', [topics.deadLetter]);
  });

  it('should be signed as the contract says, with a key', async () => {
    const accepted = { nodeId: nodeId('n-1'), consulServiceId: null, cursor: toCursor(1), correlationId: 'c-1', acceptedAt: NOW };
    const sent = await sentBy((messenger) => messenger.accept([accepted]), 'a secret of at least thirty-two bytes');
    expectContract(sent, 'registration-accepted', topics.accepted);
    for (const { headers } of sent) expect(readSignature(String(headers?.[SIGNATURE_HEADER]))?.kid).toBe('gateways');
  });
});

describe('the contract', () => {
  it.each(Object.entries(schemas()))('should have examples in %s that hold', (name, schema) => {
    const examples = 'examples' in schema && Array.isArray(schema['examples']) ? schema['examples'] : [];
    if (!name.endsWith('-headers')) expect(examples.length).toBeGreaterThan(0);
    const found = Object.entries(validate).find(([known]) => known === name);
    if (found === undefined) expect.fail(`nothing validates ${name}`);
    for (const example of examples) expectValid(found[1], example);
  });

  it.each<[SchemaName, object]>([
    ['introspection-request', { target_node_id: 5 }],
    ['introspection-request', { correlation_id: undefined }],
    ['registration-accepted', { event_type: 'NODE_ADDED' }],
    ['registration-accepted', { cursor: '239' }],
    ['registration-change', { event_type: 'NODE_REMOVED' }],
    ['registration-change', { node: { node_id: 'n-1' } }],
    ['dead-letter', { error_type: 'BAD_LUCK' }],
    ['dead-letter', { original_offset: 41 }],
  ])('should refuse in %s what the gateway never says: %j', (name, different) => {
    const examples: readonly unknown[] = [schemas()[name]].flatMap((schema) => ('examples' in schema ? schema['examples'] : []));
    const [example] = examples;
    const changed: unknown = JSON.parse(JSON.stringify({ ...(typeof example === 'object' ? example : {}), ...different }));
    expect(validate[name](changed)).toBe(false);
  });
});
