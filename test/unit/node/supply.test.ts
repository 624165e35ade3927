import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Supply } from '../../../src/node/supply.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});

afterEach(() => {
  vi.useRealTimers();
});

function supply(source: () => number | Promise<number>, onError: (error: unknown) => void = () => undefined) {
  return new Supply<number>(source, { name: 'numbers', ttl: 1000, now: Date.now, onError });
}

it('should ask once for many who want to know at the same time', async () => {
  const source = vi.fn(async () => 7);
  const numbers = supply(source);
  expect(await Promise.all([numbers.get(), numbers.get(), numbers.get(true)])).toEqual([7, 7, 7]);
  expect(source).toHaveBeenCalledTimes(1);
});

it('should not wait for ever for a function that hangs', async () => {
  const hangs = supply(() => new Promise<number>(() => undefined));
  const asked = expect(hangs.get()).rejects.toThrow('the function that supplies numbers took longer than 5000 ms');
  await vi.advanceTimersByTimeAsync(5000);
  await asked;
});

it('should use the last good value when the function fails, and ask again the next time', async () => {
  const errors: unknown[] = [];
  const source = vi
    .fn<() => number>()
    .mockReturnValueOnce(1)
    .mockImplementationOnce(() => {
      throw new Error('broken');
    })
    .mockReturnValueOnce(3);
  const numbers = supply(source, (error) => errors.push(error));
  expect(await numbers.get()).toBe(1);
  expect(await numbers.get(true)).toBe(1);
  expect(errors).toHaveLength(1);
  expect(await numbers.get(true)).toBe(3);
});

it('should not trust a cache that was filled in the future', async () => {
  const source = vi.fn<() => number>().mockReturnValueOnce(1).mockReturnValueOnce(2);
  const numbers = supply(source);
  await numbers.get();
  vi.setSystemTime(900_000);
  expect(await numbers.get()).toBe(2);
});

it('should forget an answer that comes after another source was set', async () => {
  let answer: (value: number) => void = () => undefined;
  const numbers = supply(
    () =>
      new Promise<number>((resolve) => {
        answer = resolve;
      }),
  );
  const old = numbers.get();
  await vi.advanceTimersByTimeAsync(0);
  numbers.set(() => 2);
  answer(1);
  expect(await old).toBe(1);
  expect(await numbers.get()).toBe(2);
});
