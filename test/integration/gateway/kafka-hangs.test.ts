import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Stack } from '../../../src/local/stack.ts';
import { until } from '../../until.ts';
import { mend, privateStack } from '../stack.ts';
import { FETCH, KafkaProxy } from './kafka-proxy.ts';
import { announcement, freshEnvironment, Nodes, type RunningGateway, runGateway } from './running-gateway.ts';
import { everythingIsCounted } from './truth.ts';

const health = z.object({ metrics: z.object({ consumer_restarts: z.record(z.string(), z.number()) }) });

describe('a Kafka that dies, or hangs', () => {
  let stack: Stack;
  let proxy: KafkaProxy;
  let gateway: RunningGateway;
  let nodes: Nodes;
  let url: string;
  const said: string[] = [];

  beforeAll(async () => {
    stack = await privateStack({ consul: true, postgres: true });
    proxy = await KafkaProxy.before(Number(stack.kafka.brokers[0]?.split(':')[1]));
    const env = await freshEnvironment({
      KAFKA_BROKER_URL: stack.kafka.url,
      KAFKA_SESSION_TIMEOUT: '6s',
      KAFKA_STALL_TIMEOUT: '7s',
      GATEWAY_ID: 'gateway',
    });
    url = env['DATABASE_URL'] ?? '';
    gateway = await runGateway(env);
    nodes = await Nodes.connect(gateway.config);
  }, 180_000);

  beforeEach(() => mend(stack));

  afterAll(async () => {
    await nodes?.close();
    await gateway?.stop();
    await proxy?.close();
    await stack?.stop();
  });

  async function restarts(): Promise<Record<string, number>> {
    return health.parse(await (await fetch(`${gateway.client.url}/health`)).json()).metrics.consumer_restarts;
  }

  async function announce(name: string): Promise<void> {
    const ids = Array.from({ length: 5 }, (_, index) => `${name}-${index}`);
    said.push(...ids);
    await nodes.announce(...ids.map((id) => announcement(id)));
  }

  async function settle(): Promise<void> {
    await until('all are registered', async () => (await gateway.client.registered()).sort().join() === said.toSorted().join(), {
      timeout: 45_000,
    });
    await everythingIsCounted(nodes.kafka, gateway.config, url);
  }

  it('should be got over when the broker is killed and its coordinator comes back', async () => {
    await announce('before');
    await settle();
    await stack.kafka.kill();
    await stack.kafka.start();
    await announce('after');
    await settle();
  }, 90_000);

  it('should be got over when the broker stands still for longer than the session', async () => {
    stack.kafka.pause();
    try {
      await until('the gateway notices', async () => (await fetch(`${gateway.client.url}/health/kafka`)).status === 503, {
        timeout: 20_000,
      });
      const from = Date.now();
      await until('the session is over', () => Date.now() - from > 4000);
    } finally {
      stack.kafka.resume();
    }
    await announce('awake');
    await settle();
  }, 90_000);

  it('should be noticed when a fetch never returns while Kafka answers others, and mended by a new consumer', async () => {
    const before = (await restarts())['no_progress'] ?? 0;
    proxy.hang(FETCH, 'gateway');
    await until('a fetch hangs', () => proxy.hung() > 0);
    await announce('unheard');
    await until('the connections of the consumer hang', async () => (await gateway.client.registered()).length < said.length);
    proxy.release();
    await settle();
    expect((await restarts())['no_progress']).toBe(before + 1);
    expect(gateway.lines.map(({ msg }) => msg)).toContain('the Kafka consumer stands still');
  }, 60_000);

  it('should leave a consumer alone that is well', async () => {
    const before = await restarts();
    const from = Date.now();
    for (let round = 0; Date.now() - from < 9000; round += 1) {
      await announce(`steady-${round}`);
      await settle();
      // Not as fast as it can: a page of the query that counts them holds 500 nodes.
      await until('the next are due', () => Date.now() - from > (round + 1) * 500);
    }
    expect(await restarts()).toEqual(before);
  }, 60_000);
});
