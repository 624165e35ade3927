import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { exists } from './cache.ts';

/** The user a service runs as where ours is root, which Postgres refuses. */
export type ServiceUser = { readonly name: string; readonly uid: number; readonly gid: number };

/** Survives a restart of the machine, and every user may enter it. */
const SHARED_FOLDER = '/var/tmp/discovery-gateway';
const DATA_PREFIX = 'data-';
const OWNER_FILE = 'owner';

/** Null unless we are root; then `postgres` if there is such a user, else `nobody`, which every system has. */
export async function serviceUser(): Promise<ServiceUser | null> {
  if (process.getuid?.() !== 0) return null;
  return (await lookUp('postgres')) ?? (await lookUp('nobody')) ?? missing();
}

function missing(): never {
  throw new Error('Postgres refuses to run as root, and there is no user postgres or nobody to run it as');
}

async function lookUp(name: string): Promise<ServiceUser | null> {
  const id = async (kind: string) => Number((await promisify(execFile)('id', [kind, name])).stdout);
  try {
    return { name, uid: await id('-u'), gid: await id('-g') };
  } catch (error) {
    // `id` ends with 1 where there is no such user.
    if (error instanceof Error && 'code' in error && error.code === 1) return null;
    throw error;
  }
}

/**
 * `folder` itself if the user can enter it, else the one of that name below /var/tmp. Where that cannot be trusted
 * (somebody else made it) it throws.
 */
export async function reachableFolder(folder: string, name: string, user: ServiceUser, shared = SHARED_FOLDER): Promise<string> {
  if (await canEnter(folder, user)) return folder;
  await mkdir(shared, { recursive: true, mode: 0o755 });
  const { uid, mode } = await lstat(shared);
  if (uid !== process.getuid?.() || (mode & 0o022) !== 0) throw new Error(`${shared} can be written by others: remove it`);
  await chmod(shared, 0o755);
  return join(shared, name);
}

/**
 * Like `reachableFolder`, for data that belongs to `folder`: below /var/tmp it has a folder of its own, which is made, names
 * its owner, and is removed at the next start of anybody after the owner is gone.
 */
export async function reachableDataFolder(folder: string, user: ServiceUser, shared = SHARED_FOLDER): Promise<string> {
  const hash = createHash('sha256').update(folder).digest('hex').slice(0, 12);
  const data = await reachableFolder(folder, `${DATA_PREFIX}${hash}`, user, shared);
  if (data === folder) return folder;
  for (const name of await readdir(shared)) {
    if (!name.startsWith(DATA_PREFIX)) continue;
    const owner = join(shared, name, OWNER_FILE);
    if (!(await exists(owner))) continue;
    if (!(await exists(await readFile(owner, 'utf8')))) await rm(join(shared, name), { recursive: true, force: true });
  }
  await mkdir(data, { recursive: true, mode: 0o755 });
  await writeFile(join(data, OWNER_FILE), folder);
  return data;
}

/** Whether the user may pass through every folder down to this one. */
async function canEnter(folder: string, user: ServiceUser): Promise<boolean> {
  for (let path = folder; ; path = dirname(path)) {
    const { uid, gid, mode } = await stat(path);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (path === dirname(path)) return true;
  }
}
