import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readConfig } from '../../../src/config.ts';
import { until } from '../../until.ts';
import { freshDatabase, SHORT_SESSION } from '../stack.ts';
import { announcement, freshEnvironment, type GatewayClient, healthServer, Nodes, ownServices, sql } from './running-gateway.ts';
import { SpawnedGateways } from './spawned-gateway.ts';
import { SteadyTraffic } from './steady-traffic.ts';
import { agreement, clearConsul, everythingIsCounted } from './truth.ts';
import { WanderingSubscriber } from './wandering-subscriber.ts';

const IDS = ['one', 'two', 'three'] as const;
const SUBSCRIBERS = 6;
/** The traffic goes on until so many changes are in the log. */
const CHANGES_AT_LEAST = 150;
/** From SIGTERM to the end. Milliseconds. */
const DEADLINE = 10_000;
const GOING_AWAY = 1001;
const LEADS = 'leads the gateways';
const ORPHAN = 'effect-orphan-1';

const logged = z.array(z.object({ cursor: z.string(), type: z.string(), nodeId: z.string() }));
const CHANGES = 'query ($after: Cursor) { changes(after: $after, first: 500) { cursor type nodeId } }';

describe('three gateways, restarted one by one under traffic', () => {
  const processes = new SpawnedGateways();
  type Gateway = Awaited<ReturnType<typeof processes.ready>>;
  /** Those that a balancer would send clients to. */
  const serving = new Map<string, Gateway>();
  const subscribers: WanderingSubscriber[] = [];
  let env: Record<string, string>;
  let url: string;
  let nodes: Nodes;
  let server: Awaited<ReturnType<typeof healthServer>>;
  let critical: Awaited<ReturnType<typeof healthServer>>;
  let traffic: SteadyTraffic;
  let readers: ReturnType<typeof readAcross>;

  const clients = (): GatewayClient[] => [...serving.values()].map(({ client }) => client);
  const registryId = async () => z.string().parse((await sql(url, 'select registry_id::text as id from registry'))[0]?.['id']);
  const log = async () =>
    logged.parse(
      await sql(
        url,
        `select lpad(cursor::text, 16, '0') as cursor, change_type as type, node_id as "nodeId" from registration_changes order by 1`,
      ),
    );
  const start = async (id: string) => {
    serving.set(id, await processes.ready({ ...env, GATEWAY_ID: id }));
  };
  const take = (id: string): Gateway => {
    const gateway = serving.get(id);
    if (gateway === undefined) throw new Error(`${id} does not run`);
    serving.delete(id);
    return gateway;
  };
  const attached = (to: string) => subscribers.filter((subscriber) => subscriber.url() === to);

  /** The gateway with the fewest subscribers. */
  function choose(): string {
    const urls = [...serving.values()].map((gateway) => gateway.url);
    const [least] = urls.toSorted((a, b) => attached(a).length - attached(b).length);
    if (least === undefined) throw new Error('no gateway serves');
    return least;
  }

  /** Asks all the time, at one gateway, for what follows the position of another. */
  function readAcross() {
    let isStopped = false;
    let count = 0;
    const run = async () => {
      for (let turn = 0; !isStopped; turn += 1) {
        const running = [...serving.values()];
        const [from, to] = [running[turn % running.length], running[(turn + 1) % running.length]];
        if (from === undefined || to === undefined) throw new Error('no gateway serves');
        try {
          const { cursor } = await from.client.get(z.object({ cursor: z.string() }), 'nodes', '{ nodes(first: 1) { cursor } }');
          const after = await to.client.get(logged, 'changes', CHANGES, { after: cursor });
          expect(after.every((entry) => entry.cursor > cursor)).toBe(true);
          count += 1;
        } catch (error) {
          // One that was taken from the balancer meanwhile may break off.
          if ([...serving.values()].includes(from) && [...serving.values()].includes(to)) throw error;
        }
        await sleep(50);
      }
    };
    const ended = run().then(
      () => null,
      (error: unknown) => error,
    );
    return {
      stop: async () => {
        isStopped = true;
        return { count, error: await ended };
      },
    };
  }

  beforeAll(async () => {
    url = await freshDatabase();
    env = await freshEnvironment({
      ...SHORT_SESSION,
      DATABASE_URL: url,
      RECONCILE_INTERVAL: '2s',
      BOOKMARK_INTERVAL: '1s',
      CONSUL_CHECK_INTERVAL: '1s',
      CONSUL_SUCCESS_BEFORE_PASSING: '0',
      CONSUL_FAILURES_BEFORE_CRITICAL: '0',
    });
    nodes = await Nodes.connect(readConfig(env));
    server = await healthServer();
    critical = await healthServer();
    await Promise.all(IDS.map(start));
    for (let count = 0; count < SUBSCRIBERS; count += 1) {
      const subscriber = new WanderingSubscriber(choose);
      subscribers.push(subscriber);
      await until('its snapshot ended', () => subscriber.seen.some(({ type }) => type === 'BOOKMARK'));
    }
    traffic = new SteadyTraffic(nodes, server.endpoints);
    readers = readAcross();
    await nodes.announce(announcement('critical-1', { endpoints: critical.endpoints }));
    await until('traffic arrives everywhere', async () =>
      (await Promise.all(clients().map(async (client) => (await client.node('critical-1'))?.health === 'HEALTHY'))).every(Boolean),
    );
  });

  afterAll(async () => {
    await traffic?.stop();
    await Promise.all(subscribers.map((subscriber) => subscriber.stop()));
    await nodes?.close();
    await processes.end();
    await server?.close();
    await critical?.close();
    if (url !== undefined) await clearConsul(readConfig(env), url);
  });

  it('should let each end in time with its sockets told, and start again', async () => {
    for (const id of IDS) {
      const gateway = take(id);
      const told = attached(gateway.url);
      expect(told.length).toBeGreaterThan(0);
      const asked = performance.now();
      gateway.child.kill('SIGTERM');
      expect(await gateway.ended, gateway.output().slice(-3000)).toBe(0);
      expect(performance.now() - asked).toBeLessThan(DEADLINE);
      await until('its subscribers moved', () =>
        told.every((subscriber) => subscriber.closed.some((closed) => closed.url === gateway.url)),
      );
      expect(told.map(({ closed }) => closed.find((each) => each.url === gateway.url)?.code)).toEqual(told.map(() => GOING_AWAY));
      await start(id);
    }
  });

  it('should find a new leader when the old one dies, which judges and cleans up', async () => {
    const leads = () => [...serving].find(([, gateway]) => gateway.output().includes(LEADS))?.[0];
    const leader = take(await until('there is a leader', leads));
    leader.child.kill('SIGKILL');
    await leader.ended;
    critical.answer(503);
    const { host, port } = readConfig(env).consul;
    const Meta = { registry_id: await registryId(), node_id: 'orphan-1', content_hash: 'none' };
    const orphan = { ID: ORPHAN, Name: 'effect-service', Tags: ['omninode'], Meta };
    await fetch(`http://${host}:${port}/v1/agent/service/register`, { method: 'PUT', body: JSON.stringify(orphan) });
    await until('another leads', leads, { timeout: 5000 });
    for (const client of clients()) {
      await until('it says UNHEALTHY', async () => (await client.node('critical-1'))?.health === 'UNHEALTHY', { timeout: 5000 });
    }
    expect((await log()).filter(({ nodeId }) => nodeId === 'critical-1').at(-1)?.type).toBe('HEALTH_CHANGED');
    await until('the orphan is gone', async () => !(await ownServices(readConfig(env), await registryId())).has(ORPHAN), {
      timeout: 10_000,
    });
    await start(z.enum(IDS).parse(IDS.find((id) => !serving.has(id))));
  });

  it('should have lost nothing, and agree', async () => {
    await until('there was traffic enough', async () => (await log()).length >= CHANGES_AT_LEAST, { timeout: 60_000, interval: 250 });
    await traffic.stop();
    const { count, error } = await readers.stop();
    expect(error).toBeNull();
    expect(count).toBeGreaterThan(20);
    await everythingIsCounted(nodes.kafka, readConfig(env), url);
    await agreement(readConfig(env), url, clients());
    for (const client of clients()) {
      for (const [nodeId, capability] of traffic.last) {
        const node = await client.node(nodeId);
        expect([nodeId, node?.state === 'REGISTERED' ? node.capabilities : null]).toEqual([
          nodeId,
          capability === null ? null : ['rolling', capability].toSorted(),
        ]);
      }
    }
  });

  it('should have given each subscriber the change log, without a gap and nothing twice', async () => {
    const entries = await log();
    const head = entries.at(-1)?.cursor ?? '';
    for (const subscriber of subscribers) {
      await until('it has everything', () => (subscriber.seen.at(-1)?.cursor ?? '') >= head);
      const begin = subscriber.seen.find(({ type }) => type === 'BOOKMARK')?.cursor ?? '';
      // A check may turn at any time: what came later than the log was read is left out.
      const changes = subscriber.seen.filter(({ type }) => type !== 'BOOKMARK' && type !== 'SNAPSHOT');
      const delivered = changes.filter(({ cursor }) => cursor <= head);
      expect(delivered, 'watch: the stream is the change log').toEqual(entries.filter(({ cursor }) => cursor > begin && cursor <= head));
      expect(delivered.length).toBeGreaterThan(100);
    }
    expect(subscribers.every(({ closed }) => closed.length > 0)).toBe(true);
  });

  it('should take at each gateway any cursor of another', async () => {
    const entries = await log();
    const head = entries.at(-1)?.cursor ?? '';
    const places = [0, Math.floor(entries.length / 2), entries.length - 3];
    for (const [index, client] of clients().entries()) {
      // As many as the gateways: each cursor comes from another one's log.
      const place = z.string().parse(entries[places[index] ?? 0]?.cursor);
      for (const other of clients()) {
        const [first] = await client.get(logged, 'changes', CHANGES, { after: place });
        const cursor = z.string().parse(first?.cursor);
        const rest = entries.filter((entry) => entry.cursor > cursor);
        // A check may turn at any time, here too.
        const after = (await other.get(logged, 'changes', CHANGES, { after: cursor })).filter(({ cursor: at }) => at <= head);
        expect(after).toEqual(rest.slice(0, 500));
        const subscription = other.follow({ after: cursor });
        await until('the subscription reaches the head', () => (subscription.seen.at(-1)?.cursor ?? '') >= head);
        subscription.stop();
        expect(subscription.errors).toEqual([]);
        const seen = subscription.seen.filter(({ type, cursor: at }) => type !== 'BOOKMARK' && at <= head);
        expect(seen.map((change) => change.cursor)).toEqual(rest.map((entry) => entry.cursor));
      }
    }
  });
});
