/** By the names of OpenTelemetry's semantic conventions. What is undefined is left out. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

export interface SpanOptions {
  readonly kind: SpanKind;
  /** W3C `traceparent` of what brought it about. None, or one that cannot be read: a trace begins. */
  readonly parent: string | null;
  /** Of `performance.now()`, milliseconds, as every time here. */
  readonly startedAt: number;
  readonly attributes: Attributes;
}

export interface Span {
  /** W3C `traceparent`, to hand on. It says also whether the trace is recorded. */
  readonly traceparent: string;
  set(attributes: Attributes): void;
  /** `error`: what it failed with. */
  end(endedAt: number, error?: unknown): void;
}

/** Pieces of work as spans of a trace. None of it throws, and none of it waits. Where nothing is traced there is no tracer at all. */
export interface Tracer {
  start(name: string, options: SpanOptions): Span;
}

/** The id under which a trace is found, from a `traceparent` that a {@link Span} has. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}
