import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { contractFiles } from './files.ts';

const FOLDER = new URL('../../contract/', import.meta.url);

/** What is wrong with the files in the folder: one sentence each, none where they are what the code says. */
export async function staleFiles(folder: URL = FOLDER): Promise<readonly string[]> {
  const expected = contractFiles();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const root = fileURLToPath(folder);
  const files = entries.filter((entry) => entry.isFile());
  const found = new Set(files.map(({ parentPath, name }) => relative(root, join(parentPath, name)).replaceAll(sep, '/')));
  const problems = [...found].filter((path) => !expected.has(path)).map((path) => `contract/${path} is nobody's: remove it`);
  for (const [path, text] of expected) {
    if (!found.has(path)) problems.push(`contract/${path} is missing`);
    else if ((await readFile(new URL(path, folder), 'utf8')) !== text) problems.push(`contract/${path} is not what src/contract says`);
  }
  return problems;
}

/** `npm run contract:check`. */
async function main(): Promise<void> {
  const problems = await staleFiles();
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (problems.length === 0) process.stdout.write('contract/ is what src/contract says\n');
  else process.stderr.write('Run `npm run contract` and commit the result\n');
  if (problems.length > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
