import { expect, test, vi } from 'vitest';
import { EMPTY_FLEET, MARK_LASTS } from '../../../src/dashboard/fleet/fleet.ts';
import { FleetStore } from '../../../src/dashboard/fleet/fleet-store.ts';
import { Session } from '../../../src/dashboard/gateway/session.ts';
import { bookmark, changed, fleetNode, snapshotOf } from './fleet-node.ts';

test('a thousand events before the next picture are one change of the fleet', () => {
  const frames: (() => void)[] = [];
  const store = new FleetStore({ nextFrame: (callback) => frames.push(callback), now: () => 0 });
  let changes = 0;
  store.fleet.subscribe(() => {
    changes += 1;
  });
  store.begin(false);
  for (let position = 1; position <= 1000; position += 1) store.deliver(snapshotOf(position, fleetNode(`node-${position}`)));
  store.deliver(bookmark(1000));
  expect([frames.length, changes]).toEqual([1, 1]);
  frames[0]?.();
  expect([changes, store.fleet.get().nodes.size, store.fleet.get().isWhole]).toEqual([2, 1000, true]);
});

test('marks go by themselves', () => {
  vi.useFakeTimers();
  try {
    const store = new FleetStore({ nextFrame: (callback) => callback(), now: () => Date.now() });
    store.deliver(changed(1, 'ADDED', fleetNode('a')));
    expect(store.fleet.get().marks.size).toBe(1);
    vi.advanceTimersByTime(2 * MARK_LASTS);
    expect(store.fleet.get().marks.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test('another viewer begins with nothing', () => {
  const store = new FleetStore({ nextFrame: (callback) => callback(), now: () => 0 });
  store.deliver(changed(1, 'ADDED', fleetNode('a')));
  store.forget();
  expect(store.fleet.get()).toBe(EMPTY_FLEET);
});

test('a token stays in its tab until one logs out', () => {
  const held = new Map<string, string>();
  const storage = {
    getItem: (key: string) => held.get(key) ?? null,
    setItem: (key: string, value: string) => void held.set(key, value),
    removeItem: (key: string) => void held.delete(key),
  };
  new Session(storage).logIn('a-token-of-sixteen-letters');
  const again = new Session(storage);
  expect(again.token).toBe('a-token-of-sixteen-letters');
  again.refuse('The token has expired.');
  expect(again.state.get()).toEqual({ token: 'a-token-of-sixteen-letters', refusal: 'The token has expired.' });
  again.logOut();
  expect([again.token, held.size]).toEqual([null, 0]);
});
