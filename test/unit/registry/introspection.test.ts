import { describe, expect, it, vi } from 'vitest';
import { BackendError } from '../../../src/errors.ts';
import { toCursor } from '../../../src/registry/cursor.ts';
import { Introspection } from '../../../src/registry/introspection.ts';
import type { NodeRecord } from '../../../src/registry/node-record.ts';
import { RegistryView } from '../../../src/registry/view.ts';
import { FakeClock } from './fakes/clock.ts';
import { FakeMessenger } from './fakes/fake-messenger.ts';
import { MemoryStore } from './fakes/memory-store.ts';
import { nodeId, T0 } from './fakes/messages.ts';
import { record } from './fakes/node-record.ts';
import { silentLog } from './fakes/recorded-log.ts';

const OPERATOR = { operator: 'ada' };
const EXPIRED = { state: 'EXPIRED', stateReason: 'lease_expired', consulServiceId: null } as const;
const BY_OPERATOR = { state: 'REMOVED', stateReason: 'operator', consulServiceId: null } as const;

function setUp(...nodes: readonly NodeRecord[]) {
  const clock = new FakeClock();
  const store = new MemoryStore();
  const messenger = new FakeMessenger();
  const view = new RegistryView();
  view.load(nodes, toCursor(nodes.length));
  let ids = 0;
  const newId = () => {
    ids += 1;
    return `id-${ids}`;
  };
  const introspection = new Introspection({ view, store, messenger, now: clock.now, newId, log: silentLog() });
  const asked = () => messenger.requests.splice(0).map(({ targetNodeId }) => targetNodeId);
  const heard = async (...names: readonly string[]) => {
    await introspection.heard(names.map(nodeId));
    return asked();
  };
  return { clock, store, messenger, view, introspection, asked, heard };
}

describe('request', () => {
  it('should ask one node by its name, and remember the question before it is asked', async () => {
    const { introspection, messenger, store } = setUp(record('a'), record('b'));
    const answer = await introspection.request({ nodeId: 'a', reason: 'looks stale' }, OPERATOR);
    expect(answer).toEqual({ correlationId: 'id-1', requestedAt: T0, expectedNodes: 1 });
    expect(messenger.requests).toEqual([
      { correlationId: 'id-1', reason: 'looks stale', targetNodeId: 'a', targetNodeTypes: null, requestedAt: T0 },
    ]);
    expect(store.requests.get('id-1')).toEqual({
      correlationId: 'id-1',
      nodeId: 'a',
      operator: 'ada',
      byOperator: true,
      issuedAt: T0,
    });
  });

  it('should ask a node that is not registered, and expect no registered one', async () => {
    const { introspection, asked } = setUp(record('a', BY_OPERATOR));
    expect((await introspection.request({ nodeId: 'a' }, OPERATOR)).expectedNodes).toBe(0);
    expect(asked()).toEqual(['a']);
  });

  it('should send a question to types as one message to each node of them, all with one correlation id', async () => {
    const { introspection, messenger, store } = setUp(
      record('a'),
      record('b', { type: 'runtime_host' }),
      record('c', { type: 'reducer' }),
      record('d', { ...EXPIRED, type: 'reducer' }),
    );
    const answer = await introspection.request({ nodeTypes: ['Runtime-Host', 'reducer'] }, OPERATOR);
    expect(answer.expectedNodes).toBe(2);
    expect(messenger.requests.map(({ targetNodeId, correlationId }) => [targetNodeId, correlationId])).toEqual([
      ['b', 'id-1'],
      ['c', 'id-1'],
    ]);
    expect(store.requests.get('id-1')?.nodeId).toBeNull();
  });

  it('should ask everybody with one broadcast', async () => {
    const { introspection, messenger } = setUp(record('a'), record('b'), record('c', EXPIRED));
    expect((await introspection.request({}, { operator: null })).expectedNodes).toBe(2);
    expect(messenger.requests).toEqual([
      { correlationId: 'id-1', reason: 'operator', targetNodeId: null, targetNodeTypes: null, requestedAt: T0 },
    ]);
  });

  it.each([
    ['an unknown id', 'unknown'],
    ['an empty one', ''],
    ['one with a line break', 'a\nb'],
    ['a very long one', 'x'.repeat(5000)],
  ])('should refuse %s', async (_, id) => {
    const { introspection, store } = setUp(record('a'));
    await expect(introspection.request({ nodeId: id }, OPERATOR)).rejects.toMatchObject({
      code: 'NODE_NOT_FOUND',
      message: expect.stringMatching(/^.{1,350}$/s),
    });
    expect(store.requests.size).toBe(0);
  });

  it('should say BACKEND_UNAVAILABLE, and ask nobody, when the question cannot be remembered', async () => {
    const { introspection, store, messenger } = setUp(record('a'));
    store.faults.next('recordRequest', 'before');
    await expect(introspection.request({ nodeId: 'a' }, OPERATOR)).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
    expect(messenger.requests).toEqual([]);
  });

  it('should say BACKEND_UNAVAILABLE when Kafka does not take the question', async () => {
    const { introspection, messenger } = setUp(record('a'));
    messenger.faults.next('requestIntrospection', 'fail');
    await expect(introspection.request({}, OPERATOR)).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
  });
});

describe('broadcast', () => {
  it('should ask everybody in the name of the gateway: that brings no node back which an operator removed', async () => {
    const { introspection, messenger, store } = setUp();
    await introspection.broadcast('registry_startup');
    expect(messenger.requests).toMatchObject([{ reason: 'registry_startup', targetNodeId: null }]);
    expect(store.requests.get('id-1')).toMatchObject({ byOperator: false, operator: null, nodeId: null });
  });

  it('should throw when a back end fails, for the caller to retry', async () => {
    const { introspection, messenger } = setUp();
    messenger.faults.next('requestIntrospection', 'fail');
    await expect(introspection.broadcast('registry_startup')).rejects.toThrow(BackendError);
  });
});

