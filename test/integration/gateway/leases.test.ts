import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { until } from '../../until.ts';
import { announcement, consul, freshEnvironment, healthServer, Nodes, type RunningGateway, runGateway } from './running-gateway.ts';

/** Hours: 3.6 s. */
const LEASE = '0.001';

describe('leases', () => {
  let gateway: RunningGateway;
  let nodes: Nodes;
  let server: Awaited<ReturnType<typeof healthServer>>;

  beforeAll(async () => {
    gateway = await runGateway(await freshEnvironment({ NODE_TTL_HOURS: LEASE, RECONCILE_INTERVAL: '1s' }));
    nodes = await Nodes.connect(gateway.config);
    server = await healthServer();
  });

  afterAll(async () => {
    await nodes?.close();
    await gateway?.stop();
    await server?.close();
  });

  const state = async (nodeId: string) => (await gateway.client.node(nodeId))?.state;
  const expires = (nodeId: string) => until(`${nodeId} expired`, async () => (await state(nodeId)) === 'EXPIRED', { timeout: 20_000 });
  const inConsul = async () => Object.keys(z.record(z.string(), z.unknown()).parse(await consul(gateway.config, '/agent/services')));

  it('should expire who is silent for a whole lease, and nobody who gives a sign of life', async () => {
    await nodes.announce(
      announcement('lease-silent'),
      announcement('lease-checked', { endpoints: server.endpoints }),
      announcement('lease-beating'),
    );
    await until('all are registered', async () => (await gateway.client.registered()).length === 3);
    const beats = setInterval(() => void nodes.heartbeat('lease-beating'), 500);
    try {
      await expires('lease-silent');
    } finally {
      clearInterval(beats);
    }
    expect(await gateway.client.changes('lease-silent')).toMatchObject([{ type: 'ADDED' }, { type: 'REMOVED', reason: 'lease_expired' }]);
    expect(await inConsul()).not.toContain('effect-lease-silent');
    expect((await gateway.client.registered()).sort()).toEqual(['lease-beating', 'lease-checked']);
    await expires('lease-beating');
    expect(await state('lease-checked')).toBe('REGISTERED');
  });

  it('should ask an expired node that heartbeats, and take it back by any later announcement', async () => {
    const consumer = nodes.kafka.consumer({ groupId: `asked-${gateway.config.environment}`, maxWaitTimeInMs: 100 });
    const asked: (string | undefined)[] = [];
    await consumer.connect();
    await consumer.subscribe({ topics: [...gateway.config.kafka.topics.request], fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => void asked.push(message.key?.toString()) });
    await nodes.heartbeat('lease-silent');
    await until('it is asked', () => asked.includes('lease-silent'));
    await consumer.disconnect();
    await nodes.announce(announcement('lease-silent', { reason: 'registry_request' }));
    await until('it is back', async () => (await state('lease-silent')) === 'REGISTERED');
    expect(await inConsul()).toContain('effect-lease-silent');
  });

  it('should let a fleet expire little by little, always at least one, and say so in /health', async () => {
    const names = Array.from({ length: 5 }, (_, index) => `fleet-${index}`);
    await nodes.announce(...names.map((name) => announcement(name)));
    await until('all are registered', async () => {
      const registered = await gateway.client.registered();
      return names.every((name) => registered.includes(name));
    });
    const report = z.object({ metrics: z.object({ expiries_held_back: z.number() }) });
    await until(
      'the guard holds expiries back',
      async () => report.parse(await (await fetch(`${gateway.client.url}/health`)).json()).metrics.expiries_held_back > 0,
      { timeout: 20_000 },
    );
    await until('the log says so, too', () => gateway.lines.some(({ level, heldBack }) => level === 'error' && Number(heldBack) > 0));
    for (const name of names) await expires(name);
    const { data } = await gateway.client.ask('query ($ids: [ID!]) { changes(filter: { nodeIds: $ids }) { type occurredAt } }', {
      ids: names,
    });
    const removals = z
      .object({ changes: z.array(z.object({ type: z.string(), occurredAt: z.string() })) })
      .parse(data)
      .changes.filter(({ type }) => type === 'REMOVED')
      .map(({ occurredAt }) => Date.parse(occurredAt));
    // 15 % of some ten nodes is one in each pass, and a pass is one RECONCILE_INTERVAL.
    const gaps = removals.slice(1).map((time, index) => time - (removals[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(500);
  });
});
