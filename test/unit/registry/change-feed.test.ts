import { describe, expect, it, vi } from 'vitest';
import { BackendError } from '../../../src/errors.ts';
import { toCursor } from '../../../src/registry/cursor.ts';
import { heartbeat, nodeId, T0 } from './fakes/messages.ts';
import { change, record } from './fakes/node-record.ts';
import { entries, RunningFeed, settle, useGateways, watched } from './running-feed.ts';

const NO_PROGRESS = { processed: [], completed: [] };
const gateways = useGateways();

function recent({ feed }: RunningFeed, after: number, limit = 100_000): number[] | null {
  return feed.recentAfter(toCursor(after), limit)?.map(({ cursor }) => cursor) ?? null;
}

describe('load', () => {
  it('should show what Postgres holds, and stand where the log stood', async () => {
    const gateway = new RunningFeed();
    gateway.store.commit(change(record('a')), change(record('b')));
    expect([gateway.feed.head(), gateway.feed.lastReadAt()]).toEqual([0, null]);
    await gateway.feed.load();
    expect([gateway.feed.head(), gateway.feed.lastReadAt(), gateway.view.size()]).toEqual([2, T0, 2]);
    expect(recent(gateway, 1)).toBeNull();
    expect(recent(gateway, 2)).toEqual([]);
  });

  it('should throw when Postgres does not answer', async () => {
    const gateway = new RunningFeed();
    gateway.store.faults.next('loadAll', 'before');
    await expect(gateway.feed.load()).rejects.toThrow(BackendError);
  });
});

