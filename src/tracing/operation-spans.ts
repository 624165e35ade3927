import type { AnsweredOperation, BegunOperation, OperationObserver } from '../http/operation-observer.ts';
import type { Span, Tracer } from '../tracer.ts';

/** A span for each GraphQL operation, in the trace of its request. What a client calls it is shown only where the document is a registered one. */
export class OperationSpans implements OperationObserver {
  readonly #tracer: Tracer;

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  began({ kind, startedAt, traceparent, name }: BegunOperation): Span {
    const title = kind === 'unknown' ? 'GraphQL operation' : name === null ? kind : `${kind} ${name}`;
    return this.#tracer.start(title, {
      kind: 'server',
      parent: traceparent,
      startedAt,
      attributes: { 'graphql.operation.type': kind === 'unknown' ? undefined : kind, 'graphql.operation.name': name ?? undefined },
    });
  }

  answered(operation: AnsweredOperation): void {
    const { outcome } = operation;
    const span = operation.span ?? this.began(operation);
    span.set({ 'discovery_gateway.outcome': outcome });
    span.end(performance.now(), outcome === 'error' ? new Error('answered with errors') : undefined);
  }
}
