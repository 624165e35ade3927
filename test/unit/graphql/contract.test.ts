import { readFile } from 'node:fs/promises';
import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isObjectType,
  isRequiredArgument,
  isSpecifiedScalarType,
  buildSchema as parseSchema,
} from 'graphql';
import { expect, it } from 'vitest';
import { buildSchema } from '../../../src/graphql/schema.ts';

type Field = GraphQLField<unknown, unknown> | GraphQLInputField;

/** Names and types, without regard to what may be null: a field may promise more than the contract asks for. */
function differences(name: string, want: GraphQLNamedType, have: GraphQLNamedType | undefined): string[] {
  if (have === undefined) return [`type ${name} is missing`];
  if (have.constructor !== want.constructor) return [`${name} is of another kind`];
  if (isEnumType(want) && isEnumType(have)) {
    const missing = want.getValues().filter((value) => have.getValue(value.name) === undefined);
    return missing.map((value) => `enum value ${name}.${value.name} is missing`);
  }
  if ((!isObjectType(want) && !isInputObjectType(want)) || (!isObjectType(have) && !isInputObjectType(have))) return [];
  const fields: Record<string, Field> = have.getFields();
  return Object.values<Field>(want.getFields()).flatMap((field) => fieldDifferences(`${name}.${field.name}`, field, fields[field.name]));
}

function fieldDifferences(place: string, want: Field, have: Field | undefined): string[] {
  if (have === undefined) return [`${place} is missing`];
  const found: string[] = [];
  if (bare(want.type) !== bare(have.type)) found.push(`${place} is ${have.type}, in the contract ${want.type}`);
  if (!('args' in want) || !('args' in have)) return found;
  for (const argument of want.args) {
    const ours = have.args.find(({ name }) => name === argument.name);
    if (ours === undefined) found.push(`argument ${place}(${argument.name}) is missing`);
    else found.push(...argumentDifferences(`${place}(${argument.name})`, argument, ours));
  }
  const more = have.args.filter((argument) => isRequiredArgument(argument) && !want.args.some(({ name }) => name === argument.name));
  return [...found, ...more.map(({ name }) => `argument ${place}(${name}) is required, and not in the contract`)];
}

function argumentDifferences(place: string, want: GraphQLArgument, have: GraphQLArgument): string[] {
  const found: string[] = [];
  if (bare(want.type) !== bare(have.type)) found.push(`${place} is ${have.type}, in the contract ${want.type}`);
  if (!String(want.type).endsWith('!') && String(have.type).endsWith('!')) found.push(`${place} must be optional`);
  if (want.defaultValue !== have.defaultValue)
    found.push(`${place} is ${have.defaultValue} by default, in the contract ${want.defaultValue}`);
  return found;
}

const bare = (type: unknown) => String(type).replaceAll('!', '');

it('should have everything of the public contract', async () => {
  const contract = parseSchema(await readFile(new URL('./contract.graphql', import.meta.url), 'utf8'));
  const schema = buildSchema();
  const types = Object.entries(contract.getTypeMap()).filter(([name, type]) => !name.startsWith('__') && !isSpecifiedScalarType(type));
  expect(types.length).toBeGreaterThan(20);
  expect(types.flatMap(([name, type]) => differences(name, type, schema.getType(name)))).toEqual([]);
});
