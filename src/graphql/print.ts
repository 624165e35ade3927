import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { buildSchema } from './schema.ts';

const HEADER = '# Printed from src/graphql by `npm run schema`: change it there.\n\n';

/** The schema as `schema.graphql` has it, in an order that does not depend on the order of the code. */
export function printedSchema(): string {
  return `${HEADER}${printSchema(lexicographicSortSchema(buildSchema()))}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(new URL('../../schema.graphql', import.meta.url), printedSchema());
}
