import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Progress } from '../progress.ts';
import { BUILT_PAGE, SOURCES_FILE, sourcesOf } from './sources.ts';

export type PageBuildOptions = {
  /** Of the project. */
  readonly root: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
};

/**
 * Builds the dashboard where what it comes from has changed since the last build; else it takes a few milliseconds. Throws with what the
 * bundler says, or the signal's reason.
 */
export async function buildPage({ root, progress, signal }: PageBuildOptions): Promise<void> {
  const built = await builtFrom(root);
  if (built !== null && built === (await sourcesOf(root))) return;
  progress('dashboard', `building the page, which takes seconds: ${built === null ? 'it is not built yet' : 'its sources have changed'}`);
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  await promisify(execFile)(process.execPath, [vite, 'build'], { cwd: root, signal }).catch(
    ({ stderr, message }: Error & { readonly stderr?: string }) => {
      signal.throwIfAborted();
      throw new Error(`The dashboard could not be built: ${stderr || message}`);
    },
  );
  progress('dashboard', 'the page is built');
}

/** What the page was built from; null: there is none, or its build was interrupted. */
async function builtFrom(root: string): Promise<string | null> {
  return readFile(join(root, BUILT_PAGE, SOURCES_FILE), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
}
