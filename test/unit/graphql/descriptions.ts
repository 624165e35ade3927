import {
  type GraphQLField,
  GraphQLInt,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isLeafType,
  isObjectType,
  isSpecifiedDirective,
  isSpecifiedScalarType,
  OperationTypeNode,
} from 'graphql';
import { checkDocument, checkLiteral, checkRootSelection, checkSelection, checkValue } from './example.ts';

/** How to write one: every failure says it again. */
const FORM = 'A description reads "What it is, its unit, why it may be null. Example: `code`."';

/** The codes of the contract that a field may name behind `Errors:`. */
const CODES = [
  'BAD_USER_INPUT',
  'NODE_NOT_FOUND',
  'CURSOR_EXPIRED',
  'CURSOR_INVALID',
  'SUBSCRIBER_TOO_SLOW',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'LIMIT_EXCEEDED',
  'BACKEND_UNAVAILABLE',
];
const ERRORS_FORM = 'Write "Errors: `BAD_USER_INPUT`, `LIMIT_EXCEEDED`." or "Errors: none." before the example';

/**
 * Every way in which the schema fails as a manual, one line each: a description that is missing, is no sentence or has no example; an
 * example that the schema itself would refuse; a field that can fail and does not say with which codes; a deprecation without a reason.
 */
export function problemsOf(schema: GraphQLSchema): string[] {
  const types = Object.values(schema.getTypeMap()).filter((type) => !type.name.startsWith('__') && !isSpecifiedScalarType(type));
  const directives = schema.getDirectives().filter((directive) => !isSpecifiedDirective(directive));
  return [
    ...directives.flatMap((directive) => [
      ...at(
        `@${directive.name}`,
        examine(directive.description, (code) => checkDocument(schema, OperationTypeNode.QUERY, code)),
      ),
      ...directive.args.flatMap(({ name, type, description }) =>
        at(
          `@${directive.name}(${name})`,
          examine(description, (code) => checkLiteral(schema, String(type), code)),
        ),
      ),
    ]),
    ...types.flatMap((type) => [
      ...at(
        type.name,
        examine(type.description, (code) => typeExample(schema, type, code)),
      ),
      ...membersOf(schema, type),
    ]),
  ];
}

/** The codes that a description names behind `Errors:`; undefined where it says nothing of errors. */
export function namedErrors(description: string | null | undefined): readonly string[] | undefined {
  const sentence = description?.match(/\bErrors: (.*?)\.(?:\s|$)/s)?.[1];
  if (sentence === undefined) return undefined;
  return [...sentence.matchAll(/`([A-Z_]+)`/g)].flatMap(([, code]) => code ?? []);
}

function membersOf(schema: GraphQLSchema, type: GraphQLNamedType): string[] {
  if (isEnumType(type)) {
    return type.getValues().flatMap((value) => at(`${type}.${value.name}`, [...examine(value.description), ...deprecation(value)]));
  }
  if (isInputObjectType(type)) {
    return Object.values(type.getFields()).flatMap((field) =>
      at(`${type}.${field.name}`, [
        ...examine(field.description, (code) => checkLiteral(schema, String(field.type), code)),
        ...deprecation(field),
      ]),
    );
  }
  if (!isObjectType(type) && !isInterfaceType(type)) return [];
  return Object.values(type.getFields()).flatMap((field) => fieldProblems(schema, type, field));
}

function fieldProblems(schema: GraphQLSchema, type: GraphQLNamedType, field: GraphQLField<unknown, unknown>): string[] {
  const place = `${type}.${field.name}`;
  const mayFail = operationOf(schema, type) !== undefined || field.args.some((argument) => getNamedType(argument.type) === GraphQLInt);
  return [
    ...at(place, [
      ...examine(field.description, (code) => fieldExample(schema, type, field, code)),
      ...(mayFail ? errors(field.description) : []),
      ...deprecation(field),
    ]),
    ...field.args.flatMap((argument) =>
      at(`${place}(${argument.name})`, [
        ...examine(argument.description, (code) => checkLiteral(schema, String(argument.type), code)),
        ...deprecation(argument),
      ]),
    ),
  ];
}

/** Without `check` the example may be prose: a case of an enum value is a situation. */
function examine(description: string | null | undefined, check?: (code: string) => string | undefined): string[] {
  if (description === null || description === undefined || description.trim() === '') return [`has no description. ${FORM}`];
  const [prose = '', example, more] = description.split(/\bExamples?: /);
  if (example === undefined) return [`has no example. ${FORM}`];
  if (more !== undefined) return [`has more than one "Example:". ${FORM}`];
  const problems: string[] = [];
  if (!/[a-z].*\.\s+$/is.test(prose)) problems.push(`has no whole sentence before its example. ${FORM}`);
  if (!description.endsWith('.')) problems.push(`does not end with a full stop. ${FORM}`);
  if (check === undefined) return problems;
  const codes = [...example.matchAll(/`([^`]+)`/g)].flatMap(([, code]) => code ?? []);
  if (codes.length === 0) problems.push(`has no code between backticks behind "Example:". ${FORM}`);
  for (const code of codes) {
    const problem = check(code);
    if (problem !== undefined) problems.push(`the example \`${code}\` ${problem}`);
  }
  return problems;
}

function typeExample(schema: GraphQLSchema, type: GraphQLNamedType, code: string): string | undefined {
  const operation = operationOf(schema, type);
  if (operation !== undefined) return checkDocument(schema, operation, code);
  if (isInputObjectType(type)) return checkLiteral(schema, type.name, code);
  return checkValue(schema, type, code);
}

function fieldExample(
  schema: GraphQLSchema,
  type: GraphQLNamedType,
  field: GraphQLField<unknown, unknown>,
  code: string,
): string | undefined {
  const operation = operationOf(schema, type);
  if (operation !== undefined) return checkRootSelection(schema, operation, field.name, code);
  const asValue = field.args.length === 0 && (isLeafType(getNamedType(field.type)) || /^[[{]/.test(code));
  return asValue ? checkValue(schema, field.type, code) : checkSelection(schema, type.name, field.name, code);
}

function errors(description: string | null | undefined): string[] {
  const named = namedErrors(description);
  if (named === undefined) return [`is a root field or counts, and does not say with which codes it fails. ${ERRORS_FORM}`];
  return named
    .filter((code) => !CODES.includes(code))
    .map((code) => `names the error ${code}; the contract has ${CODES.join(', ')}. ${ERRORS_FORM}`);
}

function deprecation({ deprecationReason: reason }: { readonly deprecationReason?: string | null }): string[] {
  if (reason === null || reason === undefined) return [];
  if (/[a-z].*\.$/is.test(reason) && reason !== 'No longer supported.' && reason.length > 20) return [];
  return [`is deprecated without a reason ("${reason}"). Say in a sentence why, and what to use instead`];
}

function operationOf(schema: GraphQLSchema, type: GraphQLNamedType): OperationTypeNode | undefined {
  return Object.values(OperationTypeNode).find((operation) => schema.getRootType(operation) === type);
}

function at(place: string, problems: readonly string[]): string[] {
  return problems.map((problem) => `${place} ${problem}`);
}
