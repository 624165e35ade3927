import { context, createTraceState, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PARENT_ID, recordedSpans, TRACE_ID, TRACEPARENT } from '../tracing/recorded-spans.ts';
import { nodesOnFakeKafka } from './nodes-on-fake-kafka.ts';

const REQUESTS = 'dev.omninode_bridge.onex.evt.registry-request-introspection.v1';

/** Does the work within a span of the program, as one that has OpenTelemetry running does. */
function inSpan<T>(work: () => T, traceFlags = TraceFlags.SAMPLED): T {
  const span = { traceId: TRACE_ID, spanId: PARENT_ID, traceFlags, traceState: createTraceState('vendor=a') };
  return context.with(trace.setSpanContext(ROOT_CONTEXT, span), work);
}

describe('the trace of what a node says', () => {
  let fake: ReturnType<typeof nodesOnFakeKafka>;
  const traces = () => fake.kafka.announcements().map(({ headers }) => headers['traceparent']);

  beforeEach(() => {
    vi.useFakeTimers();
    fake = nodesOnFakeKafka();
  });

  afterEach(async () => {
    await fake.end();
    context.disable();
    vi.useRealTimers();
  });

  it('should be that of the span in which the program speaks, and of nothing that comes by itself later', async () => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    const node = await inSpan(() => fake.started());
    await vi.advanceTimersByTimeAsync(61_000);
    expect(fake.kafka.heartbeats().length).toBeGreaterThan(0);
    expect(fake.kafka.heartbeats().filter(({ headers }) => 'traceparent' in headers)).toEqual([]);
    await node.publishIntrospection();
    await inSpan(() => node.setCapabilities(['query']), TraceFlags.NONE);
    await inSpan(() => node.stop());
    expect(traces()).toEqual([TRACEPARENT, undefined, TRACEPARENT.replace(/01$/, '00'), TRACEPARENT]);
    expect(fake.kafka.announcements()[0]?.headers).toMatchObject({ tracestate: 'vendor=a', event_type: 'NODE_INTROSPECTION' });
  });

  it('should have the spans of the program as they are recorded', async () => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    const { provider } = recordedSpans();
    const node = await fake.started();
    const span = provider.getTracer('program').startSpan('deploy');
    await context.with(trace.setSpan(ROOT_CONTEXT, span), () => node.publishIntrospection());
    expect(traces().at(-1)).toBe(`00-${span.spanContext().traceId}-${span.spanContext().spanId}-01`);
    expect(fake.kafka.announcements().at(-1)?.headers).not.toHaveProperty('tracestate');
  });

  it('should be that of the request that is answered', async () => {
    const node = await fake.started();
    const ask = (id: string, headers: Record<string, Buffer>) =>
      fake.kafka.deliver(REQUESTS, { target_node_id: node.nodeId, correlation_id: id }, { headers });
    ask('a', { traceparent: Buffer.from(TRACEPARENT), tracestate: Buffer.from('vendor=b') });
    ask('b', { traceparent: Buffer.from('nonsense'), tracestate: Buffer.from('vendor=b') });
    await vi.advanceTimersByTimeAsync(10);
    expect(traces()).toEqual([undefined, TRACEPARENT, undefined]);
    expect(fake.kafka.announcements().map(({ headers }) => headers['tracestate'])).toEqual([undefined, 'vendor=b', undefined]);
  });

  it('should be none where the program has no OpenTelemetry', async () => {
    const node = await inSpan(() => fake.started());
    await node.publishIntrospection();
    expect(fake.kafka.sent.filter(({ headers }) => 'traceparent' in headers)).toEqual([]);
  });
});
