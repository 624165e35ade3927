import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GatewayError } from '../../../src/errors.ts';
import type { ChangeEvent } from '../../../src/registry/change.ts';
import { toCursor } from '../../../src/registry/cursor.ts';
import type { NodeRecord } from '../../../src/registry/node-record.ts';
import type { SubscribeOptions } from '../../../src/registry/registry.ts';
import { heartbeat, T0 } from './fakes/messages.ts';
import { change, record } from './fakes/node-record.ts';
import { BOOKMARK_INTERVAL, RunningFeed, settle, take, watched } from './running-feed.ts';

const started: RunningFeed[] = [];
const open: AsyncGenerator<unknown, void, undefined>[] = [];

async function start(gateway = new RunningFeed()): Promise<RunningFeed> {
  started.push(gateway);
  return gateway.start();
}

function subscribe({ subscriptions }: RunningFeed, options: SubscribeOptions = {}): AsyncGenerator<ChangeEvent, void, undefined> {
  const events = subscriptions.changes(options);
  open.push(events);
  return events;
}

const cursors = (events: readonly ChangeEvent[]) => events.map(({ cursor }) => cursor);
const told = (events: readonly ChangeEvent[]) => events.map(({ type, nodeId, cursor }) => `${type} ${nodeId ?? ''}@${cursor}`);
const many = (count: number, from = 0) => Array.from({ length: count }, (_, index) => change(record(`n${from + index}`)));
const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

beforeEach(() => {
  vi.useFakeTimers({ now: T0 });
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((events) => events.return()));
  await Promise.all(started.splice(0).map((gateway) => gateway.stop()));
  vi.useRealTimers();
});

