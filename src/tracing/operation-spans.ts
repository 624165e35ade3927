import type { AnsweredOperation, OperationObserver } from '../http/operation-observer.ts';
import type { Tracer } from '../tracer.ts';

/** A span for each GraphQL operation, in the trace of its request. What a client calls it is shown only where the document is a registered one. */
export class OperationSpans implements OperationObserver {
  readonly #tracer: Tracer;

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  answered({ kind, outcome, startedAt, traceparent, name }: AnsweredOperation): void {
    const title = kind === 'unknown' ? 'GraphQL operation' : name === null ? kind : `${kind} ${name}`;
    this.#tracer
      .start(title, {
        kind: 'server',
        parent: traceparent,
        startedAt,
        attributes: {
          'graphql.operation.type': kind === 'unknown' ? undefined : kind,
          'graphql.operation.name': name ?? undefined,
          'discovery_gateway.outcome': outcome,
        },
      })
      .end(performance.now(), outcome === 'error' ? new Error('answered with errors') : undefined);
  }
}
