import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cached, cacheFolder } from '../../../src/local/cache.ts';
import { until } from '../../until.ts';

const never = new AbortController().signal;
const waiting = { onWait: () => undefined, signal: never };

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cache-'));
});

afterEach(() => rm(folder, { recursive: true }));

it('should be where the user says, else where the system says', () => {
  expect(cacheFolder({ DISCOVERY_GATEWAY_CACHE: '/a', XDG_CACHE_HOME: '/b', HOME: '/c' })).toBe('/a');
  expect(cacheFolder({ XDG_CACHE_HOME: '/b', HOME: '/c' })).toBe('/b/discovery-gateway');
  expect(cacheFolder({ HOME: '/c' })).toBe('/c/.cache/discovery-gateway');
});

it('should build once for many that ask at the same time', async () => {
  const entry = join(folder, 'deep', 'thing');
  let builds = 0;
  let waits = 0;
  const ask = () =>
    cached(
      entry,
      async (target) => {
        builds++;
        await until('the others wait', () => waits === 2);
        await writeFile(join(target, 'file'), 'whole');
      },
      { onWait: () => waits++, signal: never },
    );
  expect(await Promise.all([ask(), ask(), ask()])).toEqual([entry, entry, entry]);
  expect(builds).toBe(1);
  expect(waits).toBe(2);
  expect(await ask()).toBe(entry);
  expect(builds).toBe(1);
  expect(await readFile(join(entry, 'file'), 'utf8')).toBe('whole');
  expect(await readdir(join(folder, 'deep'))).toEqual(['thing']);
});

it('should leave nothing of a build that fails, and build anew', async () => {
  const entry = join(folder, 'thing');
  const failing = cached(
    entry,
    async (target) => {
      await writeFile(join(target, 'half'), '');
      throw new Error('no network');
    },
    waiting,
  );
  await expect(failing).rejects.toThrow('no network');
  expect(await readdir(folder)).toEqual([]);
  await cached(entry, async () => undefined, waiting);
  expect(await readdir(folder)).toEqual(['thing']);
});

it('should take over from a builder that died', async () => {
  // The highest id that Linux can give is 2^22.
  await writeFile(join(folder, 'thing.lock'), String(2 ** 22 + 1));
  const build = async (target: string) => writeFile(join(target, 'file'), '');
  await cached(join(folder, 'thing'), build, waiting);
  expect(await readdir(folder)).toEqual(['thing']);
});

it('should give up waiting for another builder when it is aborted', async () => {
  const lock = join(folder, 'thing.lock');
  await writeFile(lock, String(process.pid));
  const abort = new AbortController();
  const onWait = (held: string) => {
    expect(held).toBe(lock);
    abort.abort(new Error('enough'));
  };
  await expect(cached(join(folder, 'thing'), async () => undefined, { onWait, signal: abort.signal })).rejects.toThrow('enough');
  expect(await readdir(folder)).toEqual(['thing.lock']);
});
