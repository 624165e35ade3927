import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { atMost } from '../../src/at-most.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('atMost', () => {
  it('should wait for the work, and leave no timer behind', async () => {
    await atMost(1000, Promise.resolve());
    expect(vi.getTimerCount()).toBe(0);
  });

  it('should throw what the work throws', async () => {
    await expect(atMost(1000, Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    const later = atMost(1000, new Promise((_, reject) => setTimeout(() => reject(new Error('broken later')), 500)));
    const thrown = expect(later).rejects.toThrow('broken later');
    await vi.advanceTimersByTimeAsync(500);
    await thrown;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('should wait no longer than that', async () => {
    let hasEnded = false;
    const waiting = atMost(1000, new Promise(() => undefined)).then(() => {
      hasEnded = true;
    });
    await vi.advanceTimersByTimeAsync(999);
    expect(hasEnded).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await waiting;
  });
});
