import {
  BREAK,
  type DocumentNode,
  type ExecutionResult,
  type FieldNode,
  type GraphQLFieldConfig,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLScalarType,
  GraphQLSchema,
  getNullableType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  visit,
} from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import type { GraphqlContext } from './context.ts';
import type { Variables } from './cost.ts';
import type { Pieces } from './pieces.ts';

/** Types whose objects are records of the registry: one and the same as long as nothing of it changes. */
const RECORDS: ReadonlySet<string> = new Set(['HealthyService']);

/** The JSON text of an answer; null: it has to be found in another way. */
export type PiecewiseQuery = (context: GraphqlContext, variables: Variables) => string | null;

/**
 * A query for one list of records, of which only the list is made anew each time: which records, and in which order. What it says of each is
 * kept: it is what the same compiled code says of this record, without anything else in reach, so that it cannot depend on who asks,
 * when, or on the rest of the registry. null for any other query.
 */
export function compilePiecewise(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  pieces: Pieces,
): PiecewiseQuery | null {
  const [root, another] = operation.selectionSet.selections;
  if (root?.kind !== Kind.FIELD || another !== undefined || root.selectionSet === undefined) return null;
  const field = schema.getQueryType()?.toConfig().fields[root.name.value];
  const list = field === undefined ? undefined : getNullableType(field.type);
  const item = isListType(list) ? getNullableType(list.ofType) : undefined;
  if (field === undefined || !isObjectType(item) || !RECORDS.has(item.name) || hasVariables(document, root)) return null;

  const recordsOf = compileRecords(schema, operation, root, field);
  const pieceOf = compilePiece(schema, document, root, item);
  if (recordsOf === null || pieceOf === null) return null;
  const textOf = pieces.of(pieceOf);
  let isPiecewise = true;
  const head = `{"data":{"${root.alias?.value ?? root.name.value}":[`;
  return (context, variables) => {
    const records = isPiecewise ? recordsOf(context, variables) : null;
    if (records === null) return null;
    let text = head;
    for (const record of records) {
      const piece = textOf(record);
      if (piece === null) {
        isPiecewise = false;
        return null;
      }
      text += text === head ? piece : `,${piece}`;
    }
    return `${text}]}}`;
  };
}

/** Whether what is said of a record depends on a variable. */
function hasVariables({ definitions }: DocumentNode, { selectionSet }: FieldNode): boolean {
  let found = false;
  const look = {
    Variable: () => {
      found = true;
      return BREAK;
    },
  };
  for (const part of definitions) if (part.kind === Kind.FRAGMENT_DEFINITION) visit(part, look);
  if (selectionSet !== undefined) visit(selectionSet, look);
  return found;
}

const RESULT = 'result';

/** The field by itself, with its arguments and its resolver: what comes of it is taken as it is. */
function compileRecords(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  { selectionSet: _selected, alias: _alias, ...root }: FieldNode,
  field: GraphQLFieldConfig<unknown, unknown>,
) {
  const records = new GraphQLScalarType({ name: 'Records', serialize: (value) => value });
  const fields = { [root.name.value]: { ...field, type: new GraphQLNonNull(records) } };
  const alone: OperationDefinitionNode = {
    ...operation,
    selectionSet: {
      kind: Kind.SELECTION_SET,
      selections: [{ ...root, alias: { kind: Kind.NAME, value: RESULT } }],
    },
  };
  const compiled = compileQuery(withRoot(schema, fields), { kind: Kind.DOCUMENT, definitions: [alone] });
  if (!isCompiledQuery(compiled)) return null;
  return (context: GraphqlContext, variables: Variables): readonly object[] | null => {
    const found = resultOf(compiled.query(undefined, context, variables));
    return Array.isArray(found) && found.every(isObject) ? found : null;
  };
}

/** What is selected of one record. null where that needs more than the record. */
function compilePiece(schema: GraphQLSchema, { definitions }: DocumentNode, root: FieldNode, item: GraphQLObjectType) {
  const fields = { [RESULT]: { type: new GraphQLNonNull(item), resolve: (record: unknown) => record } };
  const operation: OperationDefinitionNode = {
    kind: Kind.OPERATION_DEFINITION,
    operation: OperationTypeNode.QUERY,
    selectionSet: {
      kind: Kind.SELECTION_SET,
      selections: [
        {
          kind: Kind.FIELD,
          name: { kind: Kind.NAME, value: RESULT },
          ...(root.selectionSet === undefined ? {} : { selectionSet: root.selectionSet }),
        },
      ],
    },
  };
  const fragments = definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION);
  const compiled = compileQuery(withRoot(schema, fields), { kind: Kind.DOCUMENT, definitions: [operation, ...fragments] });
  if (!isCompiledQuery(compiled)) return null;
  const nothing = new Proxy(
    {},
    {
      get: () => {
        throw new Error('What is said of a record does not depend on the record alone');
      },
    },
  );
  return (record: object): string | null => {
    const found = resultOf(compiled.query(record, nothing, {}));
    return isObject(found) ? JSON.stringify(found) : null;
  };
}

/** The schema with nothing to ask for but these fields. */
function withRoot(schema: GraphQLSchema, fields: Readonly<Record<string, GraphQLFieldConfig<unknown, unknown>>>): GraphQLSchema {
  const query = new GraphQLObjectType({ name: 'Piecewise', fields });
  return new GraphQLSchema({ ...schema.toConfig(), query, mutation: null, subscription: null, assumeValid: true });
}

/** null where anything went wrong, or is not there at once. */
function resultOf(answer: ExecutionResult | Promise<ExecutionResult>): unknown {
  if (answer instanceof Promise) {
    answer.catch(() => undefined);
    return null;
  }
  return answer.errors === undefined ? (answer.data?.[RESULT] ?? null) : null;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
