import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Stack } from '../../../src/local/stack.ts';
import { until } from '../../until.ts';
import { mend, privateStack } from '../stack.ts';
import {
  announcement,
  freshEnvironment,
  healthServer,
  Nodes,
  outcomes,
  ownServices,
  type RunningGateway,
  runGateway,
  sql,
} from './running-gateway.ts';

/** Nodes that announce themselves around one outage. */
const FLEET = 60;

describe('back ends killed and restarted during traffic', () => {
  let stack: Stack;
  let gateway: RunningGateway;
  let nodes: Nodes;
  let server: Awaited<ReturnType<typeof healthServer>>;
  let url: string;
  let registryId: string;
  let produced = 0;
  const expected = new Set<string>();

  beforeAll(async () => {
    stack = await privateStack();
    url = stack.postgres.url ?? '';
    gateway = await runGateway(await freshEnvironment({ ...stack.env, KAFKA_ENVIRONMENT: 'faults', RECONCILE_INTERVAL: '3s' }));
    nodes = await Nodes.connect(gateway.config);
    server = await healthServer();
    registryId = z.string().parse((await sql(url, 'select registry_id::text as id from registry'))[0]?.['id']);
    await announce('first');
    await until('the first fleet is registered and healthy', async () => (await gateway.client.healthy('first')).length === FLEET, {
      timeout: 60_000,
    });
  }, 180_000);

  beforeEach(() => mend(stack));

  afterAll(async () => {
    await nodes?.close();
    await gateway?.stop();
    await server?.close();
    await stack?.stop();
  });

  /** A fleet, in small messages' worth of batches, as traffic comes. */
  async function announce(name: string): Promise<void> {
    for (let start = 0; start < FLEET; start += 10) {
      const batch = Array.from({ length: 10 }, (_, index) =>
        announcement(`${name}-${start + index}`, { endpoints: server.endpoints, capabilities: [name, 'any'] }),
      );
      await nodes.announce(...batch);
      produced += batch.length;
      for (const { node_id } of batch) expected.add(node_id);
    }
  }

  async function agrees(): Promise<void> {
    const wanted = [...expected].sort();
    await until(
      'agreement: Postgres, Consul and the answers hold the same nodes',
      async () => {
        const services = await ownServices(gateway.config, registryId);
        const inConsul = [...services.values()].map(({ Meta }) => Meta['node_id'] ?? '').filter((id) => id !== gateway.config.gatewayId);
        const rows = await sql(url, `select node_id from node_registrations where state = 'REGISTERED' and node_type <> 'registry'`);
        const inPostgres = rows.map((row) => String(row['node_id']));
        const inMemory = await gateway.client.registered();
        const healthy = await gateway.client.healthy('any');
        return [inConsul, inPostgres, inMemory, healthy].every((ids) => JSON.stringify(ids.toSorted()) === JSON.stringify(wanted));
      },
      { timeout: 60_000, interval: 200 },
    );
    const counts = await outcomes(url, 'introspection');
    // The gateway's own announcements and the answers to its questions are counted too.
    expect((counts['applied'] ?? 0) + (counts['unchanged'] ?? 0) + (counts['superseded'] ?? 0), 'nothing lost').toBeGreaterThanOrEqual(
      produced,
    );
    expect(counts['rejected']).toBe(0);
    const log = await sql(url, 'select count(*)::int as entries, max(cursor)::int as head from registration_changes');
    expect(log[0]?.['entries'], 'watch: numbered without a hole').toBe(log[0]?.['head']);
  }

  const status = async () =>
    z
      .object({ status: z.string(), checks: z.object({ services: z.record(z.string(), z.boolean()) }) })
      .parse(await (await fetch(`${gateway.client.url}/health`)).json());
  const isHealthy = () =>
    until('the gateway is healthy again', async () => (await status()).status === 'healthy', { timeout: 60_000, interval: 200 });

  async function readsAnswer(): Promise<void> {
    expect((await gateway.client.registered()).length).toBeGreaterThanOrEqual(FLEET);
    expect((await gateway.client.healthy('first')).length).toBe(FLEET);
  }

  it('should survive the loss of Consul', async () => {
    await stack.consul.kill();
    await announce('consul');
    await until('the outage shows', async () => (await status()).checks.services['consul_client_available'] === false);
    expect((await status()).status).toBe('degraded');
    await readsAnswer();
    await stack.consul.start();
    await isHealthy();
    await agrees();
  }, 120_000);

  it('should survive the loss of Postgres, and fail only what needs it', async () => {
    await stack.postgres.kill();
    await announce('postgres');
    await until('the outage shows', async () => (await status()).checks.services['postgres_client_available'] === false);
    await readsAnswer();
    const { data, errors } = await gateway.client.ask(
      '{ nodes(first: 1) { totalCount edges { node { nodeId changes { cursor } } } } changes { cursor } rejectedEvents { reason } }',
    );
    expect(data).toMatchObject({
      nodes: { totalCount: expect.any(Number), edges: [{ node: { changes: null } }] },
      changes: null,
      rejectedEvents: null,
    });
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['BACKEND_UNAVAILABLE', 'BACKEND_UNAVAILABLE', 'BACKEND_UNAVAILABLE']);
    expect((await gateway.client.ask('mutation { deregister(nodeId: "first-0") { cursor } }')).errors?.[0]?.extensions.code).toBe(
      'BACKEND_UNAVAILABLE',
    );
    await stack.postgres.start();
    await isHealthy();
    await agrees();
  }, 120_000);

  it('should survive the loss of Kafka', async () => {
    await stack.kafka.kill();
    await until('the outage shows', async () => (await status()).checks.services['kafka_client_available'] === false);
    await readsAnswer();
    await stack.kafka.start();
    await announce('kafka');
    await isHealthy();
    await agrees();
  }, 120_000);

  it('should not let a hung Consul hold Postgres, and catch up', async () => {
    const from = gateway.lines.length;
    await stack.consul.pause();
    await announce('hung');
    await until('calls give up', () => gateway.lines.slice(from).some(({ msg }) => msg === 'Consul did not take a node, will retry it'), {
      timeout: 30_000,
    });
    await readsAnswer();
    const [row] = await sql(
      url,
      `select max(extract(epoch from now() - xact_start)) as age from pg_stat_activity where application_name = 'discovery-gateway' and state <> 'idle'`,
    );
    expect(Number(row?.['age'] ?? 0)).toBeLessThan(20);
    await stack.consul.resume();
    await isHealthy();
    await agrees();
  }, 120_000);
});
