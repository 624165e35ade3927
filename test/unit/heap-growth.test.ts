import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const SOURCE = new URL('../../src/heap-growth.ts', import.meta.url).href;

/** Keeps some 10 MB, throws away 100 MB that lived long enough for the old part of the heap, and prints how much was held at the most for each byte kept. */
const PROGRAM = `
  import { limitHeapGrowth } from ${JSON.stringify(SOURCE)};
  limitHeapGrowth();
  const ring = new Array(40_000);
  for (let index = 0; index < ring.length; index += 1) ring[index] = [index, new Array(20)];
  gc();
  const kept = process.memoryUsage().heapUsed;
  let most = 0;
  for (let index = 0; index < 400_000; index += 1) {
    ring[index % ring.length] = [index, new Array(20)];
    if (index % 10_000 === 0) most = Math.max(most, process.memoryUsage().heapUsed);
  }
  console.log(most / kept);
`;

async function heldForEachByteKept(...options: string[]): Promise<number> {
  const run = promisify(execFile)(process.execPath, [
    '--expose-gc',
    // The young part, on top, is small then.
    '--max-semi-space-size=1',
    // So that the figures do not depend on when a helper thread, or a step of marking, gets its turn.
    '--single-threaded-gc',
    '--no-incremental-marking',
    '--import',
    'tsx',
    ...options,
    '--input-type=module',
    '-e',
    PROGRAM,
  ]);
  return Number((await run).stdout);
}

it('should hold little more in memory than is in use, unless the operator chose otherwise', async () => {
  const [ours, chosen] = await Promise.all([heldForEachByteKept(), heldForEachByteKept('--heap-growing-percent=250')]);

  expect(ours).toBeLessThan(2);
  expect(chosen).toBeGreaterThan(3);
});
