import { describe, expect, it, vi } from 'vitest';
import type { ChangeEvent } from '../../../src/registry/change.ts';
import { T0 } from './fakes/messages.ts';
import { change, record } from './fakes/node-record.ts';
import { BOOKMARK_INTERVAL, settle, take, useGateways, watched } from './running-feed.ts';

const gateways = useGateways();
const told = (events: readonly ChangeEvent[]) => events.map(({ type, nodeId, cursor }) => `${type} ${nodeId ?? ''}@${cursor}`);

describe('snapshot', () => {
  it('should be the registered nodes in the order of their latest change, one bookmark, then live changes', async () => {
    const gateway = await gateways.start();
    const gone = record('gone', { state: 'REMOVED' });
    await gateway.commit('a', 'b', change(gone, { type: 'REMOVED' }), change(record('a'), { type: 'MODIFIED' }));
    const events = gateways.subscribe(gateway, { snapshot: true });
    expect(told(await take(events, 3))).toEqual(['SNAPSHOT b@2', 'SNAPSHOT a@4', 'BOOKMARK @4']);
    const next = take(events, 1);
    await gateway.commit('c');
    expect(told(await next)).toEqual(['ADDED c@5']);
  });

  it('should be an empty set and its bookmark where nothing is registered', async () => {
    expect(told(await take(gateways.subscribe(await gateways.start(), { snapshot: true }), 1))).toEqual(['BOOKMARK @0']);
  });

  it('should hold only what matches the filter', async () => {
    const gateway = await gateways.start();
    await gateway.commit(change(record('a', { type: 'reducer' })), 'b');
    expect(told(await take(gateways.subscribe(gateway, { snapshot: true, filter: { nodeTypes: ['Reducer'] } }), 2))).toEqual([
      'SNAPSHOT a@1',
      'BOOKMARK @2',
    ]);
  });

  it('should miss nothing that is committed while it is being read', async () => {
    const gateway = await gateways.start();
    await gateway.commit('a', 'b', 'c');
    const events = gateways.subscribe(gateway, { snapshot: true });
    const seen = await take(events, 1);
    await gateway.commit('d', change(record('b', { state: 'REMOVED' }), { type: 'REMOVED', before: { type: 'effect', capabilities: [] } }));
    seen.push(...(await take(events, 5)));
    expect(told(seen)).toEqual(['SNAPSHOT a@1', 'SNAPSHOT b@2', 'SNAPSHOT c@3', 'BOOKMARK @3', 'ADDED d@4', 'REMOVED b@5']);
  });

  it('should resume from any of its events like anything else', async () => {
    const gateway = await gateways.start();
    await gateway.commit('a', 'b', 'c', 'd');
    const [, second] = await take(gateways.subscribe(gateway, { snapshot: true }), 2);
    expect(second?.nodeId).toBe('b');
    expect(told(await take(gateways.subscribe(gateway, { after: second?.cursor }), 2))).toEqual(['ADDED c@3', 'ADDED d@4']);
  });
});

describe('bookmarks', () => {
  it('should arrive after each interval of silence, with the position', async () => {
    const gateway = await gateways.start();
    const events = gateways.subscribe(gateway);
    const both = take(events, 2);
    await vi.advanceTimersByTimeAsync(BOOKMARK_INTERVAL);
    await vi.advanceTimersByTimeAsync(BOOKMARK_INTERVAL);
    expect((await both).map(({ type, cursor, occurredAt }) => [type, cursor, occurredAt])).toEqual([
      ['BOOKMARK', 0, T0 + BOOKMARK_INTERVAL],
      ['BOOKMARK', 0, T0 + 2 * BOOKMARK_INTERVAL],
    ]);
  });

  it('should pass every filter, and say how far the log was seen though nothing matched', async () => {
    const gateway = await gateways.start();
    const events = gateways.subscribe(gateway, { filter: { nodeIds: ['nobody'], changeTypes: ['ADDED'] } });
    const next = take(events, 1);
    for (let second = 0; second < BOOKMARK_INTERVAL / 1000; second += 1) {
      await gateway.commit(`n${second}`);
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(told(await next)).toEqual([`BOOKMARK @${BOOKMARK_INTERVAL / 1000}`]);
  });

  it('should be counted from the last event on', async () => {
    const gateway = await gateways.start();
    const events = gateways.subscribe(gateway);
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
    const gateway = await gateways.start();
    const events = gateways.subscribe(gateway);
    const next = watched(events.next());
    await settle();
    vi.setSystemTime(T0 - 3_600_000);
    await vi.advanceTimersByTimeAsync(BOOKMARK_INTERVAL);
    expect(next.state()).toBe('resolved');
  });
});
