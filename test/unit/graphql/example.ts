import {
  type GraphQLOutputType,
  type GraphQLScalarType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isEnumType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
  Kind,
  NoUnusedFragmentsRule,
  type OperationTypeNode,
  parse,
  parseValue,
  specifiedRules,
  type ValueNode,
  ValuesOfCorrectTypeRule,
  validate,
} from 'graphql';

const FRAGMENT_RULES = specifiedRules.filter((rule) => rule !== NoUnusedFragmentsRule);

/** What is wrong with a whole operation of this kind as an example of its root type; undefined when it can be sent as it stands. */
export function checkDocument(schema: GraphQLSchema, operation: OperationTypeNode, code: string): string | undefined {
  return attempt(`is no ${operation}`, () => {
    const document = parse(code);
    const [only] = document.definitions;
    if (document.definitions.length !== 1 || only?.kind !== Kind.OPERATION_DEFINITION || only.operation !== operation) {
      return `must be one ${operation}`;
    }
    return validate(schema, document)[0]?.message;
  });
}

/** What is wrong with a selection of one root field. */
export function checkRootSelection(schema: GraphQLSchema, operation: OperationTypeNode, field: string, code: string): string | undefined {
  const form = `cannot be selected in a ${operation}; write it as it stands there, such as \`${field} { … }\` with its arguments`;
  return attempt(form, () => {
    const document = parse(`${operation} { ${code} }`);
    return unlessSelected(document, field) ?? validate(schema, document)[0]?.message;
  });
}

/** What is wrong with a selection of a field on its type. */
export function checkSelection(schema: GraphQLSchema, type: string, field: string, code: string): string | undefined {
  const form = `cannot be selected on ${type}; write the field as in a query, such as \`${field} { … }\` with its arguments`;
  return attempt(form, () => {
    const document = parse(`fragment Example on ${type} { ${code} }`);
    return unlessSelected(document, field) ?? validate(schema, document, FRAGMENT_RULES)[0]?.message;
  });
}

function unlessSelected(document: ReturnType<typeof parse>, field: string): string | undefined {
  const [only] = document.definitions;
  if (document.definitions.length !== 1 || only === undefined || !('selectionSet' in only)) return 'it is more than one selection';
  const selected = only.selectionSet?.selections.some((selection) => selection.kind === Kind.FIELD && selection.name.value === field);
  return selected ? undefined : `it does not select ${field}`;
}

/** What is wrong with a literal as an argument, or a field of an input, of this type (printed, such as `[String!]`). */
export function checkLiteral(schema: GraphQLSchema, type: string, code: string): string | undefined {
  return attempt(`is no literal of ${type}; write it as a client would behind the colon, text in double quotes`, () => {
    parseValue(code);
    // The one place where the language has a literal beside its type.
    return validate(schema, parse(`query ($example: ${type} = ${code}) { __typename }`), [ValuesOfCorrectTypeRule])[0]?.message;
  });
}

/** What is wrong with a text as a value that an answer holds. Objects may leave fields out: an example shows what matters. */
export function checkValue(schema: GraphQLSchema, type: GraphQLOutputType, code: string): string | undefined {
  return attempt(`is no value of ${type}; write it as the answer has it, without quotes around the names of fields`, () => {
    const named = getNamedType(type);
    // What was announced as JSON is answered as JSON, whose names have quotes.
    if (isScalarType(named) && named.name === 'JSON') {
      JSON.parse(code);
      return undefined;
    }
    return valueProblem(schema, type, parseValue(code));
  });
}

function valueProblem(schema: GraphQLSchema, type: GraphQLOutputType, node: ValueNode): string | undefined {
  if (isNonNullType(type)) return node.kind === Kind.NULL ? `${type} is never null` : valueProblem(schema, type.ofType, node);
  if (node.kind === Kind.NULL) return undefined;
  if (isListType(type)) {
    if (node.kind !== Kind.LIST) return `${type} is a list`;
    return first(node.values, (value) => valueProblem(schema, type.ofType, value));
  }
  if (isScalarType(type)) return scalarProblem(type, node);
  if (isEnumType(type)) {
    if (node.kind === Kind.ENUM && type.getValue(node.value) !== undefined) return undefined;
    return `${type} is one of ${type
      .getValues()
      .map(({ name }) => name)
      .join(', ')}`;
  }
  if (node.kind !== Kind.OBJECT) return `${type} is an object`;
  const types = isAbstractType(type) ? [...schema.getPossibleTypes(type), type] : [type];
  return first(node.fields, ({ name, value }) => {
    const known = types.flatMap((one) => (isObjectType(one) || isInterfaceType(one) ? (one.getFields()[name.value] ?? []) : []));
    if (known.length === 0) return `${type} has no field ${name.value}`;
    const problems = known.map((field) => valueProblem(schema, field.type, value));
    return problems.includes(undefined) ? undefined : `${name.value}: ${problems[0]}`;
  });
}

function scalarProblem(type: GraphQLScalarType, node: ValueNode): string | undefined {
  type.parseLiteral(node);
  return undefined;
}

function first<T>(items: readonly T[], problemOf: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const problem = problemOf(item);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** The form, and what the parser, the validator or a scalar had against it. */
function attempt(form: string, problemOf: () => string | undefined): string | undefined {
  try {
    const problem = problemOf();
    return problem === undefined ? undefined : `${form} (${problem})`;
  } catch (error) {
    return `${form} (${error instanceof Error ? error.message : String(error)})`;
  }
}