describe('changes', () => {
  it('should with neither after nor snapshot begin with what comes from now on', async () => {
    const gateway = await start();
    await gateway.commit('before');
    const events = subscribe(gateway);
    const first = events.next();
    await gateway.commit('a', 'b');
    expect((await first).value).toMatchObject({ type: 'ADDED', nodeId: 'a', cursor: 2 });
    expect(told(await take(events, 1))).toEqual(['ADDED b@3']);
  });

  it('should with after send every change after it, then live ones', async () => {
    const gateway = await start();
    await gateway.commit(...many(5));
    const events = subscribe(gateway, { after: toCursor(2) });
    expect(cursors(await take(events, 3))).toEqual([3, 4, 5]);
    const next = take(events, 1);
    await gateway.commit('live');
    expect(told(await next)).toEqual(['ADDED live@6']);
  });

  it('should read from Postgres what memory does not hold, without a gap or a repetition at the seam', async () => {
    const gateway = new RunningFeed();
    gateway.store.commit(...many(1300));
    await start(gateway);
    await gateway.commit(...many(700, 1300));
    const events = subscribe(gateway, { after: toCursor(0) });
    const seen = await take(events, 1500);
    await gateway.commit(...many(100, 2000));
    seen.push(...(await take(events, 600)));
    expect(cursors(seen)).toEqual(upTo(2100));
  });

  it('should be the same from every cursor on every gateway', async () => {
    const one = await start();
    const two = await start(new RunningFeed(one.store));
    await one.commit(...many(30));
    await start(new RunningFeed(one.store));
    await settle();
    for (const gateway of started) {
      for (let after = 0; after < 30; after += 1) {
        const events = subscribe(gateway, { after: toCursor(after) });
        expect(cursors(await take(events, 30 - after))).toEqual(upTo(30, after + 1));
        await events.return();
      }
    }
    expect(two.subscriptions.open()).toBe(0);
  });

  it('should have neither gap nor repetition while commits of many writers come in', async () => {
    const gateway = await start();
    const events = subscribe(gateway, { after: toCursor(0) });
    const seen = take(events, 400);
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let i = 0; i < 50; i += 1) {
        const node = record(`w${writer}`, { name: `life ${i}` });
        await gateway.store.transact([node.nodeId], [], async () => ({
          nodes: [node],
          changes: [change(node)],
          processed: [],
          completed: [],
          rejected: [],
        }));
        if (i % 7 === writer % 7) await settle();
      }
    });
    await Promise.all(writers);
    await settle();
    expect(cursors(await seen)).toEqual(upTo(400));
  });

  it('should let after win over snapshot, and take null for absent', async () => {
    const gateway = await start();
    await gateway.commit('a', 'b');
    expect(told(await take(subscribe(gateway, { after: toCursor(1), snapshot: true }), 1))).toEqual(['ADDED b@2']);
    expect(told(await take(subscribe(gateway, { after: null, snapshot: true }), 1))).toEqual(['SNAPSHOT a@1']);
  });

  it('should wait for a cursor that Postgres has reached and this gateway has not', async () => {
    const gateway = await start();
    gateway.store.log.faults.always('readAfter', 'fail');
    await gateway.commit('a', 'b');
    expect(gateway.feed.head()).toBe(0);
    const events = subscribe(gateway, { after: toCursor(1) });
    const next = watched(take(events, 1));
    await settle();
    expect(next.state()).toBe('pending');
    gateway.store.log.faults.clear();
    await vi.advanceTimersByTimeAsync(1000);
    expect(told(await next.promise)).toEqual(['ADDED b@2']);
  });

  it('should end with CURSOR_INVALID for a cursor beyond the head of Postgres', async () => {
    const gateway = await start();
    await gateway.commit('a');
    await expect(subscribe(gateway, { after: toCursor(2) }).next()).rejects.toMatchObject({
      code: 'CURSOR_INVALID',
      message: expect.stringContaining('snapshot'),
    });
  });

  it('should end with CURSOR_EXPIRED for a cursor before the floor, and accept the floor itself', async () => {
    const gateway = new RunningFeed();
    gateway.store.commit(...many(6));
    gateway.store.log.trim(4);
    await start(gateway);
    await expect(subscribe(gateway, { after: toCursor(3) }).next()).rejects.toMatchObject({
      code: 'CURSOR_EXPIRED',
      message: expect.stringContaining('snapshot'),
    });
    expect(cursors(await take(subscribe(gateway, { after: toCursor(4) }), 2))).toEqual([5, 6]);
  });

  it('should accept the head of a log that was trimmed empty', async () => {
    const gateway = new RunningFeed();
    gateway.store.commit(...many(3));
    gateway.store.log.trim(3);
    await start(gateway);
    const next = take(subscribe(gateway, { after: toCursor(3) }), 1);
    await gateway.commit('a');
    expect(cursors(await next)).toEqual([4]);
  });

  it.each([2, 3])('should end with CURSOR_EXPIRED when the log is trimmed to %d under a reader that lags', async (keep) => {
    const gateway = new RunningFeed();
    gateway.store.commit(...many(1000 + keep));
    await start(gateway);
    const events = subscribe(gateway, { after: toCursor(0) });
    expect(cursors(await take(events, 500))).toEqual(upTo(500));
    gateway.store.log.trim(1000);
    await expect(events.next()).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' });
  });

  it('should end with CURSOR_EXPIRED, and not ask Postgres for ever, when all that a lagging reader wanted was trimmed', async () => {
    const gateway = new RunningFeed();
    gateway.store.commit(...many(700));
    await start(gateway);
    const events = subscribe(gateway, { after: toCursor(0) });
    await take(events, 500);
    gateway.store.log.trim(700);
    const { calls } = gateway.store.log;
    const before = calls.readAfter;
    // Without an end this call would spin: the sixth read is where the test gives up.
    const read = gateway.store.log.readAfter.bind(gateway.store.log);
    gateway.store.log.readAfter = (after, limit) =>
      calls.readAfter > before + 5 ? Promise.reject(new Error('it spins')) : read(after, limit);
    await expect(events.next()).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' });
  });

  it('should end with BACKEND_UNAVAILABLE when Postgres is needed and does not answer', async () => {
    const gateway = new RunningFeed();
    gateway.store.commit(...many(3));
    await start(gateway);
    gateway.store.log.faults.next('bounds', 'fail');
    await expect(subscribe(gateway, { after: toCursor(0) }).next()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
    gateway.store.log.faults.next('readAfter', 'fail');
    await expect(subscribe(gateway, { after: toCursor(0) }).next()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
  });

  it('should not need Postgres for what memory holds', async () => {
    const gateway = await start();
    await gateway.commit(...many(3));
    gateway.store.log.faults.always('readAfter', 'fail');
    gateway.store.log.faults.always('bounds', 'fail');
    expect(cursors(await take(subscribe(gateway, { after: toCursor(0) }), 3))).toEqual([1, 2, 3]);
  });

  it('should end a subscriber that falls more than memory behind with SUBSCRIBER_TOO_SLOW and its last cursor', async () => {
    const gateway = await start();
    const events = subscribe(gateway);
    const first = take(events, 1);
    await gateway.commit('a');
    await first;
    await gateway.commit(...many(10_002));
    const failure = await events.next().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(GatewayError);
    expect(failure).toMatchObject({ code: 'SUBSCRIBER_TOO_SLOW', details: { lastCursor: '0000000000000001' } });
    expect(gateway.subscriptions.open()).toBe(0);
    expect(cursors(await take(subscribe(gateway, { after: toCursor(1) }), 10_002))).toEqual(upTo(10_003, 2));
  });

  it('should end with CURSOR_INVALID when Postgres was restored to before what was delivered: a silent gap would follow', async () => {
    const gateway = await start();
    await gateway.commit(...many(5));
    const events = subscribe(gateway, { after: toCursor(0) });
    await take(events, 5);
    const next = watched(events.next());
    gateway.store.log.restoreTo(2);
    await vi.advanceTimersByTimeAsync(1000);
    expect(next.state()).toBe('rejected');
    await expect(next.promise).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
  });
});

