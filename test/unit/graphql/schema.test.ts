import { readFile } from 'node:fs/promises';
import { type GraphQLNamedType, isEnumType, isInputObjectType, isObjectType, isSpecifiedScalarType, parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { printedSchema } from '../../../src/graphql/print.ts';
import { buildSchema } from '../../../src/graphql/schema.ts';
import { EXAMPLE_QUERIES } from '../../../src/http/graphiql.ts';

describe('the schema', () => {
  it('should be what schema.graphql says', async () => {
    expect(await readFile(new URL('../../../schema.graphql', import.meta.url), 'utf8')).toBe(printedSchema());
  });

  it('should describe every type, field, argument and value with an example', () => {
    const bare: string[] = [];
    for (const type of Object.values(buildSchema().getTypeMap())) {
      if (type.name.startsWith('__') || isSpecifiedScalarType(type)) continue;
      for (const [name, description] of described(type)) if (!description?.includes('Example: ')) bare.push(name);
    }
    expect(bare).toEqual([]);
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

function* described(type: GraphQLNamedType): Generator<[string, string | null | undefined]> {
  yield [type.name, type.description];
  if (isEnumType(type)) for (const value of type.getValues()) yield [`${type.name}.${value.name}`, value.description];
  if (isInputObjectType(type)) for (const field of Object.values(type.getFields())) yield [`${type.name}.${field.name}`, field.description];
  if (isObjectType(type)) {
    for (const field of Object.values(type.getFields())) {
      yield [`${type.name}.${field.name}`, field.description];
      for (const argument of field.args) yield [`${type.name}.${field.name}(${argument.name})`, argument.description];
    }
  }
}
