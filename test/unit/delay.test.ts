import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { delay } from '../../src/delay.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

it('should resolve after the time, and not before', async () => {
  let over = false;
  const waiting = delay(500).then(() => {
    over = true;
  });
  await vi.advanceTimersByTimeAsync(499);
  expect(over).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  await waiting;
});

it('should resolve at once when the signal aborts, and leave nothing behind', async () => {
  const controller = new AbortController();
  const waiting = delay(60_000, controller.signal);
  controller.abort();
  await waiting;
  expect(vi.getTimerCount()).toBe(0);
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
});

it('should not start to wait under a signal that was aborted already', async () => {
  await delay(60_000, AbortSignal.abort());
  expect(vi.getTimerCount()).toBe(0);
});

it('should take its listener off a signal that never aborts', async () => {
  const { signal } = new AbortController();
  const waiting = delay(10, signal);
  await vi.advanceTimersByTimeAsync(10);
  await waiting;
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});
