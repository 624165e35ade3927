import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { NodeEvent } from '../../src/events/announcement.ts';
import { parseMessage } from '../../src/events/parse-message.ts';
import { sampleNodes } from '../../src/local/sample-nodes.ts';
import type { Stack } from '../../src/local/stack.ts';
import { type KafkaClient, NodeIntrospection, type NodeIntrospectionOptions, nodeTopics } from '../../src/node/index.ts';
import { until } from '../until.ts';
import { mend, privateStack, program, sharedStack, uniqueEnvironment } from './stack.ts';

interface Heard {
  readonly topic: string;
  readonly key: string | null;
  readonly event: NodeEvent;
}

/** Everything that nodes of one environment say, as the gateway's parser understands it. */
class Ear {
  readonly heard: Heard[] = [];
  readonly #kafka: Kafka;
  readonly #environment: string;
  #close: () => Promise<void> = async () => undefined;

  constructor(kafka: Kafka, environment: string) {
    this.#kafka = kafka;
    this.#environment = environment;
  }

  async open(): Promise<void> {
    const { introspection, heartbeat, acknowledgement } = nodeTopics(this.#environment, 'legacy');
    const meanings = new Map([
      [introspection, 'introspection' as const],
      [heartbeat, 'heartbeat' as const],
      [acknowledgement, 'acknowledgement' as const],
    ]);
    const consumer = this.#kafka.consumer({ groupId: `ear-${this.#environment}`, maxWaitTimeInMs: 200 });
    await consumer.connect();
    await consumer.subscribe({ topics: [...meanings.keys()], fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ topic, message }) => {
        const event = parseMessage(
          { topic, key: message.key, value: message.value, timestamp: Number(message.timestamp) },
          meanings.get(topic) ?? 'introspection',
        );
        this.heard.push({ topic, key: message.key?.toString() ?? null, event });
      },
    });
    this.#close = () => consumer.disconnect();
  }

  close(): Promise<void> {
    return this.#close();
  }

  of(nodeId: string) {
    return this.heard
      .map(({ event }) => event)
      .filter((event) => ('nodeId' in event ? event.nodeId === nodeId : event.kind === 'announcement' && event.content.nodeId === nodeId));
  }

  announcements(nodeId: string) {
    return this.of(nodeId).filter((event) => event.kind === 'announcement');
  }
}

async function createTopics(kafka: Kafka, environment: string): Promise<void> {
  const topics = nodeTopics(environment, 'legacy');
  const admin = kafka.admin();
  await admin.connect();
  const names = [topics.introspection, topics.heartbeat, topics.acknowledgement, ...topics.requests, ...topics.accepted];
  await admin.createTopics({ topics: names.map((topic) => ({ topic, numPartitions: 1 })), waitForLeaders: true });
  await admin.disconnect();
}

function newKafka(brokers: string): Kafka {
  return new Kafka({ clientId: 'node-test', brokers: brokers.split(','), logLevel: logLevel.NOTHING, retry: { retries: 20 } });
}

/** Its consumers do not connect until they are released. */
function withDelayedConsumers(kafka: Kafka) {
  const released = new AbortController();
  let waiting = 0;
  const client: KafkaClient = {
    producer: (config) => kafka.producer(config),
    admin: () => kafka.admin(),
    consumer: (config) => {
      const consumer = kafka.consumer(config);
      const connect = async () => {
        waiting += 1;
        if (!released.signal.aborted) await once(released.signal, 'abort');
        await consumer.connect();
      };
      return { ...consumer, connect };
    },
  };
  return { client, waiting: () => waiting, release: () => released.abort() };
}

/** Tells when the node listens, which no message says. */
function listeningLogger() {
  const logger = {
    listening: 0,
    debug: () => undefined,
    warn: () => undefined,
    info: (_: object, message: string) => {
      if (message.startsWith('listens')) logger.listening += 1;
    },
  };
  return logger;
}

