import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { atTime } from '../../../../src/http/auth/expiry.ts';

const DAY = 86_400_000;

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

function called(time: number) {
  const call = vi.fn();
  return { call, cancel: atTime(time, Date.now, call) };
}

it('should call at its time', () => {
  const { call } = called(1000);
  vi.advanceTimersByTime(999);
  expect(call).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(call).toHaveBeenCalledTimes(1);
});

it('should wait longer than the longest timer that there is, which would fire at once beyond', () => {
  const { call } = called(100 * DAY);
  vi.advanceTimersByTime(99 * DAY);
  expect(call).not.toHaveBeenCalled();
  vi.advanceTimersByTime(DAY);
  expect(call).toHaveBeenCalledTimes(1);
});

it('should call soon, and not within the call, for a time that has passed', () => {
  const { call } = called(-5);
  expect(call).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(call).toHaveBeenCalledTimes(1);
});

it('should be called off, also after its first wait', () => {
  const early = called(1000);
  early.cancel();
  const late = called(60 * DAY);
  vi.advanceTimersByTime(30 * DAY);
  late.cancel();
  vi.advanceTimersByTime(60 * DAY);
  expect(early.call).not.toHaveBeenCalled();
  expect(late.call).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(0);
});
