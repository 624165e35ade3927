import {
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  OperationTypeNode,
} from 'graphql';

/** An operation with an argument that its field may refuse: with which code is for the test to see. */
export interface WrongArgument {
  readonly field: string;
  readonly what: string;
  readonly query: string;
  readonly description: string | null | undefined;
}

/**
 * For every argument of every field of Query and Mutation one operation for each way in which it can be wrong beyond its type: too long,
 * too many, out of range, empty. They come from the schema alone, so that a field that is added is asked as well.
 */
export function wrongArguments(schema: GraphQLSchema): WrongArgument[] {
  return [OperationTypeNode.QUERY, OperationTypeNode.MUTATION].flatMap((operation) =>
    Object.values(schema.getRootType(operation)?.getFields() ?? {}).flatMap((field) =>
      field.args.flatMap((wrong) =>
        wrongLiterals(wrong.type).map(([what, literal]) => {
          const others = field.args.filter((argument) => argument !== wrong && isNonNullType(argument.type));
          const given = [`${wrong.name}: ${literal}`, ...others.map(({ name, type }) => `${name}: ${plainLiteral(type)}`)];
          const selection = isLeafType(getNamedType(field.type)) ? '' : ' { __typename }';
          return {
            field: `${field.name}(${wrong.name})`,
            what,
            query: `${operation} { ${field.name}(${given.join(', ')})${selection} }`,
            description: field.description,
          };
        }),
      ),
    ),
  );
}

function wrongLiterals(type: GraphQLInputType): (readonly [string, string])[] {
  const nullable = getNullableType(type);
  if (isListType(nullable)) {
    const one = plainLiteral(nullable.ofType);
    return [
      ['an empty list', '[]'],
      ['a list of 1,001 entries', `[${new Array(1001).fill(one).join(', ')}]`],
    ];
  }
  if (isInputObjectType(nullable)) {
    return Object.values(nullable.getFields()).flatMap((field) =>
      wrongLiterals(field.type).map(([what, literal]) => [`${what} as ${field.name}`, `{${field.name}: ${literal}}`] as const),
    );
  }
  switch (nullable.name) {
    case 'String':
    case 'ID':
      return [
        ['a blank text', '" "'],
        ['a text of 5,000 characters', `"${'x'.repeat(5000)}"`],
      ];
    case 'Int':
      return [
        ['a negative number', '-1'],
        ['a huge number', '2147483647'],
      ];
    default:
      return [];
  }
}

function plainLiteral(type: GraphQLInputType): string {
  const nullable = getNullableType(type);
  if (isListType(nullable)) return `[${plainLiteral(nullable.ofType)}]`;
  if (isEnumType(nullable)) return nullable.getValues()[0]?.name ?? 'null';
  if (isInputObjectType(nullable)) {
    const fields = Object.values(nullable.getFields()).filter((field) => isNonNullType(field.type));
    return `{${fields.map((field) => `${field.name}: ${plainLiteral(field.type)}`).join(', ')}}`;
  }
  return nullable.name === 'String' || nullable.name === 'ID' ? '"x"' : '1';
}
