import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { logTail, startChild } from '../../../src/local/child.ts';
import { type Guard, startGuard } from '../../../src/local/guard.ts';
import { defineService, type ServiceDefinition } from '../../../src/local/service.ts';
import { startStack } from '../../../src/local/stack.ts';
import { until } from '../../until.ts';

let folder = '';
let guard: Guard;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'service-'));
  guard = await startGuard();
});

afterEach(async () => {
  await guard.close();
  await rm(folder, { recursive: true, force: true });
});

function script(text: string, definition: Partial<ServiceDefinition> = {}) {
  const logFile = join(folder, 'service.log');
  const defaults: ServiceDefinition = {
    name: 'Thing',
    logFile,
    command: { file: process.execPath, args: ['-e', text] },
    stopSignal: 'SIGTERM',
    stopPatience: 200,
    startPatience: 10_000,
    startAttempts: 1,
    probe: async () => undefined,
  };
  return defineService({ ...defaults, ...definition }, guard);
}

const FOREVER = 'setInterval(() => {}, 1000);';

it('should say how a service ended that does not start, after as many attempts as it may have', async () => {
  const thing = script("console.log('port taken'); process.exit(1)", {
    startAttempts: 2,
    probe: () => Promise.reject(new Error('refused')),
  });
  await expect(thing.start()).rejects.toThrow(/Thing ended by itself while starting[\s\S]*port taken\nport taken/);
  expect(thing.pid).toBeNull();
});

it('should stop a service that does not answer in time, and say what it was asked in vain', async () => {
  const thing = script(FOREVER, { startPatience: 300, probe: () => Promise.reject(new Error('no leader')) });
  await expect(thing.start()).rejects.toThrow('Thing did not answer within 0.3 s (no leader)');
  expect(thing.pid).toBeNull();
});

it('should kill a service that does not stop', async () => {
  const log = join(folder, 'service.log');
  const thing = script(`process.on('SIGTERM', () => console.log('no')); console.log('up'); ${FOREVER}`, {
    probe: async () => {
      if ((await logTail(log, 1)) !== 'up') throw new Error('not up yet');
    },
  });
  await thing.start();
  const { pid } = thing;
  await thing.stop();
  expect(thing.pid).toBeNull();
  expect(() => process.kill(pid ?? 0, 0)).toThrow('ESRCH');
  expect(await logTail(log, 1)).toBe('no');
});

it('should say that a command cannot be executed', async () => {
  const command = { file: join(folder, 'nothing'), args: [] };
  await expect(startChild(command, join(folder, 'log'), 'SIGTERM', guard)).rejects.toThrow('nothing could not be started');
});

it('should report a child that ended, and take no signal for it any more', async () => {
  const command = { file: process.execPath, args: ['-e', 'process.exit(3)'] };
  const child = await startChild(command, join(folder, 'log'), 'SIGTERM', guard);
  expect(await child.exited).toEqual({ code: 3, signal: null });
  expect(child.running).toBe(false);
  child.signal('SIGKILL');
  expect(await child.stop(1000)).toEqual({ code: 3, signal: null });
});

it('should report everything that keeps a stack from starting, and leave nothing of it', async () => {
  const stack = startStack({
    folder: join(folder, 'stack'),
    temporary: true,
    env: { PATH: '', DISCOVERY_GATEWAY_CACHE: join(folder, 'cache'), DATABASE_URL: 'postgres://nowhere/none' },
  });
  const error = await stack.catch((cause: unknown) => cause);
  expect(error).toMatchObject({ name: 'StackError', errors: [{ name: 'MissingToolError' }, { name: 'MissingToolError' }] });
  expect(String(error)).toMatch(/Kafka needs[\s\S]*Consul needs/);
  await until('the folder is gone', () => !existsSync(join(folder, 'stack')));
});