describe('run', () => {
  it('should read on when woken', async () => {
    const gateway = await gateways.start();
    await gateway.commit('a', 'b');
    expect([gateway.feed.head(), gateway.view.get('b')?.cursor]).toEqual([2, 2]);
    expect(recent(gateway, 0)).toEqual([1, 2]);
  });

  it('should take what its own gateway committed without reading it, where it comes next', async () => {
    const gateway = await gateways.start();
    gateway.store.log.notifies = false;
    const read = vi.spyOn(gateway.store.log, 'readAfter');
    gateway.feed.committed(gateway.store.commit(change(record('a')), change(record('b'))));
    expect([gateway.feed.head(), gateway.view.get('b')?.cursor, recent(gateway, 0)]).toEqual([2, 2, [1, 2]]);
    expect(read).not.toHaveBeenCalled();
  });

  it('should read on where another gateway committed before its own', async () => {
    const gateway = await gateways.start();
    gateway.store.log.notifies = false;
    gateway.store.commit(change(record('a')));
    const own = gateway.store.commit(change(record('b')));
    gateway.feed.committed(own);
    expect(gateway.feed.head()).toBe(0);
    await settle();
    expect(recent(gateway, 0)).toEqual([1, 2]);
    // What is in memory already is not taken twice.
    gateway.feed.committed(own);
    await settle();
    expect(recent(gateway, 0)).toEqual([1, 2]);
  });

  it('should take each entry once where its own are committed while it reads', async () => {
    const gateway = await gateways.start();
    gateway.store.log.notifies = false;
    const readAfter = gateway.store.log.readAfter.bind(gateway.store.log);
    vi.spyOn(gateway.store.log, 'readAfter').mockImplementationOnce(async (after, limit) => {
      const own = gateway.store.commit(change(record('a')), change(record('b')));
      const page = await readAfter(after, limit);
      gateway.feed.committed(own);
      return page;
    });
    gateway.feed.wake();
    await settle();
    expect(recent(gateway, 0)).toEqual([1, 2]);
  });

  it('should read nothing for a notification of what it has, and at once for what it has not', async () => {
    const gateway = await gateways.start();
    const { log } = gateway.store;
    log.notifies = false;
    gateway.feed.committed(gateway.store.commit(change(record('a'))));
    const { readAfter } = log.calls;
    gateway.feed.heard(toCursor(1));
    await settle();
    expect(log.calls.readAfter).toBe(readAfter);
    gateway.store.commit(change(record('b')));
    gateway.feed.heard(toCursor(2));
    await settle();
    expect(gateway.feed.head()).toBe(2);
  });

  it('should read on where a notification does not say where the log ends', async () => {
    const gateway = await gateways.start();
    gateway.store.log.notifies = false;
    gateway.store.commit(change(record('a')));
    gateway.feed.heard(null);
    await settle();
    expect(gateway.feed.head()).toBe(1);
  });

  it('should read a missed notification within a second', async () => {
    const gateway = await gateways.start();
    gateway.store.log.notifies = false;
    await gateway.commit('a');
    expect(gateway.feed.head()).toBe(0);
    await vi.advanceTimersByTimeAsync(1000);
    expect(gateway.feed.head()).toBe(1);
  });

  it('should read a backlog of many pages in order', async () => {
    const gateway = await gateways.start();
    await gateway.commit(...entries(1234));
    expect(recent(gateway, 0)).toEqual(Array.from({ length: 1234 }, (_, index) => index + 1));
    expect(gateway.view.size()).toBe(1234);
  });

  it('should miss nothing that is committed while it reads', async () => {
    const gateway = await gateways.start();
    const { log } = gateway.store;
    const read = log.readAfter.bind(log);
    log.readAfter = async (after, limit) => {
      const page = await read(after, limit);
      if (log.head < 5) gateway.store.commit(change(record(`n${log.head}`)));
      return page;
    };
    gateway.feed.wake();
    await settle();
    expect(gateway.feed.head()).toBe(5);
  });

  it('should report an outage, keep what it has, and go on where it stood', async () => {
    const gateway = await gateways.start();
    await gateway.commit('a');
    gateway.store.log.faults.next('readAfter', 'fail', 3);
    await gateway.commit('b');
    expect(gateway.errors).toEqual([expect.any(BackendError)]);
    expect([gateway.feed.head(), gateway.view.size()]).toEqual([1, 1]);
    await vi.advanceTimersByTimeAsync(3000);
    expect(gateway.errors).toHaveLength(3);
    expect(recent(gateway, 0)).toEqual([1, 2]);
  });

  it('should say when it last read to the end', async () => {
    const gateway = await gateways.start();
    gateway.store.log.faults.always('readAfter', 'fail');
    await vi.advanceTimersByTimeAsync(20_000);
    expect(gateway.feed.lastReadAt()).toBe(T0);
    gateway.store.log.faults.clear();
    await vi.advanceTimersByTimeAsync(1000);
    expect(gateway.feed.lastReadAt()).toBe(T0 + 21_000);
  });

  it('should start from what Postgres holds where the log was trimmed past this gateway', async () => {
    const gateway = await gateways.start();
    await gateway.commit('a');
    gateway.store.log.faults.always('readAfter', 'fail');
    await gateway.commit('b', 'c');
    gateway.store.log.trim(2);
    gateway.store.log.faults.clear();
    await vi.advanceTimersByTimeAsync(1000);
    expect([gateway.feed.head(), gateway.view.size()]).toEqual([3, 3]);
    expect(recent(gateway, 1)).toBeNull();
  });

  it('should start from what Postgres holds where Postgres was restored to an earlier state', async () => {
    const gateway = await gateways.start();
    await gateway.commit('a', 'b', 'c');
    gateway.store.log.restoreTo(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(gateway.feed.head()).toBe(1);
  });

  it('should read heartbeats within a second, and sooner when this gateway stored them: at once after silence, then four times a second', async () => {
    const gateway = await gateways.start();
    await gateway.commit('a');
    const beat = async (seconds: number) => {
      await gateway.store.recordLiveness([heartbeat('a', { uptimeSeconds: seconds })], Date.now(), NO_PROGRESS);
    };
    const uptime = () => gateway.view.get(nodeId('a'))?.liveness.uptimeSeconds;
    await beat(1);
    await settle();
    expect(uptime()).toBeNull();
    await vi.advanceTimersByTimeAsync(1000);
    expect(uptime()).toBe(1);
    await vi.advanceTimersByTimeAsync(300);
    await beat(2);
    gateway.feed.wakeForHeartbeats();
    await settle();
    expect(uptime()).toBe(2);
    for (const seconds of [3, 4]) {
      await beat(seconds);
      gateway.feed.wakeForHeartbeats();
      await settle();
    }
    expect(uptime()).toBe(2);
    await vi.advanceTimersByTimeAsync(250);
    expect(uptime()).toBe(4);
  });

  it('should go on reading heartbeats of other gateways when the clock is put back', async () => {
    const gateway = await gateways.start();
    await gateway.commit('a');
    vi.setSystemTime(T0 - 3_600_000);
    await gateway.store.recordLiveness([heartbeat('a', { uptimeSeconds: 1 })], T0 + 1, NO_PROGRESS);
    await vi.advanceTimersByTimeAsync(2000);
    expect(gateway.view.get('a')?.liveness.uptimeSeconds).toBe(1);
  });

  it('should not ask for heartbeats at every change', async () => {
    const gateway = await gateways.start();
    const asked = vi.spyOn(gateway.store, 'livenessSince');
    for (let i = 0; i < 20; i += 1) await gateway.commit(`n${i}`);
    expect(gateway.feed.head()).toBe(20);
    expect(asked).not.toHaveBeenCalled();
  });
});

describe('arrival', () => {
  it('should resolve when entries arrive', async () => {
    const gateway = await gateways.start();
    const arrival = watched(gateway.feed.arrival(3_600_000, new AbortController().signal));
    await vi.advanceTimersByTimeAsync(5000);
    expect(arrival.state()).toBe('pending');
    await gateway.commit('a');
    expect(arrival.state()).toBe('resolved');
  });

  it('should resolve when the gateway stops', async () => {
    const gateway = await gateways.start();
    const arrival = gateway.feed.arrival(3_600_000, new AbortController().signal);
    await gateway.stop();
    await arrival;
  });
});

describe('recentAfter', () => {
  it('should return at most the limit, from anywhere', async () => {
    const gateway = await gateways.start();
    await gateway.commit(...entries(10));
    expect(recent(gateway, 0, 3)).toEqual([1, 2, 3]);
    expect(recent(gateway, 7, 5)).toEqual([8, 9, 10]);
    expect(recent(gateway, 10)).toEqual([]);
  });

  it('should have nothing yet for a cursor that this gateway has not reached', async () => {
    const gateway = await gateways.start();
    await gateway.commit('a');
    expect(recent(gateway, 3)).toEqual([]);
    await gateway.commit('b', 'c', 'd', 'e');
    expect(recent(gateway, 3)).toEqual([4, 5]);
  });

  it('should hold 10,000 entries at most, and say so of older ones', async () => {
    const gateway = await gateways.start();
    await gateway.commit(...entries(10_001));
    const held = recent(gateway, 9000);
    expect(held?.length).toBe(1001);
    expect(recent(gateway, 0)).toBeNull();
    for (let from = 1; from < 10_001; from += 500) expect(recent(gateway, from)?.length ?? 0).toBeLessThanOrEqual(10_000);
    const oldest = Array.from({ length: 10_001 }, (_, from) => from).find((from) => recent(gateway, from, 1) !== null) ?? 0;
    expect(recent(gateway, oldest)).toHaveLength(10_001 - oldest);
    expect(recent(gateway, oldest - 1)).toBeNull();
  });
});
