import { createClient } from 'graphql-ws';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { TrustedDocuments } from '../../../src/graphql/trusted-documents.ts';
import { OperationSpans } from '../../../src/tracing/operation-spans.ts';
import { startServer } from '../http/running-server.ts';
import { PARENT_ID, recordedSpans, TRACE_ID, TRACEPARENT } from './recorded-spans.ts';

const LISTED = 'query Services { healthyServices(capability: "x") { nodeId } }';

async function setUp() {
  const recorded = recordedSpans();
  const running = await startServer({
    observer: new OperationSpans(recorded.tracer),
    trusted: new TrustedDocuments('allow', new Map([['services', LISTED]])),
  });
  return { ...recorded, ...running };
}

describe('the span of a GraphQL operation', () => {
  it('should be part of the trace of its request, whether Yoga answers it or not', async () => {
    const { ask, all } = await setUp();
    for (let asked = 0; asked < 4; asked += 1) await ask(LISTED, {}, { traceparent: TRACEPARENT });
    expect(all().map(({ name, parentSpanContext }) => [name, parentSpanContext?.traceId, parentSpanContext?.spanId])).toEqual(
      Array.from({ length: 4 }, () => ['query Services', TRACE_ID, PARENT_ID]),
    );
    expect(all()[0]?.attributes).toEqual({
      'graphql.operation.type': 'query',
      'graphql.operation.name': 'Services',
      'discovery_gateway.outcome': 'ok',
    });
  });

  it('should not be called what a client likes to call it', async () => {
    const { ask, all } = await setUp();
    for (let asked = 0; asked < 4; asked += 1) await ask('query ChosenByAClient { registryStatus { nodes } }');
    await ask('mutation AlsoChosen { deregister(nodeId: "nobody") { cursor } }');
    await ask('{ nonsense }');
    expect(new Set(all().map(({ name, status }) => `${name} ${status.code}`))).toEqual(
      new Set(['query 0', 'mutation 2', 'GraphQL operation 2']),
    );
    expect(JSON.stringify(all().map(({ attributes }) => attributes))).not.toContain('hosen');
  });

  it('should be part of the trace of the request that opened the WebSocket', async () => {
    const { wsUrl, all } = await setUp();
    class Traced extends WebSocket {
      constructor(url: string, protocol: string) {
        super(url, protocol, { headers: { traceparent: TRACEPARENT } });
      }
    }
    const client = createClient({ url: wsUrl, webSocketImpl: Traced, retryAttempts: 0 });
    onTestFinished(async () => {
      await client.dispose();
    });
    const ask = (query: string) =>
      new Promise<void>((resolve) => {
        client.subscribe({ query }, { next: () => undefined, error: () => resolve(), complete: () => resolve() });
      });
    await ask(LISTED);
    await ask('{ nonsense }');
    expect(all().map(({ name, parentSpanContext }) => [name, parentSpanContext?.traceId])).toEqual([
      ['query Services', TRACE_ID],
      ['GraphQL operation', TRACE_ID],
    ]);
  });
});
