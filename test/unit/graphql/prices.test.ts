import { getNamedType, getNullableType, isInterfaceType, isListType, isObjectType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { PRICES } from '../../../src/graphql/prices.ts';
import { buildSchema } from '../../../src/graphql/schema.ts';

/** Every field of the schema as `Type.field`, and whether its answer has entries: it is a list, or a connection. */
const fields = Object.values(buildSchema().getTypeMap()).flatMap((type) =>
  isObjectType(type) || isInterfaceType(type)
    ? Object.values(type.getFields()).map((field) => ({
        coordinate: `${type.name}.${field.name}`,
        args: field.args.map((arg) => arg.name),
        hasEntries: isListType(getNullableType(field.type)) || getNamedType(field.type).name.endsWith('Connection'),
      }))
    : [],
);

describe('the prices', () => {
  it('should know how long every list and every connection is: add `size` for it in src/graphql/prices.ts', () => {
    const without = fields.filter(({ coordinate, hasEntries }) => hasEntries && PRICES[coordinate]?.size === undefined);
    expect(without.map(({ coordinate }) => coordinate)).toEqual([]);
  });

  it('should take the length of a list from its arguments where it has such: add them to `by` in src/graphql/prices.ts', () => {
    const without = fields.flatMap(({ coordinate, args }) => {
      const size = PRICES[coordinate]?.size;
      const by = typeof size === 'object' ? size.by : [];
      return args.filter((name) => ['first', 'last', 'limit'].includes(name) && !by.includes(name)).map((name) => `${coordinate}(${name})`);
    });
    expect(without).toEqual([]);
  });

  it('should name nothing that the schema does not have', () => {
    const known = new Set(fields.map(({ coordinate }) => coordinate));
    expect(Object.keys(PRICES).filter((coordinate) => !known.has(coordinate))).toEqual([]);
  });
});