describe('NodeIntrospection on a real Kafka', () => {
  const environment = uniqueEnvironment();
  const topics = nodeTopics(environment, 'legacy');
  const nodes: NodeIntrospection[] = [];
  let kafka: Kafka;
  let ear: Ear;
  let producer: Producer;

  function newNode(options: Partial<NodeIntrospectionOptions>): NodeIntrospection {
    const node = new NodeIntrospection({ kafka: { brokers: [sharedStack().kafka] }, environment, nodeType: 'effect', ...options });
    nodes.push(node);
    return node;
  }

  async function say(topic: string, key: string | null, value: object): Promise<void> {
    await producer.send({ topic, messages: [{ key, value: JSON.stringify(value) }] });
  }

  beforeAll(async () => {
    kafka = newKafka(sharedStack().kafka);
    await createTopics(kafka, environment);
    ear = new Ear(kafka, environment);
    await ear.open();
    producer = kafka.producer();
    await producer.connect();
  });

  afterEach(async () => {
    await Promise.all(nodes.splice(0).map((node) => node.stop()));
  });

  afterAll(async () => {
    await Promise.all([producer.disconnect(), ear.close()]);
  });

  it('should announce itself, heartbeat, and say goodbye in words that the gateway understands', async () => {
    const node = newNode({
      nodeId: 'adapter-1',
      serviceName: 'database-adapter',
      nodeVersion: '1.2.3',
      capabilities: ['query', 'transactions'],
      endpoints: { health: 'http://10.0.0.7:8080/health' },
      health: () => 'degraded',
      heartbeatInterval: 200,
    });

    expect(await node.start()).toBe(true);
    const heartbeat = await until('the node heartbeats', () => ear.of('adapter-1').find((event) => event.kind === 'heartbeat'));
    await node.stop();
    const goodbye = await until('the node says goodbye', () => ear.of('adapter-1').find((event) => event.kind === 'goodbye'));

    const [announcement] = ear.announcements('adapter-1');
    expect(announcement).toMatchObject({
      reason: 'startup',
      reportedHealth: 'degraded',
      content: {
        type: 'effect',
        version: '1.2.3',
        announcedServiceName: 'database-adapter',
        capabilities: ['query', 'transactions'],
        address: '10.0.0.7',
        port: 8080,
        environment,
      },
    });
    expect(heartbeat).toMatchObject({ reportedHealth: 'degraded', activeOperations: 0 });
    expect(goodbye.said.epoch).toBe(announcement?.said.epoch);
    expect(goodbye.said.time).toBeGreaterThan(announcement?.said.time ?? Number.POSITIVE_INFINITY);
    expect(ear.heard.filter(({ key }) => key !== 'adapter-1')).toEqual([]);
  });

  it('should answer a request once, with its correlation id, however many topics it comes over', async () => {
    const logger = listeningLogger();
    const node = newNode({ nodeId: 'asked-1', logger, broadcastJitter: 0 });
    await node.start();
    await until('the node listens', () => logger.listening > 0);

    // One key, so that each topic keeps its order: when the last answer is here, nothing else is to come.
    for (const topic of topics.requests) {
      await say(topic, 'registry', { event_type: 'REGISTRY_REQUEST_INTROSPECTION', correlation_id: 'broadcast' });
      await say(topic, 'registry', { target_node_id: 'another', correlation_id: 'for-another' });
      await say(topic, 'registry', { target_node_id: 'asked-1', correlation_id: `last-of-${topic}` });
    }

    const answersTo = (start: string) => ear.announcements('asked-1').filter(({ correlationId }) => correlationId?.startsWith(start));
    await until('the node answers', () => answersTo('last-of-').length === topics.requests.length);
    expect(answersTo('broadcast').map(({ reason }) => reason)).toEqual(['registry_request']);
    expect(answersTo('for-another')).toEqual([]);
  });

  it('should hear what was said to it before its consumer is in its group, and no older words', async () => {
    const [topic = ''] = topics.accepted;
    const acceptance = (correlationId: string) => ({
      event_type: 'NODE_REGISTRATION_ACCEPTED',
      node_id: 'early-1',
      consul_service_id: 'effect-early-1',
      correlation_id: correlationId,
      cursor: '0008',
    });
    const old = { key: 'early-1', value: JSON.stringify(acceptance('old')), timestamp: String(Date.now() - 120_000) };
    await producer.send({ topic, messages: [old] });
    const client = newKafka(sharedStack().kafka);
    const held = withDelayedConsumers(client);
    const accepted: string[] = [];
    const node = newNode({ kafka: held.client, nodeId: 'early-1', onAccepted: ({ correlationId }) => accepted.push(correlationId ?? '') });
    await node.start();
    await until('its consumer wants to connect', () => held.waiting() > 0);
    await say(topic, 'early-1', acceptance('early'));
    held.release();
    await until('it hears that it is accepted', () => accepted.length > 0);
    expect(accepted).toEqual(['early']);
  });

  it('should acknowledge that it was registered', async () => {
    const logger = listeningLogger();
    const accepted: unknown[] = [];
    const node = newNode({ nodeId: 'accepted-1', logger, onAccepted: (event) => accepted.push(event) });
    await node.start();
    await until('the node listens', () => logger.listening > 0);

    for (const topic of topics.accepted) {
      await say(topic, 'accepted-1', {
        node_id: 'accepted-1',
        correlation_id: 'c-1',
        consul_service_id: 'effect-accepted-1',
        cursor: '0007',
      });
    }

    const acknowledged = await until('the node acknowledges', () => ear.of('accepted-1').find((event) => event.kind === 'acknowledgement'));
    expect(acknowledged.correlationId).toBe('c-1');
    expect(accepted).toEqual([{ nodeId: 'accepted-1', correlationId: 'c-1', consulServiceId: 'effect-accepted-1', cursor: '0007' }]);
  });

  it('should work with a kafkajs client that is given', async () => {
    const node = newNode({ nodeId: 'given-1', kafka });
    expect(await node.start()).toBe(true);
    await until('the announcement arrives', () => ear.announcements('given-1').length === 1);
  });
});

