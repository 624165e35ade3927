import fc from 'fast-check';
import {
  type GraphQLArgument,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
} from 'graphql';

/** A query of the schema, with the variables that it takes. */
export interface RandomQuery {
  readonly text: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Values that arguments of a scalar type are given: those that fit the sample registry, and a few that fit nothing. */
const SCALARS: Readonly<Record<string, readonly unknown[]>> = {
  String: ['database.query', 'Database_Write', 'effect', '^1.0.0', 'nothing'],
  ID: ['reader-1', 'odd-1', 'nobody'],
  Int: [1, 2, 20, 0],
  Boolean: [true, false],
};

/**
 * Queries made of whatever the schema has, some levels deep, with aliases, fragments, literals and variables. Most are answered, some are refused by a
 * resolver; all of them are valid.
 */
export function queries(schema: GraphQLSchema): fc.Arbitrary<RandomQuery> {
  return fc.infiniteStream(fc.nat({ max: 999 })).map((numbers) => {
    const draw = (below: number) => Number(numbers.next().value) % below;
    const pick = <T>(from: readonly T[]): T | undefined => from[draw(from.length)];
    const variables: Record<string, unknown> = {};
    const declared: string[] = [];
    let aliases = 0;

    function drawn(type: GraphQLInputType): unknown {
      if (isNonNullType(type)) return drawn(type.ofType);
      if (isListType(type)) return Array.from({ length: draw(3) }, () => drawn(type.ofType));
      if (isEnumType(type)) return pick(type.getValues())?.name;
      if (isInputObjectType(type)) {
        const fields = Object.values(type.getFields()).filter(() => draw(4) === 0);
        return Object.fromEntries(fields.map((field) => [field.name, drawn(field.type)]));
      }
      return pick(SCALARS[type.name] ?? [null]);
    }

    function literal(value: unknown, type: GraphQLInputType): string {
      const bare = isNonNullType(type) ? type.ofType : type;
      if (isListType(bare)) return `[${(Array.isArray(value) ? value : []).map((each) => literal(each, bare.ofType)).join(', ')}]`;
      if (isEnumType(bare)) return String(value);
      if (!isInputObjectType(bare) || typeof value !== 'object' || value === null) return JSON.stringify(value);
      const fields = bare.getFields();
      const entries = Object.entries(value).flatMap(([name, each]) => {
        const field = fields[name];
        return field === undefined ? [] : [`${name}: ${literal(each, field.type)}`];
      });
      return `{${entries.join(', ')}}`;
    }

    function argument({ name, type }: GraphQLArgument): string {
      const value = drawn(type);
      if (draw(2) === 0) return `${name}: ${literal(value, type)}`;
      const variable = `v${declared.length}`;
      declared.push(`$${variable}: ${String(type)}`);
      variables[variable] = value;
      return `${name}: $${variable}`;
    }

    function selection(type: GraphQLObjectType, depth: number): string {
      const fields = Object.values(type.getFields()).filter((field) => depth > 0 || !isObjectType(getNamedType(field.type)));
      const chosen = new Set(Array.from({ length: 1 + draw(4) }, () => pick(fields)));
      const parts = [...chosen].flatMap((field) => {
        if (field === undefined) return [];
        const given = field.args.filter((arg) => isRequiredArgument(arg) || draw(3) === 0).map(argument);
        const of = getNamedType(field.type);
        // Aliases keep two selections of one field with other arguments apart.
        aliases += 1;
        const name = draw(3) === 0 || given.length > 0 ? `a${aliases}: ${field.name}` : field.name;
        return [`${name}${given.length > 0 ? `(${given.join(', ')})` : ''}${isObjectType(of) ? selection(of, depth - 1) : ''}`];
      });
      if (draw(4) === 0) parts.push(`... on ${type.name} { __typename }`);
      return ` { ${['__typename', ...parts].join(' ')} }`;
    }

    const query = schema.getQueryType();
    if (query == null) throw new Error('The schema has no queries');
    const body = selection(query, 4);
    return { text: `query${declared.length > 0 ? ` (${declared.join(', ')})` : ''}${body}`, variables };
  });
}
