import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { exists, isAlive } from '../../src/local/cache.ts';
import { freePort } from '../../src/local/port.ts';
import type { Progress } from '../../src/local/progress.ts';
import { tryIt } from '../../src/local/try-it.ts';
import { until } from '../until.ts';
import { freshDatabase, gatewayEnvironment, sharedStack } from './stack.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const program = fileURLToPath(new URL('./try-it.program.ts', import.meta.url));
const driver = fileURLToPath(new URL('./try-it.driver.ts', import.meta.url));

let data = '';
let port = 0;
const starters: ChildProcess[] = [];

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'discovery-gateway-try-'));
  // So that the user whom Postgres runs as under root may enter it.
  await chmod(data, 0o711);
  port = await freePort(new Set());
});

afterEach(async () => {
  for (const starter of starters.splice(0)) {
    starter.kill('SIGKILL');
  }
  await until('the guards have cleaned up', async () => !(await exists(join(data, 'starter.lock'))));
  await rm(data, { recursive: true });
});

type Run = { readonly process: ChildProcess; readonly output: () => string; readonly exit: Promise<readonly unknown[]> };

function start(env: NodeJS.ProcessEnv = {}): Run {
  const child = spawn(process.execPath, ['--import', 'tsx', driver], { env: environment(env), stdio: ['ignore', 'pipe', 'pipe'] });
  starters.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return { process: child, output: () => output, exit: once(child, 'close') };
}

const welcomed = (run: Run) => until('it welcomes', () => run.output().includes('GraphiQL'), { timeout: 60_000 });

function environment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...process.env, DISCOVERY_GATEWAY_DATA: data, SERVICE_PORT: String(port), ...env };
}

const into =
  (lines: string[]): Progress =>
  (part, message) => {
    lines.push(`${part} ${message}`);
  };

/** So that nothing is started beside the programs. */
function sharedAddresses(): Record<string, string> {
  const { kafka, consul, postgres } = sharedStack();
  return { KAFKA_BROKER_URL: kafka, CONSUL_HOST: consul.host, CONSUL_PORT: String(consul.port), DATABASE_URL: postgres };
}

/** Every process whose command line names the data folder. */
async function leftovers(): Promise<string[]> {
  const found: string[] = [];
  const list = spawn('ps', ['-A', '-o', 'pid=,args='], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  list.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await once(list, 'close');
  for (const line of text.split('\n')) if (line.includes(data)) found.push(line);
  return found;
}

it('should stop everything at SIGINT, and start again on the same data and ports', async () => {
  const first = start();
  await welcomed(first);
  expect((await leftovers()).length).toBeGreaterThanOrEqual(3);
  const ports = await readFile(join(data, 'ports.json'), 'utf8');
  first.process.kill('SIGINT');
  first.process.kill('SIGINT'); // npm repeats the one of the terminal
  expect(await first.exit).toEqual([0, null]);
  expect(await leftovers()).toEqual([]);
  expect(first.output()).toContain('everything is stopped');

  const second = start();
  await welcomed(second);
  expect(await readFile(join(data, 'ports.json'), 'utf8')).toBe(ports);
  const refused = start();
  expect(await refused.exit).toEqual([1, null]);
  expect(refused.output()).toContain(`running already as process ${second.process.pid}`);
  second.process.kill('SIGTERM');
  expect(await second.exit).toEqual([0, null]);
});

it('should leave nothing running when it is killed', async () => {
  const run = start();
  await welcomed(run);
  run.process.kill('SIGKILL');
  await run.exit;
  await until('nothing of it runs', async () => (await leftovers()).length === 0);
  await until('the port of the gateway is silent', () =>
    fetch(`http://127.0.0.1:${port}`).then(
      () => false,
      () => true,
    ),
  );
});

it('should say how the gateway ended and stop the rest', async () => {
  const run = start(sharedAddresses());
  await welcomed(run);
  await expect(fetch(`http://127.0.0.1:${port}/die`)).rejects.toThrow();
  expect(await run.exit).toEqual([1, null]);
  expect(run.output()).toMatch(/The gateway ended by itself \(code 7\).*\n.*a warning of the program/);
  expect(await leftovers()).toEqual([]);
});

it('should end at once when it is stopped while the services start', async () => {
  const run = start();
  await until('it has begun', () => run.output().includes('postgres'));
  run.process.kill('SIGINT');
  expect(await run.exit).toEqual([0, null]);
  expect(run.output()).not.toContain('GraphiQL');
  expect(await leftovers()).toEqual([]);
});

it('should name what is missing and what else would do', async () => {
  const run = start({ PATH: '/nonexistent', DISCOVERY_GATEWAY_CACHE: join(data, 'cache') });
  expect(await run.exit).toEqual([1, null]);
  for (const text of ['Java 17', 'Maven (mvn)', 'KAFKA_BROKER_URL', 'Go 1.22', 'CONSUL_HOST', 'docker compose up']) {
    expect(run.output()).toContain(text);
  }
  expect(isAlive(run.process.pid ?? 0)).toBe(false);
});

it('should leave alone what is configured, and say where everything is', async () => {
  const { kafka, consul } = sharedStack();
  const stop = new AbortController();
  const lines: string[] = [];
  const trying = tryIt({
    root,
    env: environment(sharedAddresses()),
    gateway: program,
    samples: program,
    progress: into(lines),
    signal: stop.signal,
  });
  await until('it welcomes', () => lines.some((line) => line.includes('Ctrl-C')));
  stop.abort(new Error('enough'));
  await trying;
  for (const line of [
    `kafka using the configured ${kafka}`,
    `start GraphiQL     http://127.0.0.1:${port}/graphql`,
    `start Consul       http://${consul.host}:${consul.port}/ui`,
    'gateway WARN a warning of the program',
    'stop stopping the sample nodes',
  ]) {
    expect(lines).toContain(line);
  }
  expect(lines.indexOf('stop stopping the sample nodes')).toBeLessThan(lines.indexOf('stop stopping the gateway'));
  const leader = await fetch(`http://${consul.host}:${consul.port}/v1/status/leader`);
  expect(leader.status).toBe(200);
});

it.each([
  ['that lets everybody of this machine in', {}],
  ['that asks for a token', { AUTH_TOKENS_WRITE: 'me:0123456789abcdef0123' }],
])('should show the sample nodes registering with a gateway %s', async (_what, access) => {
  const stop = new AbortController();
  const lines: string[] = [];
  const env = environment({ ...gatewayEnvironment(await freshDatabase()), SERVICE_PORT: String(port), ...access });
  const { gateway, samples } = { gateway: join(root, 'src/main.ts'), samples: join(root, 'src/local/sample-main.ts') };
  const trying = tryIt({ root, env, gateway, samples, progress: into(lines), signal: stop.signal });
  const registered = () => lines.filter((line) => line.startsWith('change +'));
  await until('the nodes register', () => registered().length >= 4, { timeout: 45_000 });
  await until('so does the adapter', () => registered().some((line) => /database-adapter\) registered: startup$/.test(line)));
  const health = await fetch(`http://127.0.0.1:${port}/health`);
  expect(health.status).toBe(200);
  stop.abort(new Error('enough'));
  await trying;
  await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow();
});
