import { createClient } from 'graphql-ws';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { Alignment } from '../../../src/registry/alignment.ts';
import { Deregistration } from '../../../src/registry/deregistration.ts';
import { Introspection } from '../../../src/registry/introspection.ts';
import { RegistryView } from '../../../src/registry/view.ts';
import { OperationSpans } from '../../../src/tracing/operation-spans.ts';
import { RegistrationSpans } from '../../../src/tracing/registration-spans.ts';
import { sampleNode } from '../graphql/memory-registry.ts';
import { startServer } from '../http/running-server.ts';
import { FakeClock } from '../registry/fakes/clock.ts';
import { FakeMessenger } from '../registry/fakes/fake-messenger.ts';
import { MemoryCatalog } from '../registry/fakes/memory-catalog.ts';
import { MemoryStore } from '../registry/fakes/memory-store.ts';
import { change, record } from '../registry/fakes/node-record.ts';
import { silentLog } from '../registry/fakes/recorded-log.ts';
import { recordedSpans, TRACE_ID, TRACEPARENT } from './recorded-spans.ts';

const DEREGISTER = 'mutation { deregister(nodeId: "n-1") { cursor } }';

/** One registered node, and a mutation under way that is traced. */
function setUp() {
  const recorded = recordedSpans();
  const observer = new RegistrationSpans(recorded.tracer, 'group');
  const mutation = recorded.tracer.start('mutation', { kind: 'server', parent: null, startedAt: performance.now(), attributes: {} });
  const store = new MemoryStore();
  const catalog = new MemoryCatalog();
  const messenger = new FakeMessenger();
  const view = new RegistryView();
  const log = silentLog();
  const a = record('a');
  store.commit(change(a));
  catalog.seed(catalog.define(a, a.contentHash), { status: 'passing', output: '' });
  view.load(store.nodes(), store.log.head);
  const parts = { view, store, now: new FakeClock().now, newId: () => 'id-1', log, observer };
  return {
    ...recorded,
    store,
    messenger,
    mutation,
    caller: { operator: 'ada', traceparent: mutation.traceparent },
    deregistration: new Deregistration({
      ...parts,
      catalog,
      alignment: new Alignment({ store, catalog, log }),
      onCommitted: () => undefined,
    }),
    introspection: new Introspection({ ...parts, messenger }),
  };
}

describe('the trace of what an operator orders', () => {
  it('should show what a removal asks of Postgres and Consul, and go on with the change', async () => {
    const { deregistration, caller, mutation, all, path, store } = setUp();
    await deregistration.deregister({ nodeId: 'a' }, caller);
    mutation.end(performance.now());
    const names = ['postgres lock and read', 'consul deregister', 'postgres write and commit'];
    expect(names.map(path)).toEqual(names.map((name) => `mutation > ${name}`));
    expect(all()).toHaveLength(4);
    expect(store.log.entries.at(-1)).toMatchObject({ type: 'REMOVED', traceparent: mutation.traceparent });
  });

  it('should show which step failed', async () => {
    const { deregistration, caller, mutation, path, store } = setUp();
    store.faults.next('transact', 'after');
    await expect(deregistration.deregister({ nodeId: 'a' }, caller)).rejects.toThrow();
    mutation.end(performance.now());
    expect(path('postgres write and commit')).toMatch(/^mutation > postgres write and commit \(.+\)$/);
  });

  it('should show that a question is written down, and go on with the message', async () => {
    const { introspection, caller, mutation, path, messenger } = setUp();
    await introspection.request({ nodeId: 'a' }, caller);
    mutation.end(performance.now());
    expect(path('postgres record request')).toBe('mutation > postgres record request');
    expect(messenger.requests).toMatchObject([{ targetNodeId: 'a', traceparent: mutation.traceparent }]);
  });

  it('should be none where the operation has none', async () => {
    const { deregistration, introspection, all, store, messenger } = setUp();
    await introspection.request({}, { operator: 'ada' });
    await deregistration.deregister({ nodeId: 'a' }, { operator: 'ada' });
    expect(all()).toEqual([]);
    expect(messenger.requests[0]?.traceparent).toBeUndefined();
    expect(store.log.entries.at(-1)).not.toHaveProperty('traceparent');
  });

  it('should be that of the mutation, over HTTP and over WebSocket', async () => {
    const { tracer, all } = recordedSpans();
    const { ask, registry, wsUrl } = await startServer({ observer: new OperationSpans(tracer) });
    registry.put(sampleNode('n-1'));
    await ask(DEREGISTER, {}, { traceparent: TRACEPARENT });
    class Traced extends WebSocket {
      constructor(url: string, protocol: string) {
        super(url, protocol, { headers: { traceparent: TRACEPARENT } });
      }
    }
    const client = createClient({ url: wsUrl, webSocketImpl: Traced, retryAttempts: 0 });
    onTestFinished(async () => {
      await client.dispose();
    });
    await new Promise<void>((resolve, reject) => {
      client.subscribe({ query: DEREGISTER }, { next: () => undefined, error: reject, complete: resolve });
    });
    expect(all().map(({ name, parentSpanContext }) => [name, parentSpanContext?.traceId])).toEqual([
      ['mutation', TRACE_ID],
      ['mutation', TRACE_ID],
    ]);
    expect(all().map(({ attributes }) => attributes['discovery_gateway.outcome'])).toEqual(['ok', 'ok']);
    expect(registry.callers.map(({ traceparent }) => traceparent)).toEqual(
      all().map((span) => `00-${TRACE_ID}-${span.spanContext().spanId}-01`),
    );
  });
});
