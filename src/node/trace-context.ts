import { isSpanContextValid, TraceFlags, trace } from '@opentelemetry/api';
import type { ReceivedMessage } from './kafka-client.ts';

/** W3C trace context as headers of a message; without any where nothing is traced. */
export interface TraceContext {
  readonly traceparent?: string;
  readonly tracestate?: string;
}

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** That of the span in which the program calls. Without OpenTelemetry in the program there is none. */
export function activeTrace(): TraceContext {
  const span = trace.getActiveSpan()?.spanContext();
  if (span === undefined || !isSpanContextValid(span)) return {};
  const isSampled = (span.traceFlags & TraceFlags.SAMPLED) !== 0;
  const traceparent = `00-${span.traceId}-${span.spanId}-${isSampled ? '01' : '00'}`;
  const tracestate = span.traceState?.serialize();
  return tracestate ? { traceparent, tracestate } : { traceparent };
}

/** That of a message from the gateway, to go on with in what answers it. */
export function traceOf({ headers = {} }: ReceivedMessage['message']): TraceContext {
  const traceparent = textOf(headers['traceparent']);
  if (traceparent === undefined || !TRACEPARENT.test(traceparent)) return {};
  const tracestate = textOf(headers['tracestate']);
  return tracestate ? { traceparent, tracestate } : { traceparent };
}

function textOf(header: Uint8Array | string | readonly (Uint8Array | string)[] | undefined): string | undefined {
  if (header === undefined || typeof header === 'string') return header;
  return header instanceof Uint8Array ? Buffer.from(header).toString('utf8') : textOf(header[0]);
}
