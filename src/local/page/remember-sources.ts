import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plugin } from 'vite';
import { SOURCES_FILE, sourcesOf } from './sources.ts';

/** Leaves beside the built page what it was built from, so that the next start need not build it again. `root`: of the project. */
export function rememberSources(root: string = process.cwd()): Plugin {
  let sources: string;
  return {
    name: 'remember-sources',
    apply: 'build',
    async buildStart() {
      // Before anything is read: what changes meanwhile is built the next time.
      sources = await sourcesOf(root);
    },
    writeBundle: {
      // The last of all: a build that was interrupted leaves none.
      order: 'post',
      sequential: true,
      async handler({ dir = '.' }) {
        await writeFile(join(dir, SOURCES_FILE), sources);
      },
    },
  };
}
