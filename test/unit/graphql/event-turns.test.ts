import { expect, it } from 'vitest';
import { EventTurns } from '../../../src/graphql/event-turns.ts';

async function* counting(count: number): AsyncGenerator<number, void, undefined> {
  for (let index = 0; index < count; index++) yield index;
}

it('should let others have a turn between the events of one subscription', async () => {
  const turns = new EventTurns();
  let others = 0;
  let isOver = false;
  const other = () => {
    others += 1;
    if (!isOver) setImmediate(other);
  };
  setImmediate(other);
  const seen: number[] = [];
  for await (const event of turns.paced(counting(1000))) seen.push(event);
  isOver = true;
  expect(seen).toEqual(Array.from({ length: 1000 }, (_, index) => index));
  expect(others).toBeGreaterThan(1000 / 25 - 5);
});

it('should let others have a turn between many subscriptions that are woken at once, and forget none', async () => {
  const turns = new EventTurns();
  let others = 0;
  let isOver = false;
  const other = () => {
    others += 1;
    if (!isOver) setImmediate(other);
  };
  setImmediate(other);
  const firsts = await Promise.all(Array.from({ length: 1000 }, () => turns.paced(counting(1)).next()));
  isOver = true;
  expect(firsts.every(({ value }) => value === 0)).toBe(true);
  expect(others).toBeGreaterThan(1000 / 25 - 5);
});

it('should hold nobody up where little happens', async () => {
  const turns = new EventTurns();
  const events = turns.paced(counting(2));
  expect([await events.next(), await events.next(), await events.next()]).toEqual([
    { done: false, value: 0 },
    { done: false, value: 1 },
    { done: true, value: undefined },
  ]);
});

it('should end at once, and with what the source throws', async () => {
  const turns = new EventTurns();
  const silent: AsyncGenerator<number, void, undefined> = {
    next: () => new Promise(() => undefined),
    return: async () => ({ done: true, value: undefined }),
    throw: async () => ({ done: true, value: undefined }),
    [Symbol.asyncIterator]: () => silent,
  };
  const waiting = turns.paced(silent);
  void waiting.next();
  expect(await waiting.return()).toEqual({ done: true, value: undefined });
  const failing = turns.paced(
    (async function* (): AsyncGenerator<number, void, undefined> {
      yield 1;
      throw new Error('the source failed');
    })(),
  );
  await failing.next();
  await expect(failing.next()).rejects.toThrow('the source failed');
});
