import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  GraphQLSchema,
  isIntrospectionType,
  isSpecifiedDirective,
  isSpecifiedScalarType,
  lexicographicSortSchema,
  printSchema,
  printType,
} from 'graphql';
import { wrapDescriptions } from './layout.ts';
import { buildSchema } from './schema.ts';

const HEADER = '# Printed from src/graphql by `npm run schema`: change it there. First what can be asked, then the types, by name.';

/** The schema as `schema.graphql` has it, in an order that does not depend on the order of the code. */
export function printedSchema(): string {
  const schema = lexicographicSortSchema(buildSchema());
  const roots = [schema.getQueryType(), schema.getSubscriptionType(), schema.getMutationType()].filter((type) => type != null);
  const others = Object.values(schema.getTypeMap()).filter(
    (type) => !roots.some((root) => root === type) && !isIntrospectionType(type) && !isSpecifiedScalarType(type),
  );
  const directives = schema.getDirectives().filter((directive) => !isSpecifiedDirective(directive));
  const ownDirectives = directives.length === 0 ? [] : [printSchema(new GraphQLSchema({ directives }))];
  const parts = [HEADER, ...[...roots, ...others].map(printType), ...ownDirectives];
  return `${wrapDescriptions(parts.join('\n\n'))}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(new URL('../../schema.graphql', import.meta.url), printedSchema());
}
