import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Guard } from './guard.ts';

export type Command = {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** The user and group it runs as, where that differs from ours. */
  readonly user?: { readonly uid: number; readonly gid: number };
};

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** A running child in its own process group, known to the guard, writing to a log file. */
export type Child = {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  readonly running: boolean;
  /** To the whole group. */
  signal(signal: NodeJS.Signals): void;
  /** Asks it to stop; kills it after `patience` milliseconds. Resolves when it is gone. */
  stop(patience: number): Promise<Exit>;
};

/**
 * Starts a command. Its output is appended to `logFile`. It leads a process group of its own: a Ctrl-C in the terminal
 * reaches only the starter, which then stops its children in order.
 * Throws when the file cannot be executed.
 */
export async function startChild(command: Command, logFile: string, stopSignal: NodeJS.Signals, guard: Guard): Promise<Child> {
  const log = openSync(logFile, 'a');
  let child: ChildProcess;
  try {
    child = spawn(command.file, command.args, {
      cwd: command.cwd,
      env: command.env ?? process.env,
      detached: true,
      stdio: ['ignore', log, log],
      ...(command.user ?? {}),
    });
  } finally {
    closeSync(log);
  }
  return adoptChild(child, command.file, stopSignal, guard);
}

/** Wraps a child that was spawned `detached`, and tells the guard of it. Throws when it could not be executed. */
export async function adoptChild(child: ChildProcess, file: string, stopSignal: NodeJS.Signals, guard: Guard): Promise<Child> {
  const { pid } = child;
  if (pid === undefined) {
    const [cause] = await once(child, 'error');
    throw new Error(`${file} could not be started`, { cause });
  }
  guard.watch(pid, stopSignal);
  let running = true;
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      running = false;
      guard.forget(pid);
      resolve({ code, signal });
    });
  });
  const signal = (name: NodeJS.Signals) => {
    if (running) signalGroup(pid, name);
  };
  return {
    pid,
    exited,
    get running() {
      return running;
    },
    signal,
    async stop(patience) {
      signal(stopSignal);
      signal('SIGCONT');
      const timer = setTimeout(() => signal('SIGKILL'), patience);
      const exit = await exited;
      clearTimeout(timer);
      return exit;
    },
  };
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // It may end between the look and the signal.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** The last lines of a log file, for an error message; an empty text where there is none. */
export async function logTail(logFile: string, lines: number): Promise<string> {
  const bytes = 16_384;
  const file = await open(logFile, 'r');
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(bytes), position: Math.max(0, size - bytes) });
    return buffer.subarray(0, bytesRead).toString('utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } finally {
    await file.close();
  }
}
