import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AclOperationTypes, Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { until } from '../../until.ts';
import { announcement, freshEnvironment, Nodes, runGateway } from '../gateway/running-gateway.ts';
import { OWN_TOPICS } from '../own-topics.ts';
import { grant, PASSWORD, rightsOfScript, startSecuredKafka, USER } from './secured-kafka.ts';

let folder: string;
let kafka: Awaited<ReturnType<typeof startSecuredKafka>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kafka-acl-'));
  kafka = await startSecuredKafka(join(folder, 'kafka'));
});

afterAll(async () => {
  await kafka?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A gateway of the default topics, as the user whose rights are in question. */
async function environment(): Promise<Record<string, string>> {
  return freshEnvironment({
    // Empty is absent: the topics of the default configuration, which the script names.
    ...Object.fromEntries(Object.keys(OWN_TOPICS).map((name) => [name, ''])),
    KAFKA_BROKER_URL: kafka.secured,
    KAFKA_SASL_MECHANISM: 'plain',
    KAFKA_SASL_USERNAME: USER,
    KAFKA_SASL_PASSWORD: PASSWORD,
  });
}

/** How many messages a topic has, as the superuser sees it. */
async function messagesIn(topic: string): Promise<number> {
  const admin = new Kafka({ clientId: 'operator', brokers: [kafka.broker], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    return (await admin.fetchTopicOffsets(topic)).reduce((sum, { high }) => sum + Number(high), 0);
  } finally {
    await admin.disconnect();
  }
}

it('should do with the rights of deploy/kafka/acls.sh all that a gateway does', async () => {
  const env = await environment();
  const rights = await rightsOfScript(folder, {
    KAFKA_ENVIRONMENT: env['KAFKA_ENVIRONMENT'] ?? '',
    KAFKA_GROUP_ID: env['KAFKA_GROUP_ID'] ?? '',
  });
  await grant(kafka.broker, rights);
  const gateway = await runGateway(env);
  const { topics } = gateway.config.kafka;
  const nodes = await Nodes.connect(readConfig({ ...env, KAFKA_BROKER_URL: kafka.broker, KAFKA_SASL_MECHANISM: '' }));
  try {
    await nodes.announce(announcement('right-1'));
    await nodes.send(nodes.topic('introspection', 1), { key: 'right-2', value: announcement('right-2') });
    await nodes.send(nodes.topic('introspection'), { value: 'not JSON' });
    await until('both are registered', async () => (await gateway.client.registered()).length === 2, { timeout: 30_000 });
    const written = [...topics.request, ...topics.accepted, topics.changes, topics.deadLetter];
    for (const topic of written) await until(`something is in ${topic}`, async () => (await messagesIn(topic)) > 0, { timeout: 30_000 });
    await until(
      'the gateway has announced itself, and hears as a node',
      () => gateway.lines.some(({ msg }) => msg === 'listens for introspection requests'),
      {
        timeout: 30_000,
      },
    );
    expect(gateway.lines.filter((line) => /authori[sz]/i.test(JSON.stringify(line)))).toEqual([]);
    // Nothing is granted beside: each right names a topic or group that a gateway has.
    const names = rights.map(({ resourceName }) => resourceName);
    const used = [...Object.values(topics).flat(), gateway.config.kafka.groupId, `node-introspection-${gateway.config.gatewayId}`];
    expect(names.filter((name) => !used.some((one) => one.startsWith(name)))).toEqual([]);
    expect(new Set(rights.map(({ operation }) => operation))).toEqual(
      new Set([AclOperationTypes.READ, AclOperationTypes.WRITE, AclOperationTypes.CREATE]),
    );
  } finally {
    await nodes.close();
    await gateway.stop();
  }
});

it('should say which topic it may not create, and go on', async () => {
  const env = await environment();
  const rights = await rightsOfScript(folder, {
    KAFKA_ENVIRONMENT: env['KAFKA_ENVIRONMENT'] ?? '',
    KAFKA_GROUP_ID: env['KAFKA_GROUP_ID'] ?? '',
    KAFKA_CREATE_TOPICS: 'false',
  });
  expect(rights.some(({ operation }) => operation === AclOperationTypes.CREATE)).toBe(false);
  await grant(kafka.broker, rights);
  const gateway = await runGateway(env);
  try {
    const refused = gateway.lines.filter(({ msg }) => msg === 'could not create a topic, going on without it');
    expect(refused).toContainEqual(
      expect.objectContaining({ topic: gateway.config.kafka.topics.changes, error: expect.stringContaining('authoriz') }),
    );
  } finally {
    await gateway.stop();
  }
});
