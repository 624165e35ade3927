import { Kafka, logLevel } from 'kafkajs';
import { expect, it } from 'vitest';
import { type Config, readConfig } from '../../../src/config.ts';
import { until } from '../../until.ts';
import { announcement, freshEnvironment, Nodes, runGateway } from './running-gateway.ts';

const kafkaOf = (config: Config) => new Kafka({ clientId: 'operator', brokers: [...config.kafka.brokers], logLevel: logLevel.NOTHING });

async function withAdmin<T>(config: Config, work: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> {
  const admin = kafkaOf(config).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

const all = ({ kafka: { topics } }: Config) => [
  ...topics.introspection,
  ...topics.heartbeat,
  ...topics.acknowledgement,
  ...topics.request,
  ...topics.accepted,
  topics.changes,
  topics.deadLetter,
];

it('should create the topics that are missing: three partitions for what nodes say, one for requests, compacted changes', async () => {
  const gateway = await runGateway(await freshEnvironment());
  const { topics } = gateway.config.kafka;
  const { partitions, cleanUp } = await withAdmin(gateway.config, async (admin) => {
    const metadata = await admin.fetchTopicMetadata({ topics: all(gateway.config) });
    const { resources } = await admin.describeConfigs({
      resources: [{ type: 2, name: topics.changes, configNames: ['cleanup.policy'] }],
      includeSynonyms: false,
    });
    return {
      partitions: new Map(metadata.topics.map((topic) => [topic.name, topic.partitions.length])),
      cleanUp: resources[0]?.configEntries[0]?.configValue,
    };
  });
  for (const topic of [...topics.introspection, ...topics.heartbeat, ...topics.acknowledgement])
    expect(partitions.get(topic), topic).toBe(3);
  for (const topic of topics.request) expect(partitions.get(topic), topic).toBe(1);
  expect(cleanUp).toBe('compact');
  await gateway.stop();
});

it('should work with topics that exist, whatever their partitions, where it may not create any', async () => {
  const env = await freshEnvironment({ KAFKA_CREATE_TOPICS: 'false' });
  const config = readConfig(env);
  const before = await withAdmin(config, async (admin) => {
    // One generation only, as an operator of that generation has them.
    const topics = [config.kafka.topics.introspection[0] ?? '', config.kafka.topics.heartbeat[0] ?? ''];
    await admin.createTopics({ topics: topics.map((topic) => ({ topic, numPartitions: 2 })), waitForLeaders: false });
    await until('they exist', () => exists(admin, topics));
    return (await admin.listTopics()).filter((topic) => topic.startsWith(config.environment)).sort();
  });
  const gateway = await runGateway(env);
  const nodes = await Nodes.connect(config);
  await nodes.announce(announcement('plain-1'));
  await until('it is registered', async () => (await gateway.client.node('plain-1'))?.state === 'REGISTERED');
  await nodes.heartbeat('plain-1');
  await until('it is heard', async () => (await gateway.client.node('plain-1'))?.health === 'HEALTHY');
  // What cannot be told on Kafka is kept, and found where it always is.
  await nodes.send(nodes.topic('introspection'), { value: 'not JSON' });
  await nodes.announce(announcement('plain-2'));
  await until('the next one is registered', async () => (await gateway.client.node('plain-2'))?.state === 'REGISTERED');
  const { data } = await gateway.client.ask('{ rejectedEvents { errorType } }');
  expect(data).toEqual({ rejectedEvents: [{ errorType: 'NOT_JSON' }] });
  const missing = gateway.lines.find(({ msg }) => msg === 'topics are missing, will look for them again');
  expect(missing?.['missing']).toEqual(expect.arrayContaining([...config.kafka.topics.acknowledgement]));
  await nodes.close();
  await gateway.stop();
  const after = await withAdmin(config, (admin) => admin.listTopics());
  expect(after.filter((topic) => topic.startsWith(config.environment)).sort()).toEqual(before);
});

async function exists(admin: ReturnType<Kafka['admin']>, topics: readonly string[]): Promise<boolean> {
  const known = await admin.listTopics();
  return topics.every((topic) => known.includes(topic));
}
