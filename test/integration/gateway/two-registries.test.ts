import { expect, it } from 'vitest';
import { z } from 'zod';
import { until } from '../../until.ts';
import { announcement, freshEnvironment, healthServer, Nodes, ownServices, runGateway, sql } from './running-gateway.ts';

it('should let two registries on one Consul know the same node without touching each other', async () => {
  const server = await healthServer();
  const registries = await Promise.all(
    ['one', 'two'].map(async (name) => {
      const env = await freshEnvironment({ GATEWAY_ID: `registry-${name}` });
      const gateway = await runGateway(env);
      const [row] = await sql(env['DATABASE_URL'] ?? '', 'select registry_id::text as id from registry');
      return { gateway, nodes: await Nodes.connect(gateway.config), registryId: z.string().parse(row?.['id']) };
    }),
  );
  const services = async () =>
    Promise.all(
      registries.map(async ({ gateway, registryId }) =>
        [...(await ownServices(gateway.config, registryId)).entries()].filter(([, { Meta }]) => Meta['node_id'] === 'shared-1'),
      ),
    );
  const time = Date.now();
  const say = (at: number, more: object = {}) =>
    announcement('shared-1', { endpoints: server.endpoints, timestamp: new Date(time + at).toISOString(), ...more });
  for (const { gateway, nodes } of registries) {
    await nodes.announce(say(0));
    await until('it is healthy', async () => (await gateway.client.healthy('ping')).includes('shared-1'));
  }
  const [first, second] = await services();
  expect(first?.map(([id]) => id)).toEqual(['effect-shared-1']);
  expect(second?.map(([id]) => id)).toEqual([expect.stringMatching(/^effect-shared-1-[0-9a-f]{8}$/)]);
  // A later content keeps the id, and a goodbye to one registry is none to the other.
  await registries[1]?.nodes.announce(say(1000, { capabilities: ['ping', 'pong'], reason: 'capability_change' }));
  await until('the change shows', async () => (await registries[1]?.gateway.client.healthy('pong'))?.length === 1);
  expect((await services())[1]?.map(([id]) => id)).toEqual(second?.map(([id]) => id));
  await registries[1]?.nodes.announce(say(2000, { reason: 'shutdown' }));
  await until('it left the second', async () => (await services())[1]?.length === 0);
  expect((await services())[0]).toHaveLength(1);
  expect(await registries[0]?.gateway.client.healthy('ping')).toContain('shared-1');
  for (const { gateway, nodes } of registries) {
    await nodes.close();
    await gateway.stop();
  }
  await server.close();
}, 120_000);