describe('NodeIntrospection without Kafka', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await privateStack({ consul: true, postgres: true });
  });

  beforeEach(() => mend(stack));

  afterAll(async () => {
    await stack.stop();
  });

  it('should start while Kafka is down, announce itself when it comes, and listen again after a crash', async () => {
    const environment = uniqueEnvironment();
    const kafka = newKafka(stack.kafka.url);
    await createTopics(kafka, environment);
    await stack.kafka.kill();
    const logger = listeningLogger();
    const node = new NodeIntrospection({
      kafka: { brokers: [stack.kafka.url] },
      environment,
      nodeType: 'effect',
      nodeId: 'early',
      logger,
      publishTimeout: 500,
    });

    expect(await node.start()).toBe(false);

    await stack.kafka.start();
    const ear = new Ear(kafka, environment);
    await ear.open();
    const [announcement] = await until(
      'the node announces itself',
      () => {
        const heard = ear.announcements('early');
        return heard.length > 0 ? heard : null;
      },
      { timeout: 40_000 },
    );
    expect(announcement?.reason).toBe('startup');
    await until('the node listens', () => logger.listening > 0, { timeout: 40_000 });

    await stack.kafka.kill();
    await stack.kafka.start();
    const producer = kafka.producer();
    await producer.connect();
    const [topic = ''] = nodeTopics(environment, 'legacy').requests;
    const request = { topic, messages: [{ value: JSON.stringify({ target_node_id: 'early', correlation_id: 'after' }) }] };
    // Asked again and again: whether it has to join its group anew depends on how soon the broker is back, and it hears nothing meanwhile.
    await until(
      'the node answers',
      async () => {
        await producer.send(request);
        return ear.announcements('early').some(({ correlationId }) => correlationId === 'after');
      },
      { timeout: 60_000, interval: 1000 },
    );

    await Promise.all([node.stop(), producer.disconnect(), ear.close()]);
  }, 180_000);
});

describe('the sample nodes', () => {
  const root = fileURLToPath(new URL('../../', import.meta.url));

  it.each(['SIGTERM', 'the end of the parent process'])('should announce themselves, answer, and say goodbye at %s', async (end) => {
    const environment = uniqueEnvironment();
    const kafka = newKafka(sharedStack().kafka);
    await createTopics(kafka, environment);
    const ear = new Ear(kafka, environment);
    await ear.open();
    const env = { ...process.env, KAFKA_BROKER_URL: sharedStack().kafka, KAFKA_ENVIRONMENT: environment };
    const samples = spawn(process.execPath, [program('src/local/sample-main.ts')], {
      cwd: root,
      env,
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    const exited = once(samples, 'exit');
    try {
      const ids = sampleNodes().map(({ nodeId }) => nodeId);
      await until('all are announced', () => ids.every((id) => ear.announcements(id).length > 0), { timeout: 30_000 });
      const [adapter] = ear.announcements('database-adapter-001');
      expect(adapter?.content).toMatchObject({ type: 'effect', announcedServiceName: 'database-adapter' });
      expect(adapter?.content.capabilities).toEqual(expect.arrayContaining(['query', 'transactions']));

      const endpoint = (name: string) => adapter?.content.endpoints.find((one) => one.name === name)?.url ?? '';
      expect(await (await fetch(endpoint('health'))).json()).toEqual({ status: 'healthy', node_id: 'database-adapter-001' });
      const answer = await fetch(`${endpoint('api')}/execute_query?customer=Ada`);
      expect(await answer.json()).toEqual({ node_id: 'database-adapter-001', result: [{ id: 1, customer: 'Ada', total: 42 }] });

      if (end === 'SIGTERM') samples.kill('SIGTERM');
      else samples.stdin?.end();
      expect(await exited).toEqual([0, null]);
      await until('all said goodbye', () => ids.every((id) => ear.of(id).some(({ kind }) => kind === 'goodbye')));
    } finally {
      samples.kill('SIGKILL');
      await ear.close();
    }
  });
});
