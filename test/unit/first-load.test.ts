import { describe, expect, it, vi } from 'vitest';
import { BackendError } from '../../src/errors.ts';
import { firstLoad } from '../../src/first-load.ts';
import { toCursor } from '../../src/registry/cursor.ts';
import type { RegistrySnapshot } from '../../src/registry/ports.ts';
import { T0 } from './registry/fakes/messages.ts';
import { change, record } from './registry/fakes/node-record.ts';
import { recordedLog } from './registry/fakes/recorded-log.ts';
import { RunningFeed, settle, useGateways, watched } from './registry/running-feed.ts';

const down = (): Promise<string> => Promise.reject(new BackendError('postgres', 'connect ECONNREFUSED'));
const kept: RegistrySnapshot = {
  registryId: 'ours',
  cursor: toCursor(1),
  asOf: T0 - 60_000,
  nodes: [record('a', { cursor: toCursor(1) })],
};
useGateways();

/** A first load under way: Postgres holds the nodes a and b. */
function loading(options: { migrate: () => Promise<string>; read?: (() => Promise<RegistrySnapshot | null>) | null }) {
  const { read = async () => kept } = options;
  const gateway = new RunningFeed();
  gateway.store.commit(change(record('a')), change(record('b')));
  const { log, lines } = recordedLog();
  const registries: string[] = [];
  const stop = new AbortController();
  const parts = { migrate: options.migrate, feed: gateway.feed, snapshots: read === null ? null : { read }, log };
  const loaded = watched(firstLoad({ ...parts, onRegistry: (id) => registries.push(id) }, stop.signal));
  return { gateway, lines, registries, stop, loaded, said: () => JSON.stringify(lines), source: () => gateway.feed.freshness()?.source };
}

describe('a Postgres that answers', () => {
  it('should be all that is asked', async () => {
    const read = vi.fn(async () => kept);
    const { gateway, loaded, registries } = loading({ migrate: async () => 'ours', read });
    expect(await loaded.promise).toBe(true);
    expect([gateway.feed.head(), registries]).toEqual([2, ['ours']]);
    expect(read).not.toHaveBeenCalled();
  });

  it('should have half a second before the snapshot is served', async () => {
    let answer: (id: string) => void = () => undefined;
    const slow = new Promise<string>((resolve) => {
      answer = resolve;
    });
    const { gateway, loaded, source } = loading({ migrate: () => slow });
    await vi.advanceTimersByTimeAsync(499);
    expect(source()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect([source(), gateway.feed.head()]).toEqual(['SNAPSHOT', 1]);
    answer('ours');
    expect(await loaded.promise).toBe(true);
    expect([source(), gateway.feed.head()]).toEqual(['LIVE', 2]);
  });
});

describe('a Postgres that is down', () => {
  it('should be waited for with the snapshot served at once, read only once', async () => {
    const read = vi.fn(async () => kept);
    let migrate = down;
    const { gateway, loaded, source, registries, said } = loading({ migrate: () => migrate(), read });
    await settle();
    expect([source(), gateway.view.get('a')?.nodeId, registries]).toEqual(['SNAPSHOT', 'a', ['ours']]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(read).toHaveBeenCalledTimes(1);
    expect(said()).toContain('waiting for Postgres');
    migrate = async () => 'ours';
    await vi.advanceTimersByTimeAsync(2000);
    expect(await loaded.promise).toBe(true);
    expect([source(), gateway.feed.head(), gateway.feed.restores()]).toEqual(['LIVE', 2, 0]);
  });

  it('should be waited for with the snapshot served when it goes between the migration and the load', async () => {
    const { gateway, loaded, source } = loading({ migrate: async () => 'ours' });
    gateway.store.faults.next('loadAll', 'before');
    await settle();
    expect(source()).toBe('SNAPSHOT');
    await vi.advanceTimersByTimeAsync(2000);
    expect(await loaded.promise).toBe(true);
  });

  it('should be waited for without anything to serve where no snapshot is configured, or there is none yet', async () => {
    for (const read of [null, async () => null]) {
      const { loaded, source, stop } = loading({ migrate: down, read });
      await vi.advanceTimersByTimeAsync(5000);
      expect([loaded.state(), source()]).toEqual(['pending', undefined]);
      stop.abort();
      expect(await loaded.promise).toBe(false);
    }
  });

  it('should be waited for when the snapshot cannot be used, which is said once', async () => {
    const { loaded, source, lines, stop } = loading({ migrate: down, read: () => Promise.reject(new Error('it was cut short')) });
    await vi.advanceTimersByTimeAsync(5000);
    expect(source()).toBeUndefined();
    expect(lines.filter((line) => JSON.stringify(line).includes('it was cut short'))).toHaveLength(1);
    stop.abort();
    expect(await loaded.promise).toBe(false);
  });
});

it('should throw the snapshot of another registry away, loudly, before it loads that in Postgres', async () => {
  let migrate = down;
  const { gateway, loaded, lines, registries } = loading({ migrate: () => migrate() });
  await settle();
  migrate = async () => 'another';
  gateway.store.faults.next('loadAll', 'before');
  await vi.advanceTimersByTimeAsync(2000);
  expect([gateway.feed.freshness(), gateway.view.size()]).toEqual([null, 0]);
  expect(lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(2000);
  expect(await loaded.promise).toBe(true);
  expect([registries.at(-1), gateway.view.size(), gateway.feed.restores()]).toEqual(['another', 2, 1]);
});

it('should not wait for a Postgres that hangs once it is to end', async () => {
  const { loaded, stop, source } = loading({ migrate: () => new Promise<string>(() => undefined) });
  await vi.advanceTimersByTimeAsync(4000);
  expect([loaded.state(), source()]).toEqual(['pending', 'SNAPSHOT']);
  stop.abort();
  expect(await loaded.promise).toBe(false);
});

it('should throw what waiting does not mend', async () => {
  const { loaded } = loading({ migrate: () => Promise.reject(new Error('the migrations are missing')) });
  await expect(loaded.promise).rejects.toThrow('the migrations are missing');
});
