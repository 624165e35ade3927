import { readFile } from 'node:fs/promises';

/** Of Linux: what the kernel counts a process' time in, per second. */
const TICKS = 100;

/**
 * Milliseconds that a process has computed so far, with all its threads. On a machine that does other work this says more than how long
 * something took.
 */
export async function cpuTime(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name before may contain spaces; user and system time are the 14th and 15th field.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS;
}

/** What the work answers, and the milliseconds that the process computed meanwhile. */
export async function withCpuTime<T>(pid: number, work: () => Promise<T>): Promise<{ readonly result: T; readonly cpu: number }> {
  const before = await cpuTime(pid);
  const result = await work();
  return { result, cpu: (await cpuTime(pid)) - before };
}
