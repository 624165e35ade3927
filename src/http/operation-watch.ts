import { type DocumentNode, type ExecutionResult, GraphQLError, getOperationAST } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { GatewayError } from '../errors.ts';
import type { GraphqlContext, OperationTrace } from '../graphql/context.ts';
import { RefusedDocument } from '../graphql/documents.ts';
import type { Span } from '../tracer.ts';
import type { ServerContext } from './graphql-endpoint.ts';
import type { OperationGate } from './operation-gate.ts';
import type { BegunOperation, OperationKind, OperationObserver, OperationOutcome } from './operation-observer.ts';

/** Codes of errors by which somebody is refused, whatever was asked. */
const REFUSALS: ReadonlySet<unknown> = new Set(['LIMIT_EXCEEDED', 'UNAUTHENTICATED', 'FORBIDDEN']);

type Answer = { readonly errors?: readonly unknown[] | undefined } | AsyncIterable<unknown>;

interface Begun {
  readonly startedAt: number;
  readonly traceparent: string | null;
  kind: OperationKind;
  name: string | null;
  span: Span | null;
}

/** To which trace an operation belongs, and where that is told to what it does. */
export interface TracedOperation {
  readonly traceparent: string | null;
  readonly trace: OperationTrace;
}

/** Tells the observer of each operation, over whatever transport, once. What is answered without Yoga tells of itself. */
export class OperationWatch {
  readonly #observer: OperationObserver;
  readonly #gate: Pick<OperationGate, 'nameOf'>;
  readonly #begun = new WeakMap<object, Begun>();

  constructor(observer: OperationObserver, gate: Pick<OperationGate, 'nameOf'>) {
    this.#observer = observer;
    this.#gate = gate;
  }

  /** What an operation over HTTP comes to. It has to be the first of Yoga's plugins, to see it begin. */
  plugin(): Plugin<GraphqlContext, ServerContext> {
    const note = (context: GraphqlContext, document: DocumentNode, name: string | null | undefined) => {
      const begun = this.#begun.get(context);
      // That of a WebSocket is not in here, though it is executed by the same engine.
      if (begun === undefined) return;
      begun.kind = kindOf(document, name);
      begun.name = this.#gate.nameOf(document, name);
      begun.span = this.#begin(begun, context.trace);
    };
    return {
      onParams: ({ context, request }) => {
        const traceparent = request.headers.get('traceparent');
        this.#begun.set(context, { startedAt: performance.now(), traceparent, kind: 'unknown', name: null, span: null });
      },
      onExecute: ({ args }) => note(args.contextValue, args.document, args.operationName),
      onSubscribe: ({ args }) => note(args.contextValue, args.document, args.operationName),
      onExecutionResult: ({ context, result }) => {
        if (result !== undefined) this.#end(context, outcomeOf('next' in result || Symbol.asyncIterator in result ? {} : result));
      },
    };
  }

  /** An operation over HTTP that ends before it is executed. */
  refused(context: object, error: unknown): void {
    this.#end(context, outcomeOf({ errors: [error] }));
  }

  /** An operation over WebSocket that began at a time (`performance.now()`) and ends before it is executed. */
  failed(errors: readonly unknown[], startedAt: number, traceparent: string | null): void {
    this.#observer.answered({ kind: 'unknown', outcome: outcomeOf({ errors }), startedAt, traceparent, name: null });
  }

  /** Executes an operation over WebSocket. */
  async run<T extends ExecutionResult | AsyncIterable<unknown>>(
    { document, operationName }: { readonly document: DocumentNode; readonly operationName?: string | null },
    { traceparent, trace }: TracedOperation,
    execute: () => T | Promise<T>,
  ): Promise<T> {
    const startedAt = performance.now();
    const operation = { kind: kindOf(document, operationName), name: this.#gate.nameOf(document, operationName), startedAt, traceparent };
    const span = this.#begin(operation, trace);
    const result = await execute();
    this.#observer.answered({ ...operation, span, outcome: outcomeOf(result) });
    return result;
  }

  /** Only mutations do what is worth a span of its own. */
  #begin(operation: BegunOperation, trace: OperationTrace): Span | null {
    const span = operation.kind === 'mutation' ? (this.#observer.began?.(operation) ?? null) : null;
    trace.traceparent = span?.traceparent ?? null;
    return span;
  }

  #end(context: object, outcome: OperationOutcome): void {
    const begun = this.#begun.get(context);
    if (begun === undefined) return;
    this.#begun.delete(context);
    this.#observer.answered({ ...begun, outcome });
  }
}

function kindOf(document: DocumentNode, name: string | null | undefined): OperationKind {
  return getOperationAST(document, name)?.operation ?? 'unknown';
}

function outcomeOf(answer: Answer): OperationOutcome {
  const errors = 'errors' in answer ? (answer.errors ?? []) : [];
  if (errors.length === 0) return 'ok';
  return errors.some(isRefusal) ? 'refused' : 'error';
}

function isRefusal(error: unknown): boolean {
  if (error instanceof RefusedDocument) return true;
  if (error instanceof GatewayError) return REFUSALS.has(error.code);
  return error instanceof GraphQLError && (REFUSALS.has(error.extensions['code']) || isRefusal(error.originalError));
}
