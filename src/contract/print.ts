import { mkdir, writeFile } from 'node:fs/promises';
import { contractFiles } from './files.ts';

/** `npm run contract`. */
const folder = new URL('../../contract/', import.meta.url);
await mkdir(new URL('schemas/', folder), { recursive: true });
for (const [path, text] of contractFiles()) await writeFile(new URL(path, folder), text);
