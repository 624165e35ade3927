import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { unlessAborted } from '../../src/unless-aborted.ts';

const never = new Promise<void>(() => undefined);

describe('unlessAborted', () => {
  it('should wait for the work', async () => {
    expect(await unlessAborted(Promise.resolve('done'), new AbortController().signal)).toBe('done');
  });

  it('should throw what the work throws', async () => {
    await expect(unlessAborted(Promise.reject(new Error('broken')), new AbortController().signal)).rejects.toThrow('broken');
  });

  it('should end when the signal aborts, or had before', async () => {
    const abort = new AbortController();
    const waiting = unlessAborted(never, abort.signal);
    abort.abort();
    expect(await waiting).toBeNull();
    expect(await unlessAborted(never, abort.signal)).toBeNull();
  });

  it('should hear of no failure after that', async () => {
    const abort = new AbortController();
    let fail: (error: Error) => void = () => undefined;
    const waiting = unlessAborted(new Promise((_, reject) => (fail = reject)), abort.signal);
    abort.abort();
    await waiting;
    fail(new Error('too late'));
  });

  it('should leave no listener behind', async () => {
    const { signal } = new AbortController();
    await unlessAborted(Promise.resolve(), signal);
    await expect(unlessAborted(Promise.reject(new Error('broken')), signal)).rejects.toThrow();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
