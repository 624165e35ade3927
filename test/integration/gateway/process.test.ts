import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { z } from 'zod';
import { readConfig } from '../../../src/config.ts';
import { freePort } from '../../../src/local/port.ts';
import { until } from '../../until.ts';
import { freshDatabase, SHORT_SESSION } from '../stack.ts';
import { announcement, freshEnvironment, healthServer, Nodes, ownServices, sql } from './running-gateway.ts';
import { SpawnedGateways } from './spawned-gateway.ts';

const gateways = new SpawnedGateways();

afterEach(() => gateways.end());

describe('the production entry', () => {
  it('should name everything that is missing or wrong in one message', async () => {
    const { ended, output } = gateways.spawn({ SERVICE_PORT: 'high', CONSUL_CHECK_INTERVAL: '30' });
    expect(await ended).toBe(1);
    for (const name of ['SERVICE_PORT', 'CONSUL_CHECK_INTERVAL', 'KAFKA_BROKER_URL', 'CONSUL_HOST', 'DATABASE_URL'])
      expect(output()).toContain(name);
  });

  it('should wait for a Postgres that is not there yet, visibly, answer /health meanwhile, and stop when asked', async () => {
    const port = await freePort(new Set());
    const env = await freshEnvironment({
      DATABASE_URL: `postgres://postgres@127.0.0.1:${await freePort(new Set())}/none`,
      SERVICE_PORT: String(port),
    });
    const { child, output, ended } = gateways.spawn(env);
    await until('it says what it waits for', () => output().includes('waiting for Postgres'), { timeout: 30_000 });
    expect((await fetch(`http://127.0.0.1:${port}/health/live`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${port}/health/ready`)).status).toBe(503);
    const health = await fetch(`http://127.0.0.1:${port}/health`);
    expect(health.status).toBe(503);
    expect(await health.json()).toMatchObject({ status: 'unhealthy' });
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  it('should start several at once on an empty database, and end each within 10 s of SIGTERM with its sockets told', async () => {
    const env = await freshEnvironment();
    const started = await Promise.all(['one', 'two', 'three'].map((name) => gateways.ready({ ...env, GATEWAY_ID: name })));
    const [first] = started;
    const socket = new WebSocket(`${first?.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    await once(socket, 'open');
    const closed = once(socket, 'close');
    const nodes = await Nodes.connect(readConfig(env));
    const names = Array.from({ length: 200 }, (_, index) => `load-${index}`);
    await nodes.announce(...names.map((name) => announcement(name)));
    const start = performance.now();
    first?.child.kill('SIGTERM');
    expect(await first?.ended).toBe(0);
    expect(performance.now() - start).toBeLessThan(10_000);
    expect((await closed)[0]).toBe(1001);
    await until('the others have registered everything', async () => (await started[1]?.client.registered())?.length === names.length, {
      timeout: 60_000,
      interval: 100,
    });
    await nodes.close();
  }, 120_000);

  it('should come back from kill -9 in mid traffic with everything counted once', async () => {
    const url = await freshDatabase();
    const env = await freshEnvironment({ ...SHORT_SESSION, DATABASE_URL: url });
    const config = readConfig(env);
    const server = await healthServer();
    const first = await gateways.ready(env);
    const nodes = await Nodes.connect(config);
    const names = Array.from({ length: 300 }, (_, index) => `crash-${index}`);
    await nodes.announce(...names.map((name) => announcement(name, { endpoints: server.endpoints })));
    await until(
      'it is in the middle of them',
      async () => Number((await sql(url, 'select count(*)::int as n from node_registrations'))[0]?.['n']) > 20,
      { timeout: 60_000, interval: 50 },
    );
    first.child.kill('SIGKILL');
    await first.ended;
    const second = await gateways.ready(env);
    await until('all are registered', async () => (await second.client.registered()).length === names.length, {
      timeout: 90_000,
      interval: 200,
    });
    const registryId = z.string().parse((await sql(url, 'select registry_id::text as id from registry'))[0]?.['id']);
    await until('Consul agrees', async () => {
      const services = await ownServices(config, registryId);
      return [...services.keys()].filter((id) => id.startsWith('effect-crash-')).length === names.length;
    });
    await until('every message is counted, once', async () => {
      const [row] = await sql(
        url,
        `select sum(applied + unchanged + superseded)::int as counted, sum(next_offset)::int as consumed
         from consumer_positions where topic like '%introspection%'`,
      );
      return Number(row?.['counted']) >= names.length && row?.['counted'] === row?.['consumed'];
    });
    const changes = await sql(
      url,
      `select node_id, count(*)::int as n from registration_changes where node_id like 'crash-%' and change_type = 'ADDED' group by 1 having count(*) > 1`,
    );
    expect(changes, 'no node was added twice').toEqual([]);
    await nodes.close();
    await server.close();
  }, 180_000);
});
