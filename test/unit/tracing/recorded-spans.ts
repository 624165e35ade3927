import { SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, type ReadableSpan, type Sampler, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { OpenTelemetryTracer } from '../../../src/tracing/open-telemetry-tracer.ts';

/** A tracer whose spans are kept here once they have ended. */
export function recordedSpans(sampler?: Sampler) {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ sampler, spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const all = () => exporter.getFinishedSpans();
  const named = (name: string): ReadableSpan => {
    const found = all().find((span) => span.name === name);
    if (found === undefined) throw new Error(`There is no span ${name} among ${all().map((span) => span.name)}`);
    return found;
  };
  return {
    provider,
    tracer: new OpenTelemetryTracer(provider.getTracer('test')),
    all,
    named,
    /** The names from the root of what was recorded down to the span, and what failed. */
    path: (name: string): string => pathOf(named(name), all()),
  };
}

function pathOf(span: ReadableSpan, all: readonly ReadableSpan[]): string {
  const above = all.find((each) => each.spanContext().spanId === span.parentSpanContext?.spanId);
  const shown = span.status.code === SpanStatusCode.ERROR ? `${span.name} (${span.status.message})` : span.name;
  return above === undefined ? shown : `${pathOf(above, all)} > ${shown}`;
}

export const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
export const PARENT_ID = 'b7ad6b7169203331';
export const TRACEPARENT = `00-${TRACE_ID}-${PARENT_ID}-01`;
