import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Stack } from '../../../src/local/stack.ts';
import { until } from '../../until.ts';
import { mend, privateStack } from '../stack.ts';
import { announcement, freshEnvironment, Nodes, type RunningGateway, runGateway } from './running-gateway.ts';
import { everythingIsCounted } from './truth.ts';

const health = z.object({
  checks: z.object({ background_tasks: z.object({ consumer_paused: z.boolean(), consumer_paused_reason: z.string().nullable() }) }),
  metrics: z.object({ consumer_restarts: z.record(z.string(), z.number()) }),
});

describe('the consumer while a back end is away', () => {
  let stack: Stack;
  let gateway: RunningGateway;
  let nodes: Nodes;
  let env: Record<string, string>;
  let url: string;

  beforeAll(async () => {
    stack = await privateStack({ kafka: true });
    url = stack.postgres.url ?? '';
    const { KAFKA_BROKER_URL, ...rest } = stack.env;
    env = await freshEnvironment({
      ...rest,
      KAFKA_BROKER_URL: KAFKA_BROKER_URL ?? '',
      KAFKA_SESSION_TIMEOUT: '6s',
      KAFKA_STALL_TIMEOUT: '8s',
    });
    gateway = await runGateway(env);
    nodes = await Nodes.connect(gateway.config);
  }, 180_000);

  beforeEach(() => mend(stack));

  afterAll(async () => {
    await nodes?.close();
    await gateway?.stop();
    await stack?.stop();
  });

  async function tasks() {
    const { checks, metrics } = health.parse(await (await fetch(`${gateway.client.url}/health`)).json());
    return { ...checks.background_tasks, restarts: metrics.consumer_restarts };
  }

  const pausedFor = (reason: string | null) =>
    until(`it says that it ${reason ?? 'goes on'}`, async () => (await tasks()).consumer_paused_reason === reason, { timeout: 30_000 });

  async function metric(name: string): Promise<number> {
    const text = await (await fetch(`${gateway.client.url}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  }

  const joins = () => gateway.lines.filter(({ msg }) => msg === 'joined the consumer group').length;

  it('should go on storing heartbeats and acknowledgements while Consul is away, and register what was announced within a second or so of its return', async () => {
    await nodes.announce(announcement('before'));
    await until('the first node is registered', async () => (await gateway.client.node('before'))?.state === 'REGISTERED');
    const joined = joins();
    await stack.consul.kill();
    await nodes.announce(...Array.from({ length: 12 }, (_, index) => announcement(`while-${index}`)));
    await pausedFor('waits for consul');
    expect(await metric('discovery_gateway_consumer_paused')).toBe(1);
    // Longer than the session and the patience of the watch: it stays a member, and is not taken for one that stands still.
    const from = Date.now();
    for (let beat = 0; Date.now() - from < 10_000; beat += 1) {
      await nodes.heartbeat('before', { beat });
      await nodes.send(nodes.topic('acknowledgement'), { value: { node_id: 'before', timestamp: new Date().toISOString(), beat } });
      const sent = Date.now();
      await until('the heartbeat and the acknowledgement are stored', async () => {
        const node = await gateway.client.node('before');
        return Date.parse(node?.lastHeartbeatAt ?? '') >= sent - 1000 && Date.parse(node?.acknowledgedAt ?? '') >= sent - 1000;
      });
    }
    expect((await gateway.client.registered()).sort()).toEqual(['before']);
    expect(joins()).toBe(joined);
    await stack.consul.start();
    const back = Date.now();
    await until('all are registered', async () => (await gateway.client.registered()).length === 13);
    console.log(`registered ${Date.now() - back} ms after Consul's return`);
    expect(Date.now() - back, 'the circuit alone would have waited for up to 15 s').toBeLessThan(10_000);
    await pausedFor(null);
    expect(await metric('discovery_gateway_consumer_paused')).toBe(0);
    expect((await tasks()).restarts).toEqual({});
    await everythingIsCounted(nodes.kafka, gateway.config, url);
  }, 60_000);

  it('should stay in its group while Postgres is away, and lose and double nothing', async () => {
    const joined = joins();
    await stack.postgres.kill();
    await nodes.announce(...Array.from({ length: 12 }, (_, index) => announcement(`without-postgres-${index}`)));
    await nodes.heartbeat('before');
    await nodes.send(nodes.topic('introspection'), { value: 'not JSON' });
    await pausedFor('waits for postgres');
    const failed = await metric('discovery_gateway_events_total{outcome="failed"}');
    const from = Date.now();
    await until('it has been away for longer than the session', () => Date.now() - from > 7000, { timeout: 10_000 });
    expect(await metric('discovery_gateway_events_total{outcome="failed"}'), 'no batch is tried during the pause').toBe(failed);
    expect(joins()).toBe(joined);
    await stack.postgres.start();
    const back = Date.now();
    await until('all are registered', async () => (await gateway.client.registered()).length === 25);
    console.log(`registered ${Date.now() - back} ms after Postgres' return`);
    expect(Date.now() - back, 'the circuit alone would have waited for up to 15 s').toBeLessThan(10_000);
    await everythingIsCounted(nodes.kafka, gateway.config, url);
    expect((await tasks()).restarts).toEqual({});
  }, 60_000);

  it('should hand its partitions over during a pause, to a gateway that works them off when the back end is back', async () => {
    await stack.consul.kill();
    await nodes.announce(...Array.from({ length: 12 }, (_, index) => announcement(`handed-over-${index}`)));
    await pausedFor('waits for consul');
    const second = await runGateway({ ...env, GATEWAY_ID: 'second' });
    try {
      await gateway.stop();
      await stack.consul.start();
      await until('all are registered', async () => (await second.client.registered()).length === 37);
      await everythingIsCounted(nodes.kafka, second.config, url);
    } finally {
      gateway = second;
    }
  }, 60_000);
});
