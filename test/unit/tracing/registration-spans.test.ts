import { AlwaysOffSampler, ParentBasedSampler } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import type { NodeEvent } from '../../../src/events/announcement.ts';
import { Ingest } from '../../../src/registry/ingest.ts';
import { RegistrationSaga } from '../../../src/registry/saga.ts';
import { RegistrationSpans } from '../../../src/tracing/registration-spans.ts';
import { batch } from '../registry/fakes/incoming.ts';
import { announcement, goodbye, TOPIC } from '../registry/fakes/messages.ts';
import { RegistryCore } from '../registry/fakes/registry-core.ts';
import { PARENT_ID, recordedSpans, TRACE_ID, TRACEPARENT } from './recorded-spans.ts';

const MESSAGE = `process ${TOPIC}`;

function setUp(recorded = recordedSpans()) {
  const core = new RegistryCore();
  const { store, catalog, probe, view, alignment, hearing, log, messenger } = core;
  const observer = new RegistrationSpans(recorded.tracer, 'gateways');
  const saga = new RegistrationSaga({ store, catalog, probe, view, alignment, hearing, log, observer });
  const ingest = new Ingest({
    saga,
    store,
    messenger,
    log,
    observer,
    now: core.clock.now,
    onCommitted: () => undefined,
    onRenewed: () => undefined,
    onHeartbeats: () => undefined,
  });
  const signal = new AbortController().signal;
  return {
    ...recorded,
    core,
    process: async (events: readonly NodeEvent[], traceparent: string | null = TRACEPARENT) => {
      const { messages, ...rest } = batch(events);
      const read = { ...rest, messages: messages.map((message) => ({ ...message, traceparent })) };
      const startedAt = performance.now();
      observer.received(read, { startedAt, endedAt: performance.now() }, 0);
      await ingest.process(read, signal);
    },
  };
}

describe('the trace of an announcement', () => {
  it('should go on where its node began it, and have every step of the way', async () => {
    const { process, all, path, named } = setUp();
    await process([announcement('a', { correlationId: 'c-1' })]);
    expect(all().map(({ name }) => path(name))).toEqual([
      `${MESSAGE} > parse`,
      `${MESSAGE} > saga > probe endpoint`,
      `${MESSAGE} > saga > postgres lock and read`,
      `${MESSAGE} > saga > consul register`,
      `${MESSAGE} > saga > postgres write and commit`,
      `${MESSAGE} > saga`,
      MESSAGE,
    ]);
    expect(new Set(all().map((span) => span.spanContext().traceId))).toEqual(new Set([TRACE_ID]));
    expect(named(MESSAGE).parentSpanContext?.spanId).toBe(PARENT_ID);
    expect(named(MESSAGE).attributes).toEqual({
      'messaging.system': 'kafka',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': TOPIC,
      'messaging.destination.partition.id': '0',
      'messaging.kafka.offset': 0,
      'messaging.consumer.group.name': 'gateways',
      'messaging.message.conversation_id': 'c-1',
      'discovery_gateway.node.id': 'a',
    });
    expect(named('saga').attributes).toEqual({ 'discovery_gateway.outcome': 'applied' });
  });

  it('should be handed on with the change, and named in the log', async () => {
    const { process, named, core } = setUp();
    await process([announcement('a')]);
    const [change] = core.store.log.entries;
    expect(change?.traceparent).toBe(`00-${TRACE_ID}-${named('saga').spanContext().spanId}-01`);
    expect(core.lines.find(({ msg }) => msg === 'Consumed introspection')).toMatchObject({ trace_id: TRACE_ID });
  });

  it('should begin here where the node began none, or one that cannot be read', async () => {
    for (const traceparent of [null, '', 'nonsense', `00-${'0'.repeat(32)}-${PARENT_ID}-01`]) {
      const { process, named } = setUp();
      await process([announcement('a')], traceparent);
      expect(named(MESSAGE).parentSpanContext).toBeUndefined();
    }
  });

  it('should be one for each of those that are worked off together', async () => {
    const { process, all } = setUp();
    await process([announcement('a'), goodbye('b')], null);
    const messages = all().filter(({ name }) => name === MESSAGE);
    expect(new Set(messages.map((span) => span.spanContext().traceId)).size).toBe(2);
    expect(messages.map(({ attributes }) => attributes['messaging.batch.message_count'])).toEqual([2, 2]);
    expect(all().filter(({ name }) => name === 'postgres write and commit')).toHaveLength(2);
  });

  it('should show each try, and end with the one that succeeds', async () => {
    const { process, all, core } = setUp();
    core.catalog.faults.next('register', 'fail');
    await process([announcement('a')]);
    expect(
      all()
        .filter(({ name }) => name === 'saga')
        .map(({ attributes, status }) => [attributes['discovery_gateway.outcome'], status.code]),
    ).toEqual([
      ['retried', 2],
      ['applied', 0],
    ]);
    expect(
      all()
        .filter(({ name }) => name === MESSAGE)
        .map(({ status }) => status.code),
    ).toEqual([0]);
    const [failed] = all().filter(({ name }) => name === 'consul register');
    expect(failed?.events).toMatchObject([{ name: 'exception', attributes: { 'exception.type': 'BackendError' } }]);
  });

  it('should say why a message was rejected or refused', async () => {
    const { process, all, core } = setUp();
    core.catalog.refuses = () => true;
    await process([{ kind: 'rejection', errorType: 'NOT_JSON', reason: 'It is no JSON.', correlationId: null }, announcement('a')]);
    const messages = all().filter(({ name }) => name === MESSAGE);
    expect(messages.map(({ status, attributes }) => [status.message, attributes['error.type']])).toEqual([
      ['It is no JSON.', 'NOT_JSON'],
      [expect.stringContaining('is refused'), 'RefusedError'],
    ]);
  });

  it('should record nothing where it is not sampled, and tell whoever gets it so', async () => {
    const { process, all, core } = setUp(recordedSpans(new ParentBasedSampler({ root: new AlwaysOffSampler() })));
    await process([announcement('a')], null);
    expect(all()).toEqual([]);
    expect(core.store.log.entries.map(({ traceparent }) => traceparent)).toEqual([
      expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/),
    ]);
  });

  it('should be none for heartbeats', async () => {
    const { process, all } = setUp();
    await process([{ ...announcement('a'), kind: 'ignored', reason: 'no matter' }]);
    expect(all()).toEqual([]);
  });
});
