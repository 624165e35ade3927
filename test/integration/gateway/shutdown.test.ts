import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { readConfig } from '../../../src/config.ts';
import type { Stack } from '../../../src/local/stack.ts';
import { until } from '../../until.ts';
import { freshDatabase, mend, privateStack, uniqueEnvironment } from '../stack.ts';
import { announcement, freshEnvironment, healthServer, Nodes, sql } from './running-gateway.ts';
import { SpawnedGateways } from './spawned-gateway.ts';
import { agreement, everythingIsCounted } from './truth.ts';

/** From SIGTERM to the end, whatever else is the matter. Milliseconds. */
const DEADLINE = 10_000;

describe('a gateway that is asked to stop', () => {
  const gateways = new SpawnedGateways();
  let stack: Stack;

  beforeAll(async () => {
    stack = await privateStack();
  }, 180_000);

  beforeEach(() => mend(stack));

  afterEach(() => gateways.end());

  afterAll(() => stack.stop());

  async function start() {
    const database = await freshDatabase(stack.postgres.url ?? '');
    const env = await freshEnvironment({ ...stack.env, KAFKA_ENVIRONMENT: uniqueEnvironment(), DATABASE_URL: database });
    const gateway = await gateways.ready(env, { consuming: true });
    const nodes = await Nodes.connect(readConfig(env));
    return { gateway, nodes, env, database };
  }

  async function stops({ child, ended, output }: Awaited<ReturnType<SpawnedGateways['ready']>>): Promise<void> {
    const asked = performance.now();
    child.kill('SIGTERM');
    expect(await ended, output().slice(-3000)).toBe(0);
    expect(performance.now() - asked).toBeLessThan(DEADLINE);
  }

  it('should finish or leave what is in flight, so that its successor has nothing to repair', async () => {
    const server = await healthServer();
    const { gateway, nodes, env, database } = await start();
    const names = Array.from({ length: 300 }, (_, index) => `flight-${index}`);
    await nodes.announce(...names.map((name) => announcement(name, { endpoints: server.endpoints })));
    await until(
      'it is in the middle of them',
      async () => {
        const [row] = await sql(database, `select count(*)::int as n from node_registrations where node_id like 'flight-%'`);
        return Number(row?.['n']) > 20;
      },
      { timeout: 60_000, interval: 50 },
    );
    await stops(gateway);
    const successor = await gateways.ready(env, { consuming: true });
    await until('all are registered', async () => (await successor.client.registered()).length === names.length, { timeout: 30_000 });
    await everythingIsCounted(nodes.kafka, readConfig(env), database);
    await agreement(readConfig(env), database, [successor.client]);
    await nodes.close();
    await server.close();
  }, 120_000);

  it('should say goodbye for itself: it is found no more', async () => {
    const { gateway, nodes, env, database } = await start();
    const other = await gateways.ready({ ...env, GATEWAY_ID: 'other' });
    await until('both are found', async () => (await other.client.healthy('service_discovery')).length === 2);
    await stops(gateway);
    await until('one is left', async () => (await other.client.healthy('service_discovery')).length === 1);
    const rows = await sql(database, `select state, state_reason from node_registrations where node_id <> 'other'`);
    expect(rows).toEqual([{ state: 'REMOVED', state_reason: 'shutdown' }]);
    await nodes.close();
  }, 60_000);

  it('should tell its sockets that it goes away, and take no new ones', async () => {
    const { gateway, nodes } = await start();
    const sockets = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
        await once(socket, 'open');
        return socket;
      }),
    );
    const closed = Promise.all(sockets.map(async (socket) => (await once(socket, 'close'))[0]));
    await stops(gateway);
    expect(new Set(await closed)).toEqual(new Set([1001]));
    await nodes.close();
  }, 60_000);

  it('should end in time while it has not reached Kafka yet', async () => {
    await stack.kafka.kill();
    try {
      const database = await freshDatabase(stack.postgres.url ?? '');
      await stops(await gateways.ready(await freshEnvironment({ ...stack.env, DATABASE_URL: database })));
    } finally {
      await stack.kafka.start();
    }
  }, 60_000);

  it('should end in time while it waits to join its group, because another member died', async () => {
    const { gateway, nodes, env } = await start();
    gateway.child.kill('SIGKILL');
    const other = await gateways.ready({ ...env, GATEWAY_ID: 'other' });
    const admin = nodes.kafka.admin();
    await admin.connect();
    await until('it is joining', async () => {
      const { groups } = await admin.describeGroups([env['KAFKA_GROUP_ID'] ?? '']);
      return groups[0]?.state === 'PreparingRebalance';
    });
    await admin.disconnect();
    await stops(other);
    await nodes.close();
  }, 60_000);

  for (const part of ['postgres', 'consul', 'kafka'] as const) {
    it(`should end in time while ${part} hangs`, async () => {
      const { gateway, nodes } = await start();
      await nodes.announce(...Array.from({ length: 50 }, (_, index) => announcement(`hung-${index}`)));
      await stack[part].pause();
      try {
        if (part !== 'kafka') await nodes.announce(...Array.from({ length: 50 }, (_, index) => announcement(`late-${index}`)));
        await stops(gateway);
      } finally {
        await stack[part].resume();
      }
      await nodes.close();
    }, 60_000);

    it(`should end in time while ${part} is gone`, async () => {
      const { gateway, nodes } = await start();
      await nodes.announce(...Array.from({ length: 50 }, (_, index) => announcement(`gone-${index}`)));
      await nodes.close();
      await stack[part].kill();
      try {
        await until(
          'it knows',
          async () => {
            const { status } = await fetch(`${gateway.url}/health/${part}`);
            return status === 503;
          },
          { timeout: 20_000 },
        );
        await stops(gateway);
      } finally {
        await stack[part].start();
      }
    }, 60_000);
  }
});
