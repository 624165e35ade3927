import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DiscoveryClient, type DiscoveryClientOptions, type RegistryEvent, type ResolvedService } from '../../../src/client/index.ts';
import { readConfig } from '../../../src/config.ts';
import { freePort } from '../../../src/local/port.ts';
import { until } from '../../until.ts';
import { announcement, freshEnvironment, GatewayClient, healthServer, Nodes } from '../gateway/running-gateway.ts';
import { SpawnedGateways } from '../gateway/spawned-gateway.ts';
import { privateStack, SHORT_SESSION } from '../stack.ts';

const CAPABILITY = 'surviving';
const QUIET = { debug: () => undefined, info: () => undefined, warn: () => undefined };

const gateways = new SpawnedGateways();
const ends: (() => Promise<unknown>)[] = [];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'discovery-client-'));
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await gateways.end();
  await rm(folder, { recursive: true, force: true });
});

function startClient(url: readonly string[], options: Partial<DiscoveryClientOptions> = {}): DiscoveryClient {
  const client = new DiscoveryClient({ url: url.map((each) => `${each}/graphql`), backoff: { max: 500 }, logger: QUIET, ...options });
  ends.push(() => client.close());
  return client;
}

/** Resolves some hundred times a second, as an orchestrator does, and keeps what it got. */
function resolveSteadily(client: DiscoveryClient) {
  const seen: ResolvedService[] = [];
  const failures: unknown[] = [];
  let isStopped = false;
  const running = (async () => {
    while (!isStopped) {
      await client.resolve(CAPABILITY).then(
        (service) => seen.push(service),
        (error) => failures.push(error),
      );
      await sleep(5);
    }
  })();
  ends.push(() => {
    isStopped = true;
    return running;
  });
  return { seen, failures };
}

function watchAll(client: DiscoveryClient) {
  const events: RegistryEvent[] = [];
  const errors: unknown[] = [];
  const stop = new AbortController();
  const running = (async () => {
    for await (const event of client.watch({}, { snapshot: true, signal: stop.signal })) events.push(event);
  })().catch((error: unknown) => errors.push(error));
  ends.push(() => {
    stop.abort();
    return running;
  });
  return { events, errors };
}

function changesOf(events: readonly RegistryEvent[]): string[] {
  return events.flatMap((event) => (event.kind === 'change' ? [event.cursor] : []));
}

it('should resolve without a failure and watch without a gap while gateways are killed and restarted, down to none', async () => {
  const env = await freshEnvironment({
    ...SHORT_SESSION,
    CONSUL_CHECK_INTERVAL: '1s',
    CONSUL_SUCCESS_BEFORE_PASSING: '0',
    BOOKMARK_INTERVAL: '1s',
  });
  const port = await freePort(new Set());
  const ports = [port, await freePort(new Set([port]))] as const;
  const urls = ports.map((each) => `http://127.0.0.1:${each}`);
  const run = async (index: 0 | 1) => {
    const process = gateways.spawn({ ...env, GATEWAY_ID: `client-${index}-${env['GATEWAY_ID']}`, SERVICE_PORT: String(ports[index]) });
    await until('the gateway is ready', async () => (await fetch(`${urls[index]}/health/ready`)).ok, { timeout: 60_000 });
    return {
      kill: async () => {
        process.child.kill('SIGKILL');
        await process.ended;
      },
    };
  };
  const running = [await run(0), await run(1)] as const;
  const config = readConfig(env);
  const nodes = await Nodes.connect(config);
  const server = await healthServer();
  ends.push(() => nodes.close(), server.close);
  const say = (nodeId: string) => nodes.announce(announcement(nodeId, { endpoints: server.endpoints, capabilities: [CAPABILITY] }));
  await say('survivor-1');

  const snapshotFile = join(folder, 'services.json');
  const client = startClient(urls, { snapshotFile });
  expect(await client.resolve(CAPABILITY, { wait: true, timeout: 30_000 })).toMatchObject({
    nodeId: 'survivor-1',
    url: server.endpoints.api,
  });
  const { seen, failures } = resolveSteadily(client);
  const { events, errors } = watchAll(client);
  await until('the snapshot is there', () => events[0]?.kind === 'snapshot');

  // On a busy machine it may have left the first one by now.
  const used = client.status().gateway?.includes(String(ports[0])) ? 0 : 1;
  const other = used === 0 ? 1 : 0;
  await running[used].kill();
  await until('the other gateway has taken over', () => client.status().gateway?.includes(String(ports[other])));
  await say('survivor-2');
  await until('the new one is handed out', () => seen.at(-1)?.nodeId === 'survivor-2', { timeout: 60_000 });

  await running[other].kill();
  await until('it goes on with what it knows', () => seen.at(-1)?.stale);
  const alone = startClient(urls, { snapshotFile });
  expect(await alone.resolve(CAPABILITY), 'a client that starts without a gateway').toMatchObject({
    url: server.endpoints.api,
    stale: true,
  });
  await nodes.announce(announcement('survivor-3', { endpoints: server.endpoints, capabilities: [CAPABILITY] }));

  await run(0);
  await run(1);
  await until('what came meanwhile is handed out', () => seen.some(({ nodeId }) => nodeId === 'survivor-3'), { timeout: 60_000 });
  await until('both are current', async () => !seen.at(-1)?.stale && !(await alone.resolve(CAPABILITY)).stale);
  expect(failures).toEqual([]);
  expect(errors).toEqual([]);

  const gateway = new GatewayClient(urls[0] ?? '', config);
  const log = await gateway.changes();
  await gateway.close();
  const begin = events[0]?.cursor ?? '';
  await until('the watch has everything', () => (changesOf(events).at(-1) ?? '') >= (log.at(-1)?.cursor ?? ''));
  const head = log.at(-1)?.cursor ?? '';
  expect(changesOf(events).filter((cursor) => cursor <= head)).toEqual(log.map(({ cursor }) => cursor).filter((cursor) => cursor > begin));
  expect(events.filter(({ kind }) => kind === 'snapshot')).toHaveLength(1);
}, 240_000);

it('should go on while Kafka, Consul and Postgres are all away, and say that it is stale', async () => {
  const stack = await privateStack();
  ends.push(() => stack.stop());
  const env = await freshEnvironment({
    ...stack.env,
    CONSUL_CHECK_INTERVAL: '1s',
    CONSUL_SUCCESS_BEFORE_PASSING: '0',
    BOOKMARK_INTERVAL: '1s',
  });
  const gateway = await gateways.ready(env, { consuming: true });
  await gateway.client.close();
  const nodes = await Nodes.connect(readConfig(env));
  const server = await healthServer();
  ends.push(() => nodes.close(), server.close);
  await nodes.announce(announcement('survivor-1', { endpoints: server.endpoints, capabilities: [CAPABILITY] }));
  const client = startClient([gateway.url], { keepAlive: 1000 });
  await client.resolve(CAPABILITY, { wait: true, timeout: 30_000 });
  const { seen, failures } = resolveSteadily(client);

  const before = Date.now();
  await Promise.all([stack.kafka.kill(), stack.consul.kill(), stack.postgres.kill()]);
  const stale = await until('it is stale', () => (seen.at(-1)?.stale ? seen.at(-1) : null), { timeout: 60_000 });
  expect(Math.abs((stale.staleSince?.getTime() ?? 0) - before)).toBeLessThan(5000);
  await Promise.all([stack.kafka.start(), stack.consul.start(), stack.postgres.start()]);
  await until('it is current', () => seen.at(-1)?.stale === false, { timeout: 60_000 });
  expect(failures).toEqual([]);
}, 240_000);
