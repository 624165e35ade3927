import { type Tracer as ApiTracer, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { parseTraceParent } from '@opentelemetry/core';
import { ATTR_ERROR_TYPE } from '@opentelemetry/semantic-conventions';
import { maskSecrets } from '../log.ts';
import type { Attributes, Span, SpanOptions, Tracer } from '../tracer.ts';

const KINDS: Readonly<Record<SpanOptions['kind'], SpanKind>> = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};

/** Spans of the OpenTelemetry SDK. Each says what its parent is: nothing is looked up in what is going on at the moment. */
export class OpenTelemetryTracer implements Tracer {
  readonly #tracer: ApiTracer;

  constructor(tracer: ApiTracer) {
    this.#tracer = tracer;
  }

  start(name: string, { kind, parent, startedAt, attributes }: SpanOptions): Span {
    const remote = parent === null ? null : parseTraceParent(parent);
    const context = remote === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...remote, isRemote: true });
    const span = this.#tracer.startSpan(name, { kind: KINDS[kind], startTime: startedAt, attributes: { ...attributes } }, context);
    const { traceId, spanId, traceFlags } = span.spanContext();
    return {
      traceparent: `00-${traceId}-${spanId}-${(traceFlags & 1) === 1 ? '01' : '00'}`,
      set: (more: Attributes) => void span.setAttributes({ ...more }),
      end: (endedAt, error) => {
        if (error !== undefined) {
          const { name: type, message } = error instanceof Error ? error : { name: '_OTHER', message: String(error) };
          const shown = maskSecrets(message);
          span.recordException({ name: type, message: shown }, endedAt);
          span.setAttribute(ATTR_ERROR_TYPE, type);
          span.setStatus({ code: SpanStatusCode.ERROR, message: shown });
        }
        span.end(endedAt);
      },
    };
  }
}
