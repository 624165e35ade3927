import { expect, it } from 'vitest';
import { endingWith, within } from '../../../src/http/bounded-answer.ts';

const late = () => 'late';
const never = () => new Promise<never>(() => undefined);

async function all(parts: unknown): Promise<unknown[]> {
  if (typeof parts !== 'object' || parts === null || !(Symbol.asyncIterator in parts)) throw new Error('no parts');
  const iterator = parts[Symbol.asyncIterator];
  if (typeof iterator !== 'function') throw new Error('no parts');
  const seen: unknown[] = [];
  for await (const part of { [Symbol.asyncIterator]: () => iterator.call(parts) }) seen.push(part);
  return seen;
}

it('should leave what is there as it is, and what comes in time', async () => {
  expect(within(10, 'now', late)).toBe('now');
  expect(await within(1000, Promise.resolve('soon'), late)).toBe('soon');
  await expect(within(1000, Promise.reject(new Error('failed')), late)).rejects.toThrow('failed');
});

it('should put in for what is late', async () => {
  expect(await within(5, never(), late)).toBe('late');
});

it('should end parts that come too late, and let go of their source', async () => {
  let isLetGo = false;
  const source = {
    count: 0,
    next() {
      this.count += 1;
      return this.count > 2 ? never() : Promise.resolve({ done: false, value: this.count });
    },
    async return() {
      isLetGo = true;
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  expect(await all(within(20, source, late))).toEqual([1, 2, 'late']);
  expect(isLetGo).toBe(true);
});

it('should pass parts on that come in time', async () => {
  async function* source() {
    yield 1;
    yield 2;
  }
  expect(await all(within(1000, source(), late))).toEqual([1, 2]);
  expect(await all(await within(1000, Promise.resolve(source()), late))).toEqual([1, 2]);
});

it('should tell the end once it is over: at its end, when it is left, when it fails, and where it has no parts', async () => {
  const ends: string[] = [];
  async function* source() {
    yield 1;
    yield 2;
  }
  async function* failing() {
    yield 1;
    throw new Error('failed');
  }
  await all(await endingWith(() => void ends.push('end'), source));
  await expect(all(await endingWith(() => void ends.push('failure'), failing))).rejects.toThrow('failed');
  await endingWith(
    () => void ends.push('no parts'),
    () => ({ errors: [] }),
  );
  const refused = endingWith(
    () => void ends.push('thrown'),
    () => Promise.reject(new Error('refused')),
  );
  await expect(refused).rejects.toThrow('refused');
  expect(ends).toEqual(['end', 'failure', 'no parts', 'thrown']);
});