describe('bookmarks', () => {
  it('should arrive after each interval of silence, with the position', async () => {
    const gateway = await start();
    const events = subscribe(gateway);
    const both = take(events, 2);
    await vi.advanceTimersByTimeAsync(BOOKMARK_INTERVAL);
    await vi.advanceTimersByTimeAsync(BOOKMARK_INTERVAL);
    expect((await both).map(({ type, cursor, occurredAt }) => [type, cursor, occurredAt])).toEqual([
      ['BOOKMARK', 0, T0 + BOOKMARK_INTERVAL],
      ['BOOKMARK', 0, T0 + 2 * BOOKMARK_INTERVAL],
    ]);
  });

  it('should pass every filter, and say how far the log was seen though nothing matched', async () => {
    const gateway = await start();
    const events = subscribe(gateway, { filter: { nodeIds: ['nobody'], changeTypes: ['ADDED'] } });
    const next = take(events, 1);
    for (let second = 0; second < BOOKMARK_INTERVAL / 1000; second += 1) {
      await gateway.commit(`n${second}`);
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(told(await next)).toEqual([`BOOKMARK @${BOOKMARK_INTERVAL / 1000}`]);
  });

  it('should be counted from the last event on', async () => {
    const gateway = await start();
    const events = subscribe(gateway);
    const first = take(events, 1);
    await vi.advanceTimersByTimeAsync(BOOKMARK_INTERVAL - 1);
    await gateway.commit('a');
    await first;
    const next = watched(events.next());
    await vi.advanceTimersByTimeAsync(BOOKMARK_INTERVAL - 1);
    expect(next.state()).toBe('pending');
    await vi.advanceTimersByTimeAsync(1);
    expect((await next.promise).value).toMatchObject({ type: 'BOOKMARK', cursor: 1 });
  });

  it('should not fail to come when the clock is put back', async () => {
    const gateway = await start();
    const events = subscribe(gateway);
    const next = watched(events.next());
    await settle();
    vi.setSystemTime(T0 - 3_600_000);
    await vi.advanceTimersByTimeAsync(BOOKMARK_INTERVAL);
    expect(next.state()).toBe('resolved');
  });
});

describe('snapshot', () => {
  it('should be the registered nodes in the order of their latest change, one bookmark, then live changes', async () => {
    const gateway = await start();
    const gone = record('gone', { state: 'REMOVED' });
    await gateway.commit('a', 'b', change(gone, { type: 'REMOVED' }), change(record('a'), { type: 'MODIFIED' }));
    const events = subscribe(gateway, { snapshot: true });
    expect(told(await take(events, 3))).toEqual(['SNAPSHOT b@2', 'SNAPSHOT a@4', 'BOOKMARK @4']);
    const next = take(events, 1);
    await gateway.commit('c');
    expect(told(await next)).toEqual(['ADDED c@5']);
  });

  it('should be an empty set and its bookmark where nothing is registered', async () => {
    expect(told(await take(subscribe(await start(), { snapshot: true }), 1))).toEqual(['BOOKMARK @0']);
  });

  it('should hold only what matches the filter', async () => {
    const gateway = await start();
    await gateway.commit(change(record('a', { type: 'reducer' })), 'b');
    expect(told(await take(subscribe(gateway, { snapshot: true, filter: { nodeTypes: ['Reducer'] } }), 2))).toEqual([
      'SNAPSHOT a@1',
      'BOOKMARK @2',
    ]);
  });

  it('should miss nothing that is committed while it is being read', async () => {
    const gateway = await start();
    await gateway.commit('a', 'b', 'c');
    const events = subscribe(gateway, { snapshot: true });
    const seen = await take(events, 1);
    await gateway.commit('d', change(record('b', { state: 'REMOVED' }), { type: 'REMOVED', before: { type: 'effect', capabilities: [] } }));
    seen.push(...(await take(events, 5)));
    expect(told(seen)).toEqual(['SNAPSHOT a@1', 'SNAPSHOT b@2', 'SNAPSHOT c@3', 'BOOKMARK @3', 'ADDED d@4', 'REMOVED b@5']);
  });

  it('should resume from any of its events like anything else', async () => {
    const gateway = await start();
    await gateway.commit('a', 'b', 'c', 'd');
    const [, second] = await take(subscribe(gateway, { snapshot: true }), 2);
    expect(second?.nodeId).toBe('b');
    expect(told(await take(subscribe(gateway, { after: second?.cursor }), 2))).toEqual(['ADDED c@3', 'ADDED d@4']);
  });
});

describe('return', () => {
  it('should end a subscription at once while it waits', async () => {
    const gateway = await start();
    const events = subscribe(gateway);
    const next = events.next();
    await settle();
    expect(gateway.subscriptions.open()).toBe(1);
    await events.return();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(gateway.subscriptions.open()).toBe(0);
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  it('should end one that was never read, and one in the middle of a page', async () => {
    const gateway = await start();
    await gateway.commit(...many(10));
    await subscribe(gateway).return();
    const events = subscribe(gateway, { after: toCursor(0) });
    await take(events, 3);
    expect(gateway.subscriptions.open()).toBe(1);
    await events.return();
    expect(gateway.subscriptions.open()).toBe(0);
  });

  it('should end a set of services at once, whether it waits for a change or for others to join it', async () => {
    const gateway = await start();
    const services = gateway.subscriptions.healthyServices({ capability: 'database.query' });
    await take(services, 1);
    const waiting = services.next();
    await settle();
    await services.return();
    expect((await waiting).done).toBe(true);
    const coalescing = gateway.subscriptions.healthyServices({ capability: 'database.query' });
    await take(coalescing, 1);
    const next = coalescing.next();
    await gateway.commit('a');
    await coalescing.return();
    expect((await next).done).toBe(true);
    expect(gateway.subscriptions.open()).toBe(0);
  });

  it('should pass on an error that is thrown in, and end', async () => {
    const gateway = await start();
    const events = subscribe(gateway, { snapshot: true });
    await take(events, 1);
    await expect(events.throw(new Error('enough'))).rejects.toThrow('enough');
    expect(gateway.subscriptions.open()).toBe(0);
  });
});

describe('healthyServices', () => {
  const query = { capability: 'database.query' } as const;
  const ids = (nodes: readonly NodeRecord[]) => nodes.map(({ nodeId }) => nodeId);
  const modified = (node: NodeRecord) => change(node, { type: 'MODIFIED' });

  async function services(gateway: RunningFeed) {
    const sets = gateway.subscriptions.healthyServices(query);
    open.push(sets);
    const [first] = await take(sets, 1);
    return { sets, first };
  }

  it('should send the full set now, in node id order, and again when it changes', async () => {
    const gateway = await start();
    await gateway.commit('b', 'a');
    const { sets, first } = await services(gateway);
    expect(ids(first ?? [])).toEqual(['a', 'b']);
    const next = take(sets, 1);
    await gateway.commit('0');
    await vi.advanceTimersByTimeAsync(100);
    expect((await next).map(ids)).toEqual([['0', 'a', 'b']]);
  });

  it('should send the empty set as well', async () => {
    expect((await services(await start())).first).toEqual([]);
  });

  it('should send all changes within 100 ms as one set, the latest', async () => {
    const gateway = await start();
    const { sets } = await services(gateway);
    const next = watched(sets.next());
    for (let i = 0; i < 5; i += 1) {
      await gateway.commit(`n${i}`);
      await vi.advanceTimersByTimeAsync(15);
    }
    expect(next.state()).toBe('pending');
    await vi.advanceTimersByTimeAsync(100);
    expect(ids((await next.promise).value ?? [])).toEqual(['n0', 'n1', 'n2', 'n3', 'n4']);
  });

  it.each<[string, Partial<NodeRecord>]>([
    ['an address', { address: '10.0.0.9' }],
    ['a port', { port: 1 }],
    ['a version', { version: '9.9.9' }],
    ['a URL', { endpoints: [{ name: 'api', url: 'http://elsewhere' }] }],
    ['health', { health: 'DEGRADED' }],
  ])('should fire for a change of %s', async (_, different) => {
    const gateway = await start();
    await gateway.commit('a');
    const { sets } = await services(gateway);
    const next = watched(sets.next());
    await gateway.commit(modified(record('a', different)));
    await vi.advanceTimersByTimeAsync(100);
    expect(next.state()).toBe('resolved');
  });

  it('should not fire for what clients cannot see', async () => {
    const gateway = await start();
    await gateway.commit('a');
    const { sets } = await services(gateway);
    const next = watched(sets.next());
    await gateway.commit(
      modified(record('a', { metadata: { region: 'eu' }, currentState: 'busy' })),
      change(record('z', { capabilities: [] })),
    );
    await vi.advanceTimersByTimeAsync(1000);
    expect(next.state()).toBe('pending');
  });

  it('should fire when Consul holds an instance critical, before the log says so', async () => {
    const gateway = await start();
    await gateway.commit('a', 'b');
    const { sets } = await services(gateway);
    const next = take(sets, 1);
    await settle();
    gateway.view.observeChecks(new Map([['effect-a', { status: 'critical', output: 'refused' }]]));
    await vi.advanceTimersByTimeAsync(100);
    expect((await next).map(ids)).toEqual([['b']]);
  });

  it('should give a reader that paused the latest set only', async () => {
    const gateway = await start();
    const { sets } = await services(gateway);
    for (let i = 0; i < 3; i += 1) {
      await gateway.commit(`n${i}`);
      await vi.advanceTimersByTimeAsync(500);
    }
    const next = take(sets, 1);
    await vi.advanceTimersByTimeAsync(100);
    expect((await next).map(ids)).toEqual([['n0', 'n1', 'n2']]);
  });

  it('should not swap the members of a limited set for every heartbeat', async () => {
    const gateway = await start();
    await gateway.commit('a', 'b', 'c');
    const sets = gateway.subscriptions.healthyServices({ ...query, limit: 2 });
    open.push(sets);
    expect((await take(sets, 1)).map(ids)).toEqual([['a', 'b']]);
    const next = watched(sets.next());
    await gateway.store.recordLiveness([heartbeat('c')], T0 + 5000, { processed: [], completed: [] });
    await vi.advanceTimersByTimeAsync(1000);
    await gateway.commit(change(record('z', { capabilities: [] })));
    await vi.advanceTimersByTimeAsync(1000);
    expect(gateway.view.get('c')?.liveness.lastHeartbeatAt).toBe(T0 + 5000);
    expect(next.state()).toBe('pending');
  });

  it('should end with BAD_USER_INPUT for a bad version range, and leave nothing listening', async () => {
    const gateway = await start();
    const stops = vi.spyOn(gateway.view, 'onChange');
    const sets = gateway.subscriptions.healthyServices({ ...query, versionRange: 'newest' });
    await expect(sets.next()).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(stops).not.toHaveBeenCalled();
    expect(gateway.subscriptions.open()).toBe(0);
  });
});
