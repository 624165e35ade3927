import { mkdir, mkdtemp, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { delay } from '../delay.ts';

/** Where downloads and builds are kept: DISCOVERY_GATEWAY_CACHE, else `discovery-gateway` in the user's cache folder. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  if (env['DISCOVERY_GATEWAY_CACHE']) return env['DISCOVERY_GATEWAY_CACHE'];
  return join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'discovery-gateway');
}

export type Waiting = {
  /** Told once, with the lock file that another process holds. */
  readonly onWait: (lockFile: string) => void;
  readonly signal: AbortSignal;
};

/**
 * The folder `entry`, made by `build` if it is not there. Whole or absent: it is built beside and renamed, so that
 * an interrupted build leaves nothing half. Of several starters at once one builds and the others wait for it
 * (`onWait` is called once); a builder that died is taken over. Throws what `build` throws, or the signal's reason while waiting.
 */
export async function cached(entry: string, build: (folder: string) => Promise<void>, { onWait, signal }: Waiting): Promise<string> {
  if (await exists(entry)) return entry;
  await mkdir(dirname(entry), { recursive: true });
  const lock = `${entry}.lock`;
  let told = false;
  while (!(await takeLock(lock))) {
    if (!told) onWait(lock);
    told = true;
    await delay(500, signal);
    signal.throwIfAborted();
    if (await exists(entry)) return entry;
  }
  try {
    if (await exists(entry)) return entry;
    const folder = await mkdtemp(join(dirname(entry), `.${basename(entry)}-`));
    try {
      await build(folder);
      await moveIntoPlace(folder, entry);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    return entry;
  } finally {
    await rm(lock, { force: true });
  }
}

async function moveIntoPlace(folder: string, entry: string): Promise<void> {
  try {
    await rename(folder, entry);
  } catch (error) {
    // Two may have taken over one dead builder's lock: whoever comes second uses the first one's result.
    if (!(await exists(entry))) throw error;
  }
}

/** False while a living process holds it. */
async function takeLock(lock: string): Promise<boolean> {
  try {
    const file = await open(lock, 'wx');
    await file.writeFile(String(process.pid));
    await file.close();
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  const holder = await readLock(lock);
  if (holder === null || isAlive(holder)) return false;
  await rm(lock, { force: true });
  return false;
}

/** The pid of the holder; null where the lock is just being written or just went. */
async function readLock(lock: string): Promise<number | null> {
  try {
    const pid = Number(await readFile(lock, 'utf8'));
    return pid > 0 ? pid : null;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    return null;
  }
}

/** Whether a process of this id runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}

export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
