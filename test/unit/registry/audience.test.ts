import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ChangeEvent } from '../../../src/registry/change.ts';
import { toCursor } from '../../../src/registry/cursor.ts';
import type { SubscribeOptions } from '../../../src/registry/registry.ts';
import { MemoryStore } from './fakes/memory-store.ts';
import { change, record } from './fakes/node-record.ts';
import { SocketSubscriber } from './fakes/socket-subscriber.ts';
import { BOOKMARK_INTERVAL, RunningFeed, settle, useGateways } from './running-feed.ts';

const gateways = useGateways();
const open: SocketSubscriber[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((subscriber) => subscriber.end()));
});

const told = ({ received }: SocketSubscriber) =>
  received.map(({ type, nodeId, cursor }: ChangeEvent) => `${type} ${nodeId ?? ''}@${cursor}`);
const effect = { type: 'effect', capabilities: [] };

async function subscribe({ subscriptions }: RunningFeed, options: SubscribeOptions = {}): Promise<SocketSubscriber> {
  const subscriber = new SocketSubscriber(subscriptions, options);
  open.push(subscriber);
  await settle();
  return subscriber;
}

/** A gateway of which every event uses up a turn of the event loop, so that others come in between. */
function handingOutOneByOne(): Promise<RunningFeed> {
  let time = 0;
  return gateways.start(new RunningFeed(new MemoryStore(), () => (time += 10)));
}

/** Lets turns of the event loop pass, which take a millisecond each of the fake time. */
async function settleUntil(isDone: () => boolean): Promise<void> {
  while (!isDone()) await vi.advanceTimersByTimeAsync(1);
}

const counts = (subscribers: readonly SocketSubscriber[]) => subscribers.map(({ received }) => received.length);

