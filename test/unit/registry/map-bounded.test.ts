import { expect, it } from 'vitest';
import { mapBounded } from '../../../src/registry/map-bounded.ts';
import { until } from '../../until.ts';

/** Work that ends when the test says so. */
function gate() {
  const running: (() => void)[] = [];
  let most = 0;
  let now = 0;
  const pass = async () => {
    now += 1;
    most = Math.max(most, now);
    await new Promise<void>((resolve) => running.push(resolve));
    now -= 1;
  };
  return { pass, running, most: () => most };
}

it('should run side by side up to the limit, and never beyond', async () => {
  const { pass, running, most } = gate();
  let ended = false;
  const all = mapBounded([1, 2, 3, 4, 5, 6, 7], 3, pass).then(() => {
    ended = true;
  });
  await until('three run', () => running.length === 3);
  while (!ended) {
    running.shift()?.();
    await new Promise(setImmediate);
  }
  await all;
  expect(most()).toBe(3);
});

it('should return the results in the order of the items, whichever ends first', async () => {
  const ends = new Map<number, () => void>();
  const results = mapBounded([0, 1, 2], 3, async (item) => {
    await new Promise<void>((resolve) => ends.set(item, resolve));
    return item * 10;
  });
  for (const item of [2, 0, 1]) ends.get(item)?.();
  expect(await results).toEqual([0, 10, 20]);
});

it('should keep undefined results', async () => {
  expect(await mapBounded([1, 2], 1, async () => undefined)).toEqual([undefined, undefined]);
});

it('should do nothing for nothing', async () => {
  expect(await mapBounded([], 5, () => Promise.reject(new Error('called')))).toEqual([]);
});

it('should reject with the failure only after everything that runs has ended', async () => {
  let slowEnded = false;
  let endSlow = () => {};
  const all = mapBounded(['fails', 'slow'], 2, async (item) => {
    if (item === 'fails') throw new Error('no');
    await new Promise<void>((resolve) => {
      endSlow = resolve;
    });
    slowEnded = true;
  });
  const seen = all.catch((error: unknown) => ({ error, slowEnded }));
  await new Promise(setImmediate);
  endSlow();
  expect(await seen).toEqual({ error: new Error('no'), slowEnded: true });
});
