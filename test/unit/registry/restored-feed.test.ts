import { describe, expect, it, vi } from 'vitest';
import { toCursor } from '../../../src/registry/cursor.ts';
import type { RegistrySnapshot } from '../../../src/registry/ports.ts';
import { heartbeat, nodeId, T0 } from './fakes/messages.ts';
import { change, record } from './fakes/node-record.ts';
import { entries, RunningFeed, settle, take, useGateways, watched } from './running-feed.ts';

const gateways = useGateways();

/** A gateway that serves a snapshot of its log, which went on to `entries` entries since; Postgres does not answer before `start`. */
function restored(later = 2): RunningFeed {
  const gateway = new RunningFeed();
  gateways.started.push(gateway);
  gateway.store.commit(change(record('a')), change(record('b')), change(record('c')));
  gateway.feed.restore(snapshotOf(gateway));
  gateway.store.commit(...entries(later));
  gateway.store.log.faults.always('readAfter', 'fail');
  gateway.store.log.faults.always('bounds', 'fail');
  return gateway;
}

function snapshotOf({ store }: RunningFeed): RegistrySnapshot {
  return { registryId: 'registry', cursor: store.log.head, asOf: T0 - 5000, nodes: store.nodes() };
}

/** Postgres answers. */
async function start(gateway: RunningFeed): Promise<void> {
  gateway.store.log.faults.clear();
  await gateway.start();
}

describe('a restored snapshot', () => {
  it('should be shown, with its age, until Postgres answers', async () => {
    const gateway = restored();
    expect(gateway.feed.freshness()).toEqual({ source: 'SNAPSHOT', asOf: T0 - 5000 });
    expect([gateway.feed.head(), gateway.view.size(), gateway.feed.lastReadAt()]).toEqual([3, 3, null]);
    await start(gateway);
    expect(gateway.feed.freshness()).toEqual({ source: 'LIVE', asOf: T0 });
    expect([gateway.feed.head(), gateway.view.size()]).toEqual([5, 5]);
  });

  it('should show what Postgres holds of signs of life as well, and follow them', async () => {
    const gateway = restored();
    const uptime = () => gateway.view.get(nodeId('a'))?.liveness.uptimeSeconds;
    const beat = (seconds: number) =>
      gateway.store.recordLiveness([heartbeat('a', { uptimeSeconds: seconds })], Date.now(), { processed: [], completed: [] });
    await beat(1);
    await start(gateway);
    expect(uptime()).toBe(1);
    await beat(2);
    await vi.advanceTimersByTimeAsync(1000);
    expect(uptime()).toBe(2);
  });

  it.each([0, 2, 1234])('should be followed by each of %d entries since, for subscribers of its time', async (later) => {
    const gateway = restored(later);
    const watching = gateways.subscribe(gateway, { snapshot: true });
    const resumed = gateways.subscribe(gateway, { after: toCursor(3) });
    expect((await take(watching, 4)).map(({ type, cursor }) => [type, cursor])).toEqual([
      ['SNAPSHOT', 1],
      ['SNAPSHOT', 2],
      ['SNAPSHOT', 3],
      ['BOOKMARK', 3],
    ]);
    const waiting = [take(watching, later + 1), take(resumed, later + 1)];
    await settle();
    await start(gateway);
    await gateway.commit('last');
    for (const events of waiting) {
      expect((await events).map(({ cursor }) => cursor)).toEqual(Array.from({ length: later + 1 }, (_, index) => 4 + index));
    }
  });

  it('should have no history before it, and none after it, while Postgres is away', async () => {
    const gateway = restored();
    for (const after of [1, 4]) {
      await expect(gateways.subscribe(gateway, { after: toCursor(after) }).next()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
    }
  });

  it('should end its subscribers with CURSOR_EXPIRED where the log was trimmed past it', async () => {
    const gateway = restored(5);
    const waiting = watched(gateways.subscribe(gateway).next());
    await settle();
    gateway.store.log.trim(6);
    await start(gateway);
    await expect(waiting.promise).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' });
    expect(gateway.view.size()).toBe(8);
  });

  it('should end its subscribers with CURSOR_INVALID where Postgres was restored to before it', async () => {
    const gateway = restored();
    const waiting = watched(gateways.subscribe(gateway).next());
    // Begun before, in the middle of its snapshot after.
    const reading = gateways.subscribe(gateway, { snapshot: true });
    await take(reading, 1);
    gateway.store.log.restoreTo(1);
    await start(gateway);
    await expect(waiting.promise).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
    await expect(take(reading, 4)).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
    expect([gateway.feed.head(), gateway.feed.restores()]).toEqual([1, 1]);
    gateway.store.log.restoreTo(0);
    await vi.advanceTimersByTimeAsync(1000);
    expect([gateway.feed.head(), gateway.feed.restores()]).toEqual([0, 2]);
  });

  it('should end its subscribers with SUBSCRIBER_TOO_SLOW, and where to go on, where more followed than memory holds', async () => {
    const gateway = restored(10_001);
    const waiting = watched(gateways.subscribe(gateway).next());
    await settle();
    await start(gateway);
    await expect(waiting.promise).rejects.toMatchObject({ code: 'SUBSCRIBER_TOO_SLOW', details: { lastCursor: '0000000000000003' } });
    expect((await take(gateways.subscribe(gateway, { after: toCursor(3) }), 10_001)).at(-1)?.cursor).toBe(10_004);
  });

  it('should not lose the entries since when Postgres goes again in the middle of the load', async () => {
    const gateway = restored();
    const waiting = take(gateways.subscribe(gateway), 2);
    await settle();
    gateway.store.log.faults.clear();
    gateway.store.log.faults.next('readAfter', 'fail');
    await expect(gateway.feed.load()).rejects.toThrow('readAfter');
    expect(gateway.feed.freshness()?.source).toBe('SNAPSHOT');
    await start(gateway);
    expect((await waiting).map(({ cursor }) => cursor)).toEqual([4, 5]);
  });

  it('should not be there any more once it is discarded, nor the cursors that it gave out', async () => {
    const gateway = restored();
    const waiting = watched(gateways.subscribe(gateway).next());
    await settle();
    gateway.feed.discard();
    await expect(waiting.promise).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
    expect([gateway.feed.freshness(), gateway.view.size(), gateway.feed.head()]).toEqual([null, 0, 0]);
  });
});

it('should end a subscriber with CURSOR_EXPIRED where the log was trimmed past a running gateway', async () => {
  const gateway = await gateways.start();
  await gateway.commit('a');
  const waiting = watched(gateways.subscribe(gateway).next());
  await settle();
  gateway.store.log.faults.always('readAfter', 'fail');
  await gateway.commit('b', 'c');
  gateway.store.log.trim(2);
  gateway.store.log.faults.clear();
  await vi.advanceTimersByTimeAsync(1000);
  await expect(waiting.promise).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' });
});
