import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The page, what builds it, and the versions of the libraries in it. */
const PARTS = ['src/dashboard', 'src/dashboard-documents.ts', 'src/local/page', 'vite.config.ts', 'package-lock.json'] as const;

/** Where the built page is, below the root of the project. */
export const BUILT_PAGE = 'dist/dashboard';

/** In the folder of the built page: what {@link sourcesOf} said when it was built. */
export const SOURCES_FILE = '.sources';

/** Stands for all that the built page comes from: another value, another page. Throws when a part of it is not there. */
export async function sourcesOf(root: string): Promise<string> {
  const files = (await Promise.all(PARTS.map((part) => filesOf(root, part)))).flat();
  const hash = createHash('sha256');
  for (const file of files.sort()) {
    const content = await readFile(join(root, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

async function filesOf(root: string, part: string): Promise<string[]> {
  // A file has no folder's entries.
  if (part.includes('.')) return [part];
  const entries = await readdir(join(root, part), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(join(root, '/').length));
}
