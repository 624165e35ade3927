import { readFile } from 'node:fs/promises';
import { parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { printedSchema } from '../../../src/graphql/print.ts';
import { buildSchema } from '../../../src/graphql/schema.ts';
import { EXAMPLE_QUERIES } from '../../../src/http/graphiql.ts';

describe('the schema', () => {
  it('should be what schema.graphql says', async () => {
    expect(await readFile(new URL('../../../schema.graphql', import.meta.url), 'utf8')).toBe(printedSchema());
  });

  it('should be built anew each time', () => {
    expect(buildSchema()).not.toBe(buildSchema());
  });

  it("should know everything that GraphiQL's first tab asks for", () => {
    const document = parse(EXAMPLE_QUERIES);
    expect(validate(buildSchema(), document)).toEqual([]);
    const kinds = document.definitions.map((definition) => definition.kind === 'OperationDefinition' && definition.operation);
    expect(new Set(kinds)).toEqual(new Set(['query', 'mutation', 'subscription']));
  });
});
