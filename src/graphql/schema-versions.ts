import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { SchemaVersion } from './breaks.ts';

/** The earlier versions of a file, as far as this machine has them. */
export type SchemaVersions =
  /** No git repository (an archive, an image), or no git. */
  | { readonly history: 'none' }
  /** `cut`: a shallow clone, and what lies before its edge is not here. */
  | { readonly history: 'whole' | 'cut'; readonly versions: readonly SchemaVersion[]; readonly commits: number };

const run = promisify(execFile);

/**
 * Every version of the file on the first-parent path from HEAD back, the latest first: the line of what was landed, HEAD's own included,
 * each content once. `commits` is the length of that path. Throws what git has against it.
 */
export async function schemaVersions(folder: string, file: string): Promise<SchemaVersions> {
  // In a hook git's own variables name another repository than the folder's.
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'));
  const env = { ...Object.fromEntries(own), LC_ALL: 'C' };
  const git = async (...args: string[]) => {
    // Another owner of the folder (a mounted volume) is no danger here: what runs this is in the folder, too.
    const { stdout } = await run('git', ['-C', folder, '-c', 'safe.directory=*', ...args], { env, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  };
  let shallow: string;
  try {
    shallow = await git('rev-parse', '--is-shallow-repository');
  } catch (error) {
    if (isWithoutRepository(error)) return { history: 'none' };
    throw error;
  }
  // An archive that was unpacked inside of another repository has no history either.
  if ((await git('ls-files', '--', file)) === '') return { history: 'none' };
  const versions = new Map<string, string>();
  for (const commit of lines(await git('log', '--first-parent', '--diff-filter=AM', '--format=%h', '--', file))) {
    const schema = await git('show', `${commit}:./${file}`);
    if (!versions.has(schema)) versions.set(schema, commit);
  }
  return {
    history: shallow.trim() === 'true' ? 'cut' : 'whole',
    versions: [...versions].map(([schema, commit]) => ({ commit, schema })),
    commits: Number(await git('rev-list', '--first-parent', '--count', 'HEAD')),
  };
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

function isWithoutRepository(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && error.code === 'ENOENT') || error.message.includes('not a git repository');
}
