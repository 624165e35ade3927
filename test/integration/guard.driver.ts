/* A starter: a guard, and two processes that would run for ever, one of them paused. Prints their ids, then waits to be killed. */
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGuard } from '../../src/local/guard.ts';

const guard = await startGuard();
const folder = mkdtempSync(join(tmpdir(), 'guard-'));
guard.removeAtEnd(folder);
const sleeper = () => spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' }).pid ?? 0;
const pids = [sleeper(), sleeper()];
for (const pid of pids) guard.watch(pid, 'SIGTERM');
process.kill(pids[1] ?? 0, 'SIGSTOP');
if (process.argv[2] === 'close') {
  await guard.close();
  process.stdout.write(`${JSON.stringify({ pids, guard: guard.pid, folder })}\n`);
} else {
  process.stdout.write(`${JSON.stringify({ pids, guard: guard.pid, folder })}\n`);
  setInterval(() => undefined, 1000);
}
