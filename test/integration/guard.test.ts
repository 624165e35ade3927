import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { isAlive } from '../../src/local/cache.ts';
import { until } from '../until.ts';

const driver = fileURLToPath(new URL('./guard.driver.ts', import.meta.url));
const started = z.object({ pids: z.array(z.number()), guard: z.number(), folder: z.string() });

async function start(...args: string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', driver, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
  return { child, ...started.parse(JSON.parse(line)) };
}

it('should stop what its starter left behind when that is killed, even what is paused, and remove its folder', async () => {
  const { child, pids, guard, folder } = await start();
  expect(pids.every(isAlive)).toBe(true);
  expect(existsSync(folder)).toBe(true);
  child.kill('SIGKILL');
  await until('the processes are gone', () => !pids.some(isAlive));
  await until('the guard is gone', () => !isAlive(guard));
  expect(existsSync(folder)).toBe(false);
});

it('should not end at a signal that its starter survives', async () => {
  const { child, pids, guard } = await start();
  process.kill(guard, 'SIGINT');
  process.kill(guard, 'SIGTERM');
  child.kill('SIGKILL');
  await until('the processes are gone', () => !pids.some(isAlive));
});

it('should do the same when it is closed, before that resolves', async () => {
  const { child, pids, guard, folder } = await start('close');
  expect([...pids, guard].some(isAlive)).toBe(false);
  expect(existsSync(folder)).toBe(false);
  if (child.exitCode === null) await once(child, 'exit');
  expect(child.exitCode).toBe(0);
});
