import { getEventListeners } from 'node:events';
import { afterEach, expect, it, vi } from 'vitest';
import { Broadcast } from '../../../src/registry/broadcast.ts';

const HOUR = 3_600_000;

afterEach(() => {
  vi.useRealTimers();
});

it('should wake everybody who waits', async () => {
  const broadcast = new Broadcast();
  const { signal } = new AbortController();
  const all = Promise.all([broadcast.wait(HOUR, signal), broadcast.wait(HOUR, signal)]);
  broadcast.send();
  await all;
});

it('should not remember a send for whoever waits later', async () => {
  vi.useFakeTimers();
  const broadcast = new Broadcast();
  broadcast.send();
  let woken = false;
  const waiting = broadcast.wait(1000, new AbortController().signal).then(() => {
    woken = true;
  });
  await vi.advanceTimersByTimeAsync(999);
  expect(woken).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  await waiting;
});

it('should end a wait at once when the signal aborts, before or during it', async () => {
  const broadcast = new Broadcast();
  const controller = new AbortController();
  const during = broadcast.wait(HOUR, controller.signal);
  controller.abort();
  await during;
  await broadcast.wait(HOUR, controller.signal);
});

it('should leave no listener and no timer behind', async () => {
  vi.useFakeTimers();
  const broadcast = new Broadcast();
  const { signal } = new AbortController();
  // As many as Node takes for granted: more on one signal would be a warning.
  const waits = Array.from({ length: 10 }, () => broadcast.wait(HOUR, signal));
  expect(getEventListeners(signal, 'abort')).toHaveLength(10);
  broadcast.send();
  await Promise.all(waits);
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  expect(vi.getTimerCount()).toBe(0);
});
