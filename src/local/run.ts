import { type Child, type Command, logTail, startChild } from './child.ts';
import type { Guard } from './guard.ts';

/** Runs a command to its end, its output in `logFile`. Throws with the end of that when it fails, or when aborted. */
export async function run(command: Command, logFile: string, guard: Guard, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const child: Child = await startChild(command, logFile, 'SIGTERM', guard);
  const abort = () => child.signal('SIGKILL');
  signal.addEventListener('abort', abort, { once: true });
  const exit = await child.exited;
  signal.removeEventListener('abort', abort);
  signal.throwIfAborted();
  if (exit.code !== 0) {
    const how = exit.signal === null ? `ended with code ${exit.code}` : `was ended by ${exit.signal}`;
    const line = [command.file, ...command.args].join(' ');
    throw new Error(`${line}\n${how}. The end of its output:\n${await logTail(logFile, 15)}`);
  }
}
