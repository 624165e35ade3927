import {
  type DocumentNode,
  type GraphQLSchema,
  getNullableType,
  getOperationAST,
  isInputObjectType,
  type OperationDefinitionNode,
  typeFromAST,
} from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import type { GraphqlContext } from './context.ts';
import type { Variables } from './cost.ts';
import type { ReadDocument } from './documents.ts';
import { directivesOf } from './extent.ts';
import { Pieces } from './pieces.ts';
import { compilePiecewise } from './piecewise-query.ts';

/**
 * Answers a query as JSON text. null where anything went wrong, of which the executor knows how to tell: it has to answer then, from the
 * beginning, and nothing is as if it had been asked already.
 */
export type CompiledQuery = (context: GraphqlContext, variables: Variables) => string | null;

/** How often a document is asked for until it is compiled: what comes once or twice is answered sooner by walking it. */
const ASKED = 3;
/** Fields of a document up to which it is compiled: the code takes time that grows with them, and memory. */
const MOST_FIELDS = 200;

export interface CompiledQueriesOptions {
  readonly schema: GraphQLSchema;
  /** Asked before each compilation, which takes a millisecond or two: false puts it off. */
  readonly mayCompile: () => boolean;
}

/** Of one document: how often it was asked for, and what its operations were compiled to; null: the executor has to answer. */
interface Kept {
  asked: number;
  readonly operations: Map<OperationDefinitionNode, CompiledQuery | null>;
}

/**
 * Queries that are asked for again and again and answered from memory, as functions: executing one takes a tenth of walking its document.
 * Kept as long as the document is.
 */
export class CompiledQueries {
  readonly #schema: GraphQLSchema;
  readonly #mayCompile: () => boolean;
  readonly #kept = new WeakMap<ReadDocument, Kept>();
  readonly #pieces = new Pieces();

  constructor({ schema, mayCompile }: CompiledQueriesOptions) {
    this.#schema = schema;
    this.#mayCompile = mayCompile;
  }

  /** The function for an operation of a valid document. Undefined where the executor has to answer: it is no such query, or too new. */
  of(read: ReadDocument, operationName: string | null): CompiledQuery | undefined {
    const operation = getOperationAST(read.document, operationName);
    if (!operation) return undefined;
    let kept = this.#kept.get(read);
    if (kept === undefined) {
      kept = { asked: 0, operations: new Map() };
      this.#kept.set(read, kept);
    }
    kept.asked += 1;
    let compiled = kept.operations.get(operation);
    if (compiled === undefined) {
      if (!isSimple(read, operation)) compiled = null;
      else if (kept.asked < ASKED || !this.#mayCompile()) return undefined;
      else compiled = compile(this.#schema, read.document, operation, this.#pieces);
      kept.operations.set(operation, compiled);
    }
    return compiled ?? undefined;
  }
}

/** The variables that are input objects. */
function inputsOf(schema: GraphQLSchema, { variableDefinitions = [] }: OperationDefinitionNode): string[] {
  return variableDefinitions.flatMap(({ variable, type }) =>
    isInputObjectType(getNullableType(typeFromAST(schema, type))) ? [variable.name.value] : [],
  );
}

/** Directives change from request to request what is selected; they are rare, and the executor knows them all. */
function isSimple({ document, costs, fields }: ReadDocument, operation: OperationDefinitionNode): boolean {
  const isFromMemory = operation.operation === 'query' && costs.get(operation)?.reads === false;
  return isFromMemory && fields <= MOST_FIELDS && directivesOf(document) === 0;
}

function compile(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, pieces: Pieces): CompiledQuery | null {
  const compiled = compileQuery(schema, document, operation.name?.value);
  if (!isCompiledQuery(compiled)) return null;
  const inputs = inputsOf(schema, operation);
  const whole: CompiledQuery = (context, variables) => {
    const result = compiled.query(undefined, context, variables);
    if (result instanceof Promise) {
      result.catch(() => undefined);
      return null;
    }
    return result.errors === undefined ? compiled.stringify(result) : null;
  };
  const piecewise = compilePiecewise(schema, document, operation, pieces);
  return (context, variables) => {
    // The compiled code would take an empty list for an input without any fields.
    if (inputs.some((name) => Array.isArray(variables[name]))) return null;
    const { registry } = context;
    const text = piecewise === null ? null : registry.tentatively(() => piecewise(context, variables));
    return text ?? registry.tentatively(() => whole(context, variables));
  };
}