describe('greet', () => {
  it('should ask everybody once the gateway can hear the answers, trying again while a back end fails', async () => {
    const { introspection, messenger } = setUp();
    let isJoined = false;
    messenger.faults.next('requestIntrospection', 'fail');
    vi.useFakeTimers();
    try {
      const greeting = introspection.greet(() => isJoined, new AbortController().signal);
      await vi.advanceTimersByTimeAsync(10_000);
      expect(messenger.requests).toEqual([]);
      isJoined = true;
      await vi.advanceTimersByTimeAsync(10_000);
      await greeting;
    } finally {
      vi.useRealTimers();
    }
    expect(messenger.requests).toMatchObject([{ reason: 'registry_startup', targetNodeId: null }]);
  });

  it('should end when it is asked to', async () => {
    const { introspection, messenger } = setUp();
    const stopping = new AbortController();
    const greeting = introspection.greet(() => false, stopping.signal);
    stopping.abort();
    await greeting;
    expect(messenger.requests).toEqual([]);
  });
});

describe('heard', () => {
  it('should ask nodes that nobody knows, that expired or that said goodbye, each with an id of its own', async () => {
    const { introspection, messenger, store } = setUp(
      record('known'),
      record('expired', EXPIRED),
      record('left', { ...EXPIRED, state: 'REMOVED', stateReason: 'shutdown', updatedAt: 0 }),
    );
    await introspection.heard(['known', 'expired', 'left', 'new'].map(nodeId));
    expect(messenger.requests.map(({ targetNodeId, correlationId, reason }) => [targetNodeId, correlationId, reason])).toEqual([
      ['expired', 'id-1', 'unknown_node'],
      ['left', 'id-2', 'unknown_node'],
      ['new', 'id-3', 'unknown_node'],
    ]);
    expect(store.requests.get('id-3')).toMatchObject({ nodeId: 'new', byOperator: false });
  });

  it('should not ask a node that has just said goodbye: its last heartbeats may come after it', async () => {
    const clock = new FakeClock();
    const leaving = record('a', { ...EXPIRED, state: 'REMOVED', stateReason: 'shutdown', updatedAt: clock.now() - 1000 });
    const { heard, clock: own } = setUp(leaving);
    expect(await heard('a')).toEqual([]);
    own.advance(10_000);
    expect(await heard('a')).toEqual(['a']);
  });

  it('should never ask what an operator removed', async () => {
    const { heard, clock } = setUp(record('a', BY_OPERATOR));
    for (let day = 0; day < 3; day += 1) {
      expect(await heard('a')).toEqual([]);
      clock.advance(86_400_000);
    }
  });

  it('should send nothing at all when everybody is known', async () => {
    const { introspection, messenger } = setUp(record('a'));
    await introspection.heard([nodeId('a')]);
    expect(messenger.said).toEqual([]);
  });

  it('should ask the same node again after 10 s, then twice as long each time, 10 minutes at most', async () => {
    const { heard, clock } = setUp();
    const waits: number[] = [];
    let last = T0;
    for (let second = 0; second < 4000; second += 1) {
      if ((await heard('a')).length > 0) {
        if (second > 0) waits.push((clock.now() - last) / 1000);
        last = clock.now();
      }
      clock.advance(1000);
    }
    expect(waits).toEqual([10, 20, 40, 80, 160, 320, 600, 600, 600, 600, 600]);
  });

  it('should begin anew with a node that registered meanwhile', async () => {
    const { heard, clock, view } = setUp();
    expect(await heard('a')).toEqual(['a']);
    clock.advance(10_000);
    expect(await heard('a')).toEqual(['a']);
    view.load([record('a')], toCursor(1));
    expect(await heard('a')).toEqual([]);
    view.load([record('a', EXPIRED)], toCursor(2));
    expect(await heard('a')).toEqual(['a']);
    clock.advance(10_000);
    expect(await heard('a')).toEqual(['a']);
  });

  it('should ask 50 nodes a second at most, whatever comes', async () => {
    const { heard, clock } = setUp();
    const crowd = (from: number) => Array.from({ length: 500 }, (_, index) => `n${from + index}`);
    expect(await heard(...crowd(0))).toHaveLength(50);
    expect(await heard(...crowd(1000))).toHaveLength(0);
    clock.advance(500);
    expect(await heard(...crowd(2000))).toHaveLength(25);
    clock.advance(3_600_000);
    expect(await heard(...crowd(3000))).toHaveLength(50);
  });

  it('should not fall silent when the clock is put back', async () => {
    const { heard, clock } = setUp();
    await heard(...Array.from({ length: 10 }, (_, index) => `n${index}`));
    clock.advance(-3_600_000);
    await heard('a');
    clock.advance(1000);
    expect(await heard('b')).toEqual(['b']);
  });

  it('should forget the oldest of more than 10,000 unknown nodes: a flood of ids must not grow the memory', async () => {
    const { heard, clock } = setUp();
    for (let batch = 0; batch <= 200; batch += 1) {
      await heard(...Array.from({ length: 50 }, (_, index) => `n${batch * 50 + index}`));
      // Fast enough that no node of the flood may be asked again by its own backoff.
      clock.advance(1000);
    }
    // The first one is forgotten, so its wait starts at 10 s again instead of 20.
    const [first] = await heard('n0');
    clock.advance(10_000);
    const [again] = await heard('n0');
    expect([first, again]).toEqual(['n0', 'n0']);
  });
});
