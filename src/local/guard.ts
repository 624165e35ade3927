import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../errors.ts';

/** A watchdog process beside this one: see guard.mjs. */
export type Guard = {
  readonly pid: number;
  /** The process group `pid` gets `signal` (and later SIGKILL) when this process ends, in whatever way. */
  watch(pid: number, signal: NodeJS.Signals): void;
  forget(pid: number): void;
  /** The folder is removed at the end, after the processes. */
  removeAtEnd(folder: string): void;
  /** Stops what is still watched, removes the folders, and ends the guard. Resolves when it is gone. */
  close(): Promise<void>;
};

/** Starts the guard in a session of its own, so that no signal to this process' group or terminal reaches it. Resolves when it is up. */
export async function startGuard(): Promise<Guard> {
  const script = fileURLToPath(new URL('./guard.mjs', import.meta.url));
  const child = spawn(process.execPath, [script], { detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const [answer] = await Promise.race([once(child.stdout, 'data'), exited, once(child, 'error')]);
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null) throw new Error(`The guard process did not start: ${messageOf(answer)}`);
  child.stdout.destroy();
  let closing = false;
  child.stdin.on('error', (error) => {
    if (!closing) process.emitWarning(`The guard process is gone (${error.message}): a crash from now on may leave services running`);
  });
  // The guard alone must not keep this process alive.
  child.unref();
  const tell = (message: Record<string, string | number>) => {
    child.stdin.write(`${JSON.stringify(message)}\n`);
  };
  return {
    pid,
    watch: (group, signal) => tell({ watch: group, signal }),
    forget: (group) => tell({ forget: group }),
    removeAtEnd: (folder) => tell({ remove: folder }),
    async close() {
      closing = true;
      child.ref();
      child.stdin.end();
      await exited;
    },
  };
}
