import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { program } from '../stack.ts';

/** The real program, as a process of its own, with nothing in its environment but what is given. */
export function startCli(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [program('src/cli/main.ts'), ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    said.out += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    said.err += String(chunk);
  });
  const ended = once(child, 'close').then(([code]) => z.number().nullable().parse(code));
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended;
  });
  return { child, said, ended };
}

/** Runs it to its end. */
export async function runCli(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { said, ended } = startCli(args, env);
  const code = await ended;
  return { code, ...said };
}
