import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { EitherSignal } from '../../src/either-signal.ts';

describe('a signal of several', () => {
  it.each([0, 1])('should abort with the first of them, and its reason', (index) => {
    const both = [new AbortController(), new AbortController()];
    const either = new EitherSignal(...both.map(({ signal }) => signal));
    expect(either.signal.aborted).toBe(false);
    const why = new Error(`the reason of ${index}`);
    both[index]?.abort(why);
    expect(either.signal.reason).toBe(why);
    both[1 - index]?.abort(new Error('too late'));
    expect(either.signal.reason).toBe(why);
  });

  it('should be aborted from the start where one of them is', () => {
    const why = new Error('long ago');
    expect(new EitherSignal(new AbortController().signal, AbortSignal.abort(why)).signal.reason).toBe(why);
  });

  it('should leave nothing behind at them once it has ended', () => {
    const life = new AbortController();
    const either = new EitherSignal(life.signal);
    either.end();
    expect(getEventListeners(life.signal, 'abort')).toEqual([]);
    life.abort();
    expect(either.signal.aborted).toBe(false);
  });
});