describe('a subscriber that takes events', () => {
  it('should pull what was before, and take what comes, in order', async () => {
    const gateway = await gateways.start();
    await gateway.commit('a', 'b', 'c');
    const subscriber = await subscribe(gateway, { after: toCursor(1) });
    expect(subscriber).toMatchObject({ taken: 0, isJoined: true });
    await gateway.commit('d');
    await gateway.commit('e', 'f');
    expect(told(subscriber)).toEqual(['ADDED b@2', 'ADDED c@3', 'ADDED d@4', 'ADDED e@5', 'ADDED f@6']);
    expect(subscriber.taken).toBe(3);
  });

  it('should take after a snapshot what came since', async () => {
    const gateway = await gateways.start();
    await gateway.commit('a');
    const subscriber = await subscribe(gateway, { snapshot: true });
    await gateway.commit('b');
    expect(told(subscriber)).toEqual(['SNAPSHOT a@1', 'BOOKMARK @1', 'ADDED b@2']);
  });

  it('should get what its filter lets through: the beginning and the end of matching, too', async () => {
    const gateway = await gateways.start();
    const filtered = await subscribe(gateway, { filter: { nodeTypes: ['compute'] } });
    const all = await subscribe(gateway);
    await gateway.commit(
      'other',
      change(record('a', { type: 'compute' }), { type: 'MODIFIED', before: effect }),
      change(record('a'), { type: 'MODIFIED', before: { type: 'compute', capabilities: [] } }),
    );
    expect(told(filtered)).toEqual(['ADDED a@2', 'REMOVED a@3']);
    expect(filtered.received[1]?.reason).toBe('filter');
    expect(told(all)).toEqual(['ADDED other@1', 'MODIFIED a@2', 'MODIFIED a@3']);
  });

  it('should get the very object that others with the same filter get', async () => {
    const gateway = await gateways.start();
    const filter = () => ({ nodeTypes: ['effect'] });
    const [one, two] = [await subscribe(gateway, { filter: filter() }), await subscribe(gateway, { filter: filter() })];
    await gateway.commit('a');
    expect(one.received[0]).toBeDefined();
    expect(one.received[0]).toBe(two.received[0]);
  });

  it('should pull from where it was when its socket is full, and take again when it has caught up', async () => {
    const gateway = await gateways.start();
    const [slow, quick] = [await subscribe(gateway), await subscribe(gateway)];
    slow.stick();
    for (const id of ['a', 'b', 'c', 'd', 'e']) await gateway.commit(id);
    expect(slow.isJoined).toBe(false);
    // What fits into the buffer, and the one that it pulled on top.
    expect(told(slow)).toEqual(['ADDED a@1', 'ADDED b@2', 'ADDED c@3', 'ADDED d@4']);
    expect(quick.received).toHaveLength(5);
    slow.drain();
    await settle();
    expect(slow.isJoined).toBe(true);
    await gateway.commit('f');
    expect(told(slow)).toEqual(told(quick));
    expect(slow.taken).toBe(4);
  });

  it('should neither miss nor repeat an event that is being handed out when it joins', async () => {
    const gateway = await handingOutOneByOne();
    const [first, ...others] = [await subscribe(gateway), await subscribe(gateway), await subscribe(gateway)];
    const late: SocketSubscriber[] = [];
    first.onTake = () => {
      if (late.length > 0) return;
      expect(counts([first, ...others])).toEqual([1, 0, 0]);
      late.push(new SocketSubscriber(gateway.subscriptions));
      late.push(new SocketSubscriber(gateway.subscriptions, { after: toCursor(0) }));
      open.push(...late);
    };
    await gateway.commit('a');
    await gateway.commit('b');
    await settleUntil(() => late[1]?.received.length === 2);
    expect([first, ...others].map(told)).toEqual(Array.from({ length: 3 }, () => ['ADDED a@1', 'ADDED b@2']));
    expect(late.map(told)).toEqual([['ADDED b@2'], ['ADDED a@1', 'ADDED b@2']]);
  });

  it('should get nothing more when it ends, in the middle of an event too', async () => {
    const gateway = await handingOutOneByOne();
    const all = [await subscribe(gateway), await subscribe(gateway), await subscribe(gateway)] as const;
    const [first, second, third] = all;
    first.onTake = () => void second.end();
    await gateway.commit('a');
    await gateway.commit('b');
    await settleUntil(() => third.received.length === 2);
    expect(counts(all)).toEqual([2, 0, 2]);
    expect(second.isJoined).toBe(false);
    expect(gateway.subscriptions.open()).toBe(2);
  });

  it('should let others have their turn while one event is handed out', async () => {
    const gateway = await handingOutOneByOne();
    for (let index = 0; index < 20; index += 1) await subscribe(gateway);
    const isDone = () => open.every(({ received }) => received.length === 1);
    let turns = 0;
    const other = () => {
      turns += 1;
      if (!isDone()) setImmediate(other);
    };
    gateway.store.commit(change(record('a')));
    setImmediate(other);
    await settleUntil(isDone);
    expect(turns).toBeGreaterThan(15);
  });

  it('should get a bookmark after an interval of silence, whatever others get', async () => {
    const gateway = await gateways.start();
    const [all, none] = [await subscribe(gateway), await subscribe(gateway, { filter: { nodeIds: [] } })];
    await vi.advanceTimersByTimeAsync(BOOKMARK_INTERVAL - 1000);
    await gateway.commit('a');
    await vi.advanceTimersByTimeAsync(1000);
    expect(told(all)).toEqual(['ADDED a@1']);
    expect(told(none)).toEqual(['BOOKMARK @1']);
    await vi.advanceTimersByTimeAsync(BOOKMARK_INTERVAL);
    expect(told(all)).toEqual(['ADDED a@1', 'BOOKMARK @1']);
    expect(told(none)).toEqual(['BOOKMARK @1', 'BOOKMARK @1']);
    expect([all.isJoined, none.isJoined]).toEqual([true, true]);
  });

  it('should get a bookmark, and go on, when the clock was put back', async () => {
    const gateway = await gateways.start();
    const subscriber = await subscribe(gateway);
    vi.setSystemTime(Date.now() - 3_600_000);
    await gateway.commit(change(record('a')));
    await vi.advanceTimersByTimeAsync(BOOKMARK_INTERVAL);
    expect(told(subscriber).at(-1)).toBe('BOOKMARK @1');
  });

  it('should wait by itself with a cursor that this gateway has not reached', async () => {
    const gateway = await gateways.start();
    gateway.store.log.faults.always('readAfter', 'fail');
    await gateway.commit('a', 'b');
    const subscriber = await subscribe(gateway, { after: toCursor(1) });
    await vi.advanceTimersByTimeAsync(BOOKMARK_INTERVAL);
    expect(told(subscriber)).toEqual(['BOOKMARK @1']);
    expect(subscriber.isJoined).toBe(false);
    gateway.store.log.faults.clear();
    await vi.advanceTimersByTimeAsync(1000);
    expect(told(subscriber)).toEqual(['BOOKMARK @1', 'ADDED b@2']);
    expect(subscriber.isJoined).toBe(true);
  });

  it('should end with CURSOR_INVALID when Postgres was restored, and those who come then get what follows', async () => {
    const gateway = await gateways.start();
    await gateway.commit('a', 'b', 'c');
    const before = await subscribe(gateway);
    gateway.store.log.restoreTo(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(before.error).toMatchObject({ code: 'CURSOR_INVALID' });
    const after = await subscribe(gateway);
    await gateway.commit('d');
    expect(told(after)).toEqual(['ADDED d@2']);
    expect(told(before)).toEqual([]);
    expect(gateway.subscriptions.open()).toBe(1);
  });

  it('should keep those who come after a restore apart from an event of before that is still handed out', async () => {
    const gateway = await handingOutOneByOne();
    const before = [await subscribe(gateway), await subscribe(gateway), await subscribe(gateway)] as const;
    const after: SocketSubscriber[] = [];
    before[0].onTake = () => {
      gateway.feed.discard();
      after.push(new SocketSubscriber(gateway.subscriptions));
      open.push(...after);
    };
    await gateway.commit('a');
    await settleUntil(() => after[0]?.received.length === 1);
    expect(before.map(({ error }) => error)).toEqual(Array.from({ length: 3 }, () => expect.objectContaining({ code: 'CURSOR_INVALID' })));
    // The feed begins anew, and reads from the start what it was handing out.
    expect(after.map(told)).toEqual([['ADDED a@1']]);
    expect(after[0]?.error).toBeNull();
  });

  it('should end with CURSOR_EXPIRED when the log was trimmed past this gateway', async () => {
    const gateway = await gateways.start();
    const subscriber = await subscribe(gateway);
    gateway.store.log.faults.always('readAfter', 'fail');
    await gateway.commit('a', 'b');
    gateway.store.log.trim(2);
    gateway.store.log.faults.clear();
    await vi.advanceTimersByTimeAsync(1000);
    expect(subscriber.error).toMatchObject({ code: 'CURSOR_EXPIRED' });
  });

  it('should end with the error, and all others too, when what is meant never to throw does', async () => {
    const gateway = await gateways.start();
    const [one, two] = [await subscribe(gateway), await subscribe(gateway)];
    one.take = () => {
      throw new Error('a defect');
    };
    await gateway.commit('a');
    expect([one.error, two.error]).toEqual([new Error('a defect'), new Error('a defect')]);
    const next = await subscribe(gateway);
    await gateway.commit('b');
    expect(told(next)).toEqual(['ADDED b@2']);
  });
});
