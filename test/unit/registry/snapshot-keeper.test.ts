import { describe, expect, it, vi } from 'vitest';
import type { RegistrySnapshot } from '../../../src/registry/ports.ts';
import { SnapshotKeeper } from '../../../src/registry/snapshot-keeper.ts';
import { REGISTRY_ID } from './fakes/memory-catalog.ts';
import { T0 } from './fakes/messages.ts';
import { recordedLog } from './fakes/recorded-log.ts';
import { RunningFeed, useGateways } from './running-feed.ts';

const INTERVAL = 30_000;
const gateways = useGateways();

function keeperOf({ feed, view }: RunningFeed) {
  const written: RegistrySnapshot[] = [];
  const disk: { failure: Error | null } = { failure: null };
  const { log, lines } = recordedLog();
  const keeper = new SnapshotKeeper({
    store: {
      read: () => Promise.resolve(null),
      write: async (snapshot) => {
        if (disk.failure !== null) throw disk.failure;
        written.push(snapshot);
      },
    },
    feed,
    view,
    registryId: () => REGISTRY_ID,
    interval: INTERVAL,
    now: () => Date.now(),
    log,
  });
  /** What an interval does. */
  const tick = async (intervals = 1) => {
    for (let passed = 0; passed < intervals; passed += 1) {
      await vi.advanceTimersByTimeAsync(INTERVAL);
      await keeper.keep();
    }
  };
  return { keeper, written, disk, lines, tick };
}

describe('keep', () => {
  it('should write nothing before the registry is loaded, nor what came from a snapshot', async () => {
    const gateway = new RunningFeed();
    const { keeper, written } = keeperOf(gateway);
    await keeper.keep();
    gateway.feed.restore({ registryId: REGISTRY_ID, cursor: gateway.feed.head(), asOf: T0, nodes: [] });
    await keeper.keep();
    await keeper.finish();
    expect(written).toEqual([]);
    expect(keeper.lastAsOf()).toBeNull();
  });

  it('should write where the log went on since the last time, and not where it did not', async () => {
    const gateway = await gateways.start();
    const { keeper, written, tick } = keeperOf(gateway);
    await gateway.commit('a', 'b');
    await tick();
    expect(written).toMatchObject([{ registryId: REGISTRY_ID, cursor: 2, nodes: [{ nodeId: 'a' }, { nodeId: 'b' }] }]);
    await tick(3);
    expect(written).toHaveLength(1);
    await gateway.commit('c');
    await tick();
    expect(written.map(({ cursor }) => cursor)).toEqual([2, 3]);
    expect(keeper.lastAsOf()).toBe(T0 + 5 * INTERVAL);
  });

  it('should write again after ten quiet intervals, while Postgres answers', async () => {
    const gateway = await gateways.start();
    const { written, tick } = keeperOf(gateway);
    await tick(10);
    expect(written).toHaveLength(1);
    await tick();
    expect(written.map(({ asOf }) => asOf - T0)).toEqual([INTERVAL, 11 * INTERVAL]);
    gateway.store.log.faults.always('readAfter', 'fail');
    await tick(30);
    expect(written).toHaveLength(2);
  });

  it('should write again when the clock was put back', async () => {
    const gateway = await gateways.start();
    const { written, tick } = keeperOf(gateway);
    await tick();
    vi.setSystemTime(T0 - 3_600_000);
    await tick();
    expect(written).toHaveLength(2);
  });

  it('should write what belongs together, whatever changes meanwhile', async () => {
    const gateway = await gateways.start();
    const { written, tick } = keeperOf(gateway);
    await gateway.commit('a');
    await tick();
    await gateway.commit('b');
    expect(written[0]).toMatchObject({ cursor: 1, nodes: [{ nodeId: 'a' }] });
  });

  it('should log and count a failure, and try again at the next interval', async () => {
    const gateway = await gateways.start();
    const { keeper, written, disk, lines, tick } = keeperOf(gateway);
    disk.failure = new Error('ENOSPC: no space left on device');
    await tick(2);
    expect(keeper.counts()).toEqual({ written: 0, failed: 2 });
    expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(2);
    expect(JSON.stringify(lines)).toContain('ENOSPC');
    disk.failure = null;
    await tick();
    expect(written).toHaveLength(1);
    expect(keeper.counts()).toEqual({ written: 1, failed: 2 });
  });
});

describe('finish', () => {
  it('should write what was read since, without a new entry too', async () => {
    const gateway = await gateways.start();
    const { keeper, written, tick } = keeperOf(gateway);
    await tick();
    await keeper.finish();
    expect(written).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2000);
    await keeper.finish();
    expect(written).toHaveLength(2);
  });
});
