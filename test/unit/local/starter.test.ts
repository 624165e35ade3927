import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { changeLine } from '../../../src/local/change-printer.ts';
import { configuredAddresses } from '../../../src/local/configured.ts';
import { shortLogLine } from '../../../src/local/gateway-log.ts';
import { freePort } from '../../../src/local/port.ts';
import { lineProgress, withReminder } from '../../../src/local/progress.ts';
import { untilReady } from '../../../src/local/readiness.ts';
import { configuredService } from '../../../src/local/service.ts';
import { claimFolder } from '../../../src/local/start-lock.ts';
import { listenForStop } from '../../../src/local/stop-request.ts';
import { findTool, MissingToolError } from '../../../src/local/tool.ts';
import { until } from '../../until.ts';

it('should print plain lines with the time since the start', () => {
  let now = 1000;
  const lines: string[] = [];
  const progress = lineProgress(
    (line) => lines.push(line),
    () => now,
  );
  progress('kafka', 'fetching');
  now = 13_340;
  progress('kafka', 'two\nlines');
  expect(lines).toEqual(['   0.0s  kafka     fetching\n', '  12.3s  kafka     two\n', '  12.3s  kafka     lines\n']);
});

it('should remind of a long step until it is done', async () => {
  const seen: number[] = [];
  let now = 0;
  const tick = () => {
    now += 7000;
    return now;
  };
  let finish: (result: string) => void = () => undefined;
  const work = withReminder(
    new Promise<string>((resolve) => {
      finish = resolve;
    }),
    5,
    tick,
    (seconds) => seen.push(seconds),
  );
  await until('it reminded twice', () => seen.length >= 2);
  finish('done');
  expect(await work).toBe('done');
  expect(seen.slice(0, 2)).toEqual([7, 14]);
});

it('should show warnings and errors of the gateway, and what is no log line', () => {
  expect(shortLogLine('{"level":"info","msg":"registered"}')).toBeNull();
  expect(shortLogLine('{"level":"warn","msg":"Consul is away"}')).toBe('WARN Consul is away');
  expect(shortLogLine('{"level":"error","msg":"it failed","error":{"message":"refused"}}')).toBe('ERROR it failed (refused)');
  expect(shortLogLine('{"level":"warn","msg":"it failed","error":"refused"}')).toBe('WARN it failed (refused)');
  expect(shortLogLine('{"level":"warn","msg":"kafkajs: again","namespace":"Connection"}')).toBeNull();
  expect(shortLogLine('TypeError: x is not a function')).toBe('TypeError: x is not a function');
  expect(shortLogLine('  ')).toBeNull();
});

it('should print one line per change', () => {
  const node = { type: 'effect', serviceName: 'database-adapter', health: 'UNHEALTHY' };
  const change = { nodeId: 'n1', reason: 'startup', changedFields: [], node };
  expect(changeLine({ ...change, type: 'ADDED' })).toBe('+ n1 (effect, database-adapter) registered: startup');
  expect(changeLine({ ...change, type: 'REMOVED', reason: null })).toBe('- n1 (effect, database-adapter) removed');
  expect(changeLine({ ...change, type: 'HEALTH_CHANGED', reason: 'consul' })).toBe('~ n1 (effect, database-adapter) is unhealthy: consul');
  expect(changeLine({ ...change, type: 'MODIFIED', changedFields: ['version'] })).toBe(
    '~ n1 (effect, database-adapter) changed version: startup',
  );
});

it('should start only what has no address, an empty one being none', () => {
  expect(configuredAddresses({ KAFKA_BROKER_URL: '' })).toEqual({ kafka: null, consul: null, postgres: null });
  expect(
    configuredAddresses({ KAFKA_BROKER_URL: 'k:1', CONSUL_HOST: 'c', CONSUL_PORT: '9', DATABASE_URL: 'postgres://u:secret@h/d' }),
  ).toEqual({
    kafka: 'k:1',
    consul: { host: 'c', port: 9 },
    postgres: { url: 'postgres://u:secret@h/d', place: 'DATABASE_URL' },
  });
  expect(configuredAddresses({ CONSUL_HOST: 'c', POSTGRES_HOST: 'p' })).toEqual({
    kafka: null,
    consul: { host: 'c', port: 8500 },
    postgres: { url: null, place: 'p' },
  });
});

it('should refuse to control a service that is configured, but let a stack stop', async () => {
  const service = configuredService('Consul');
  await expect(service.kill()).rejects.toThrow('not ours to control');
  await expect(service.start()).rejects.toThrow('not ours to control');
  await service.stop();
  expect([service.owned, service.pid]).toEqual([false, null]);
});

it('should find a tool on the PATH only, and name the alternatives to one that is missing', () => {
  expect(findTool('sh', process.env)).toMatch(/\/sh$/);
  expect(findTool('sh', { PATH: '/nonexistent' })).toBeNull();
  expect(findTool('sh', {})).toBeNull();
  const { message } = new MissingToolError('Kafka', 'Java', 'KAFKA_BROKER_URL');
  for (const text of ['Kafka needs Java', 'KAFKA_BROKER_URL', 'docker compose up']) expect(message).toContain(text);
});

it('should let one starter into a data folder, and the next when the lock is gone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'claim-'));
  const lock = join(folder, 'starter.lock');
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  await writeFile(lock, String(other.pid));
  await expect(claimFolder(lock, () => undefined)).rejects.toThrow(`running already as process ${other.pid}`);
  other.kill('SIGKILL');
  await once(other, 'exit');
  let waited = 0;
  const claim = claimFolder(lock, () => waited++);
  await until('it waits for the guard of the dead one', () => waited > 0);
  await rm(lock);
  await claim;
  expect(waited).toBe(1);
  expect(await readFile(lock, 'utf8')).toBe(String(process.pid));
  await rm(folder, { recursive: true });
});

it('should wait for a 200, and say what it got instead when the time is over', async () => {
  let status = 503;
  const port = await freePort(new Set());
  const server = createServer((_request, response) => response.writeHead(status).end('starting up')).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${port}/health/ready`;
  await expect(untilReady(url, 300, new AbortController().signal)).rejects.toThrow('503 starting up');
  const aborted = new AbortController();
  const waiting = untilReady(url, 60_000, aborted.signal);
  aborted.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  const ready = untilReady(url, 10_000, new AbortController().signal);
  status = 200;
  await ready;
  server.close();
});

it('should take over a lock that nobody removes any more', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'claim-'));
  const lock = join(folder, 'starter.lock');
  // The highest id that Linux can give is 2^22.
  await writeFile(lock, String(2 ** 22 + 1));
  await claimFolder(lock, () => undefined, 200);
  expect(await readFile(lock, 'utf8')).toBe(String(process.pid));
  await rm(folder, { recursive: true });
});

it('should take two signals within a second for one wish, and a later one as insisting', () => {
  let now = 5000;
  let insisted = 0;
  const { signal, close } = listenForStop(
    () => now,
    () => insisted++,
  );
  expect(signal.aborted).toBe(false);
  process.emit('SIGINT', 'SIGINT');
  expect(signal.reason).toEqual(new Error('stopped by SIGINT'));
  now += 50;
  process.emit('SIGINT', 'SIGINT');
  expect(insisted).toBe(0);
  now += 1000;
  process.emit('SIGTERM', 'SIGTERM');
  expect(insisted).toBe(1);
  const before = process.listenerCount('SIGINT');
  close();
  expect(process.listenerCount('SIGINT')).toBe(before - 1);
});
