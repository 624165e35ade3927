import { describe, expect, it, vi } from 'vitest';
import { GatewayError } from '../../../src/errors.ts';
import type { ChangeEvent } from '../../../src/registry/change.ts';
import { toCursor } from '../../../src/registry/cursor.ts';
import { change, record } from './fakes/node-record.ts';
import { entries, RunningFeed, settle, take, useGateways, watched } from './running-feed.ts';

const gateways = useGateways();
const cursors = (events: readonly ChangeEvent[]) => events.map(({ cursor }) => cursor);
const told = (events: readonly ChangeEvent[]) => events.map(({ type, nodeId, cursor }) => `${type} ${nodeId ?? ''}@${cursor}`);
const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

describe('changes', () => {
  it('should with neither after nor snapshot begin with what comes from now on', async () => {
    const gateway = await gateways.start();
    await gateway.commit('before');
    const events = gateways.subscribe(gateway);
    const first = events.next();
    await gateway.commit('a', 'b');
    expect((await first).value).toMatchObject({ type: 'ADDED', nodeId: 'a', cursor: 2 });
    expect(told(await take(events, 1))).toEqual(['ADDED b@3']);
  });

  it('should with after send every change after it, then live ones', async () => {
    const gateway = await gateways.start();
    await gateway.commit(...entries(5));
    const events = gateways.subscribe(gateway, { after: toCursor(2) });
    expect(cursors(await take(events, 3))).toEqual([3, 4, 5]);
    const next = take(events, 1);
    await gateway.commit('live');
    expect(told(await next)).toEqual(['ADDED live@6']);
  });

  it('should read from Postgres what memory does not hold, without a gap or a repetition at the seam', async () => {
    const gateway = new RunningFeed();
    gateway.store.commit(...entries(1300));
    await gateways.start(gateway);
    await gateway.commit(...entries(700, 1300));
    const events = gateways.subscribe(gateway, { after: toCursor(0) });
    const seen = await take(events, 1500);
    await gateway.commit(...entries(100, 2000));
    seen.push(...(await take(events, 600)));
    expect(cursors(seen)).toEqual(upTo(2100));
  });

  it('should be the same from every cursor on every gateway', async () => {
    const one = await gateways.start();
    const two = await gateways.start(new RunningFeed(one.store));
    await one.commit(...entries(30));
    await gateways.start(new RunningFeed(one.store));
    await settle();
    for (const gateway of gateways.started) {
      for (let after = 0; after < 30; after += 1) {
        const events = gateways.subscribe(gateway, { after: toCursor(after) });
        expect(cursors(await take(events, 30 - after))).toEqual(upTo(30, after + 1));
        await events.return();
      }
    }
    expect(two.subscriptions.open()).toBe(0);
  });

  it('should have neither gap nor repetition while commits of many writers come in', async () => {
    const gateway = await gateways.start();
    const events = gateways.subscribe(gateway, { after: toCursor(0) });
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
    const gateway = await gateways.start();
    await gateway.commit('a', 'b');
    expect(told(await take(gateways.subscribe(gateway, { after: toCursor(1), snapshot: true }), 1))).toEqual(['ADDED b@2']);
    expect(told(await take(gateways.subscribe(gateway, { after: null, snapshot: true }), 1))).toEqual(['SNAPSHOT a@1']);
  });

  it('should wait for a cursor that Postgres has reached and this gateway has not', async () => {
    const gateway = await gateways.start();
    gateway.store.log.faults.always('readAfter', 'fail');
    await gateway.commit('a', 'b');
    expect(gateway.feed.head()).toBe(0);
    const events = gateways.subscribe(gateway, { after: toCursor(1) });
    const next = watched(take(events, 1));
    await settle();
    expect(next.state()).toBe('pending');
    gateway.store.log.faults.clear();
    await vi.advanceTimersByTimeAsync(1000);
    expect(told(await next.promise)).toEqual(['ADDED b@2']);
  });

  it('should end with CURSOR_INVALID for a cursor beyond the head of Postgres', async () => {
    const gateway = await gateways.start();
    await gateway.commit('a');
    await expect(gateways.subscribe(gateway, { after: toCursor(2) }).next()).rejects.toMatchObject({
      code: 'CURSOR_INVALID',
      message: expect.stringContaining('snapshot'),
    });
  });

  it('should end with CURSOR_EXPIRED for a cursor before the floor, and accept the floor itself', async () => {
    const gateway = new RunningFeed();
    gateway.store.commit(...entries(6));
    gateway.store.log.trim(4);
    await gateways.start(gateway);
    await expect(gateways.subscribe(gateway, { after: toCursor(3) }).next()).rejects.toMatchObject({
      code: 'CURSOR_EXPIRED',
      message: expect.stringContaining('snapshot'),
    });
    expect(cursors(await take(gateways.subscribe(gateway, { after: toCursor(4) }), 2))).toEqual([5, 6]);
  });

  it('should accept the head of a log that was trimmed empty', async () => {
    const gateway = new RunningFeed();
    gateway.store.commit(...entries(3));
    gateway.store.log.trim(3);
    await gateways.start(gateway);
    const next = take(gateways.subscribe(gateway, { after: toCursor(3) }), 1);
    await gateway.commit('a');
    expect(cursors(await next)).toEqual([4]);
  });

  it.each([2, 3])('should end with CURSOR_EXPIRED when the log is trimmed to %d under a reader that lags', async (keep) => {
    const gateway = new RunningFeed();
    gateway.store.commit(...entries(1000 + keep));
    await gateways.start(gateway);
    const events = gateways.subscribe(gateway, { after: toCursor(0) });
    expect(cursors(await take(events, 500))).toEqual(upTo(500));
    gateway.store.log.trim(1000);
    await expect(events.next()).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' });
  });

  it('should end with CURSOR_EXPIRED, and not ask Postgres for ever, when all that a lagging reader wanted was trimmed', async () => {
    const gateway = new RunningFeed();
    gateway.store.commit(...entries(700));
    await gateways.start(gateway);
    const events = gateways.subscribe(gateway, { after: toCursor(0) });
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
    gateway.store.commit(...entries(3));
    await gateways.start(gateway);
    gateway.store.log.faults.next('bounds', 'fail');
    await expect(gateways.subscribe(gateway, { after: toCursor(0) }).next()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
    gateway.store.log.faults.next('readAfter', 'fail');
    await expect(gateways.subscribe(gateway, { after: toCursor(0) }).next()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
  });

  it('should not need Postgres for what memory holds', async () => {
    const gateway = await gateways.start();
    await gateway.commit(...entries(3));
    gateway.store.log.faults.always('readAfter', 'fail');
    gateway.store.log.faults.always('bounds', 'fail');
    expect(cursors(await take(gateways.subscribe(gateway, { after: toCursor(0) }), 3))).toEqual([1, 2, 3]);
  });

  it('should end a subscriber that falls more than memory behind with SUBSCRIBER_TOO_SLOW and its last cursor', async () => {
    const gateway = await gateways.start();
    const events = gateways.subscribe(gateway);
    const first = take(events, 1);
    await gateway.commit('a');
    await first;
    await gateway.commit(...entries(10_002));
    const failure = await events.next().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(GatewayError);
    expect(failure).toMatchObject({ code: 'SUBSCRIBER_TOO_SLOW', details: { lastCursor: '0000000000000001' } });
    expect(gateway.subscriptions.open()).toBe(0);
    expect(cursors(await take(gateways.subscribe(gateway, { after: toCursor(1) }), 10_002))).toEqual(upTo(10_003, 2));
  });

  it('should end with CURSOR_INVALID when Postgres was restored to before what was delivered: a silent gap would follow', async () => {
    const gateway = await gateways.start();
    await gateway.commit(...entries(5));
    const events = gateways.subscribe(gateway, { after: toCursor(0) });
    await take(events, 5);
    const next = watched(events.next());
    gateway.store.log.restoreTo(2);
    await vi.advanceTimersByTimeAsync(1000);
    expect(next.state()).toBe('rejected');
    await expect(next.promise).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
  });
});
