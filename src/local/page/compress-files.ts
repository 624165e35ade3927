import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Plugin } from 'vite';

/** Of a file that is no shorter than this part of itself when compressed, such as an image, no compressed copy is kept. */
const WORTHWHILE = 0.9;

/** Writes `.gz` and `.br` beside each file of the page: the gateway sends them as they are, and best compression takes too long for a start. */
export function compressFiles(): Plugin {
  return {
    name: 'compress-files',
    apply: 'build',
    async writeBundle({ dir = '.' }, bundle) {
      await Promise.all(Object.keys(bundle).map((name) => compress(join(dir, name))));
    },
  };
}

async function compress(file: string): Promise<void> {
  const content = await readFile(file);
  const copies = [
    ['.gz', await promisify(gzip)(content, { level: constants.Z_BEST_COMPRESSION })],
    ['.br', await promisify(brotliCompress)(content, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } })],
  ] as const;
  for (const [extension, copy] of copies) {
    if (copy.length < content.length * WORTHWHILE) await writeFile(file + extension, copy);
  }
}
