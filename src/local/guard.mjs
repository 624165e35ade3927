/*
 * Outlives the process that started it, whatever ended that one (a crash, kill -9, a closed terminal), and leaves
 * nothing behind: when its standard input ends, it stops every process group it was told of and removes the temporary
 * folders. Lines on standard input, one JSON each:
 *   {"watch": pid, "signal": "SIGTERM"}   {"forget": pid}   {"remove": folder}
 */
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** A clean stop of Kafka takes about 2 s on an idle machine; what needs longer is killed. */
const PATIENCE_MS = 8000;

const groups = new Map();
const folders = new Set();

function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
    return true;
  } catch (error) {
    if (error.code === 'ESRCH' || error.code === 'EPERM') return false;
    throw error;
  }
}

// Its end is the end of its input: whoever signals the whole terminal must not take the guard away first.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
process.stdout.write('up\n');

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if (message.watch !== undefined) groups.set(message.watch, message.signal);
  if (message.forget !== undefined) groups.delete(message.forget);
  if (message.remove !== undefined) folders.add(message.remove);
}

for (const [pid, signal] of groups) {
  signalGroup(pid, signal);
  signalGroup(pid, 'SIGCONT'); // a paused process takes no signal but this one and SIGKILL
}
const deadline = Date.now() + PATIENCE_MS;
let alive = [...groups.keys()];
while (alive.length > 0 && Date.now() < deadline) {
  alive = alive.filter((pid) => signalGroup(pid, 0));
  if (alive.length > 0) await sleep(50);
}
for (const pid of alive) signalGroup(pid, 'SIGKILL');
// Retries: a killed process may still be writing while its folder is being removed.
for (const folder of folders) await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
