import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { readConfig } from '../../../src/config.ts';
import { freePort } from '../../../src/local/port.ts';
import type { Stack } from '../../../src/local/stack.ts';
import { until } from '../../until.ts';
import { mend, privateStack } from '../stack.ts';
import { announcement, freshEnvironment, GatewayClient, healthServer, Nodes } from './running-gateway.ts';
import { SpawnedGateways } from './spawned-gateway.ts';
import { agreement, everythingIsCounted } from './truth.ts';

const health = z.object({
  status: z.string(),
  checks: z.object({ services: z.record(z.string(), z.boolean()), circuit_breakers: z.record(z.string(), z.string()) }),
});

let stack: Stack;
const gateways = new SpawnedGateways();

beforeAll(async () => {
  stack = await privateStack();
}, 180_000);

beforeEach(() => mend(stack));

afterAll(async () => {
  await gateways.end();
  await stack?.stop();
});

it('should start before all of its back ends, serve as soon as Postgres is there, and register what was said before it lived', async () => {
  const port = await freePort(new Set());
  const env = await freshEnvironment({ ...stack.env, SERVICE_PORT: String(port) });
  const config = readConfig(env);
  const server = await healthServer();
  const topic = config.kafka.topics.introspection[0] ?? '';
  const admin = new Kafka({ clientId: 'operator', brokers: [...config.kafka.brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 3 }], waitForLeaders: false });
  await until('the topic exists', async () => (await admin.listTopics()).includes(topic));
  await admin.disconnect();
  const nodes = await Nodes.connect(config);
  await nodes.announce(...Array.from({ length: 20 }, (_, index) => announcement(`early-${index}`, { endpoints: server.endpoints })));
  await Promise.all([stack.kafka.kill(), stack.consul.kill(), stack.postgres.kill()]);

  const { child, output, ended } = gateways.spawn(env);
  const url = `http://127.0.0.1:${port}`;
  const client = new GatewayClient(url, config);
  const report = async () => health.parse(await (await fetch(`${url}/health`)).json());
  await until('it says what it waits for', () => output().includes('waiting for Postgres'), { timeout: 30_000 });
  expect((await fetch(`${url}/health/ready`)).status).toBe(503);
  expect((await report()).status).toBe('unhealthy');

  await stack.postgres.start();
  await until('it serves', async () => (await fetch(`${url}/health/ready`)).ok, { timeout: 30_000 });
  expect(await client.registered()).toEqual([]);
  await until('it says that Kafka and Consul are missing', async () => {
    const { status, checks } = await report();
    const { kafka_client_available: kafka, consul_client_available: consul, postgres_client_available: postgres } = checks.services;
    return status === 'degraded' && kafka === false && consul === false && postgres === true;
  });

  await stack.kafka.start();
  // It hears of nodes that it cannot register yet, and keeps them.
  await until('it has joined its group', () => output().includes('joined the consumer group'), { timeout: 60_000 });
  expect(await client.registered()).toEqual([]);
  await stack.consul.start();
  await until('all are registered', async () => (await client.registered()).length === 20, { timeout: 60_000 });
  await until('it is healthy', async () => {
    const { status, checks } = await report();
    return status === 'healthy' && Object.values(checks.circuit_breakers).every((position) => position === 'closed');
  });
  await everythingIsCounted(nodes.kafka, config, stack.postgres.url ?? '');
  await agreement(config, stack.postgres.url ?? '', [client]);
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
  await client.close();
  await nodes.close();
  await server.close();
}, 180_000);
