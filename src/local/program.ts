import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { adoptChild, type Child } from './child.ts';
import type { Guard } from './guard.ts';

export type ProgramOptions = {
  /** A TypeScript file, run with tsx. */
  readonly entry: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Begun anew. */
  readonly logFile: string;
  readonly guard: Guard;
  /** Every line that it writes. */
  readonly onLine?: (line: string) => void;
};

/** Starts a program of this project as a process of its own. Its standard input stays open as long as this process lives. */
export async function startProgram({ entry, cwd, env, logFile, guard, onLine }: ProgramOptions): Promise<Child> {
  const child = spawn(process.execPath, ['--import', 'tsx', entry], { cwd, env, detached: true, stdio: 'pipe' });
  // What it still wanted to read when it ended is of no interest.
  child.stdin.on('error', () => undefined);
  const log = createWriteStream(logFile);
  const streams: Readable[] = [child.stdout, child.stderr];
  for (const stream of streams) {
    stream.pipe(log, { end: false });
    createInterface({ input: stream }).on('line', (line) => onLine?.(line));
  }
  child.once('close', () => log.end());
  return adoptChild(child, entry, 'SIGTERM', guard);
}
