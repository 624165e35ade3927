import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../../src/local/port.ts';
import { until } from '../../until.ts';
import { announcement, freshEnvironment, healthServer, Nodes, type RunningGateway, runGateway } from '../gateway/running-gateway.ts';
import { runCli, startCli } from './spawned-cli.ts';

const TOKENS = { AUTH_TOKENS_READ: 'page:only-for-a-trial-read', AUTH_TOKENS_WRITE: 'ops:only-for-a-trial-write' };
/** A service that knows nothing of the registry. */
const SERVICE = `
const server = require('node:http').createServer((request, response) => response.end('fine'));
server.listen(Number(process.argv[1]), '127.0.0.1', () => console.log('the service is up'));
process.on('SIGTERM', () => { console.log('the service ends'); server.close(); server.closeAllConnections(); process.exitCode = 7; });`;

let env: Record<string, string>;
let gateway: RunningGateway;
let nodes: Nodes;
let health: Awaited<ReturnType<typeof healthServer>>;

beforeAll(async () => {
  env = await freshEnvironment(TOKENS);
  gateway = await runGateway(env);
  nodes = await Nodes.connect(gateway.config);
  health = await healthServer();
  await nodes.announce(announcement('db-001', { service_name: 'database-adapter', endpoints: health.endpoints }));
}, 120_000);

afterAll(async () => {
  await nodes.close();
  await gateway.stop();
  await health.close();
});

const asking = (token: keyof typeof TOKENS = 'AUTH_TOKENS_READ') => ({
  DGW_URL: gateway.client.url,
  DGW_TOKEN: TOKENS[token].split(':')[1] ?? '',
});

it('should resolve, list and explain', async () => {
  await until('the node is handed out', async () => (await runCli(['resolve', 'database-adapter'], asking())).code === 0, {
    timeout: 30_000,
  });
  expect(await runCli(['resolve', 'database-adapter'], asking())).toEqual({ code: 0, out: `${health.endpoints.api}\n`, err: '' });
  const nodesOfType = await runCli(['nodes', '--type', 'effect', '--json'], asking());
  expect(JSON.parse(nodesOfType.out).nodes).toMatchObject([{ nodeId: 'db-001', health: 'HEALTHY' }]);
  const none = await runCli(['resolve', 'database-adaptor'], asking());
  expect([none.code, none.out]).toEqual([1, '']);
  expect(none.err).toContain('Did you mean');
});

it('should be refused without a token, and with one that may not write', async () => {
  const stranger = await runCli(['nodes'], { DGW_URL: gateway.client.url });
  expect([stranger.code, stranger.err]).toEqual([4, expect.stringContaining('DGW_TOKEN')]);
  const reader = await runCli(['deregister', 'db-001', '--reason', 'no', '--yes'], asking());
  expect([reader.code, reader.err]).toEqual([4, expect.stringContaining('registry:write')]);
});

it('should follow what happens, ask nodes, remove one, and show what was rejected', async () => {
  const watch = startCli(['watch', '--json', '--node', 'ghost-1'], asking());
  await until('the watch stands', async () => (await (await fetch(`${gateway.client.url}/health`)).json()).metrics.subscribers > 0, {
    timeout: 30_000,
  });
  const introspected = await runCli(['introspect', 'db-001', '--reason', 'a test', '--json'], asking('AUTH_TOKENS_WRITE'));
  expect(JSON.parse(introspected.out).requests).toMatchObject([{ expectedNodes: 1 }]);
  await nodes.announce(announcement('ghost-1'), { node_id: 'broken-1', endpoints: { api: 'not a url' }, reason: 'startup' });
  await until('the node is seen', () => watch.said.out.includes('"ADDED"'), { timeout: 30_000 });
  const unsaid = await runCli(['deregister', 'ghost-1', '--reason', 'gone'], asking('AUTH_TOKENS_WRITE'));
  expect([unsaid.code, unsaid.err]).toEqual([2, expect.stringContaining('--yes')]);
  expect((await runCli(['deregister', 'ghost-1', '--reason', 'gone', '--yes'], asking('AUTH_TOKENS_WRITE'))).code).toBe(0);
  expect((await runCli(['deregister', 'never-there', '--reason', 'gone', '--yes'], asking('AUTH_TOKENS_WRITE'))).code).toBe(1);
  await until('its end is seen', () => watch.said.out.includes('"REMOVED"'));
  watch.child.kill('SIGINT');
  expect(await watch.ended).toBe(0);
  expect(watch.said.err).toMatch(/--after \d+\n$/);
  const rejected = await runCli(['rejected', '--full'], asking());
  expect(rejected.code).toBe(0);
  expect(rejected.out).toContain('INVALID_ENDPOINT: endpoints.api');
});

it('should announce a service that it runs, and end as that does', async () => {
  const port = await freePort(new Set());
  const base = `http://127.0.0.1:${port}`;
  const args = ['announce', '--name', 'orders', '--type', 'effect', '--capability', 'query,orders.list', '--node-id', 'orders-1'];
  const where = [
    '--endpoint',
    `health=${base}/health`,
    '--endpoint',
    `api=${base}`,
    '--health-interval',
    '200ms',
    '--heartbeat-interval',
    '1s',
  ];
  const announcer = startCli([...args, ...where, '--', process.execPath, '-e', SERVICE, String(port)], env);
  await until('it is handed out', () => found('orders.list'), { timeout: 60_000 });
  expect(announcer.said.out).toBe('the service is up\n');
  expect(announcer.said.err).toContain('orders-1 announced: on Kafka, healthy');
  announcer.child.kill('SIGTERM');
  expect(await announcer.ended).toBe(7);
  expect(announcer.said.out).toBe('the service is up\nthe service ends\n');
  expect(announcer.said.err).toContain('orders-1 gone: said goodbye');
  await until('it has left', async () => {
    const { out } = await runCli(['nodes', '--state', 'removed', '--search', 'orders-1', '--json'], asking());
    return JSON.parse(out).nodes[0]?.stateReason === 'shutdown';
  });
});

async function found(capability: string): Promise<boolean> {
  const { code, out } = await runCli(['resolve', capability, '--json'], asking());
  return code === 0 && JSON.parse(out).services[0].nodeId === 'orders-1';
}

it('should end in the way of shells where the service cannot be started', async () => {
  const { code, err } = await runCli(['announce', '--name', 'x', '--type', 'effect', '--', '/nonexistent/program'], env);
  expect([code, err]).toEqual([127, expect.stringContaining('cannot be started')]);
});

it('should not mind that whoever reads has seen enough', async () => {
  const { child, said, ended } = startCli(['nodes'], asking());
  child.stdout.destroy();
  expect([await ended, said.err]).toEqual([0, '']);
});

it('should explain itself', async () => {
  expect(await runCli(['version'])).toMatchObject({ code: 0, out: expect.stringContaining('discovery-gateway ') });
  expect(await runCli(['help', 'watch'])).toMatchObject({ code: 0, out: expect.stringContaining('Usage: dgw watch') });
  expect((await runCli(['wach'])).code).toBe(2);
});
