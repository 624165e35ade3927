import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { buildSchema } from './schema.ts';

const HEADER = '# Printed from src/graphql by `npm run schema`: change it there.\n\n';

/** The schema as `schema.graphql` has it, in an order that does not depend on the order of the code. */
export function printedSchema(): string {
  return `${HEADER}${printSchema(lexicographicSortSchema(buildSchema()))}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = new URL('../../schema.graphql', import.meta.url);
  if (process.argv.includes('--check')) {
    const current = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    if (current !== printedSchema()) {
      process.stderr.write('schema.graphql is not what src/graphql says. Run `npm run schema` and commit the result.\n');
      process.exitCode = 1;
    }
  } else {
    await writeFile(file, printedSchema());
  }
}
