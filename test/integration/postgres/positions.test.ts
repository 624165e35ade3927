import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Outcome, Progress } from '../../../src/registry/ports.ts';
import { nodeId } from '../../unit/consul/node-content.ts';
import { until } from '../../until.ts';
import { holdNumbers } from './held-numbers.ts';
import { addition, type MigratedRegistry, migratedRegistry, type StoreOfOne } from './migrated-registry.ts';
import { NOON, nodeRecord } from './node-record.ts';

/** Messages of one partition by their offsets, and up to where it is completed. */
function progress(topic: string, outcomes: Readonly<Record<string, Outcome>>, nextOffset?: string): Progress {
  return {
    processed: Object.entries(outcomes).map(([offset, outcome]) => ({ position: { topic, partition: 0, offset }, outcome })),
    completed: nextOffset === undefined ? [] : [{ topic, partition: 0, nextOffset }],
  };
}

describe('positions', () => {
  let registry: MigratedRegistry;
  let one: StoreOfOne;
  let other: StoreOfOne;

  beforeAll(async () => {
    registry = await migratedRegistry();
    one = registry.open();
    other = registry.open();
  });

  afterAll(() => registry.close());

  const record = (said: Progress, gateway = one) => gateway.store.recordLiveness([], NOON, said);
  const counted = async (topic: string) => {
    const [row] = await registry.sql(
      `select next_offset::int as next, ahead::int[] as ahead, applied::int, unchanged::int, superseded::int, rejected::int,
         heartbeat::int, acknowledged::int, ignored::int
       from consumer_positions where topic = $1`,
      [topic],
    );
    return row;
  };

  it('should count every outcome under its name', async () => {
    const outcomes: Outcome[] = ['applied', 'unchanged', 'superseded', 'rejected', 'heartbeat', 'acknowledged', 'ignored'];
    // So many of each that no two counts are equal.
    const said = outcomes.flatMap((outcome, index) => Array.from({ length: index + 1 }, () => outcome));
    await record(progress('names', Object.fromEntries(said.map((outcome, offset) => [offset, outcome])), String(said.length)));
    expect(await counted('names')).toEqual({
      next: 28,
      ahead: [],
      applied: 1,
      unchanged: 2,
      superseded: 3,
      rejected: 4,
      heartbeat: 5,
      acknowledged: 6,
      ignored: 7,
    });
  });

  it('should count a message once that is delivered again, whatever becomes of it then', async () => {
    await record(progress('again', { 0: 'applied', 1: 'applied' }, '2'));
    await record(progress('again', { 0: 'unchanged', 1: 'superseded', 2: 'applied' }, '3'), other);
    expect(await counted('again')).toMatchObject({ next: 3, applied: 3, unchanged: 0, superseded: 0 });
  });

  it('should remember what was done ahead of the completed, and forget it when that caught up', async () => {
    await record(progress('ahead', { 5: 'applied', 7: 'applied' }));
    expect(await counted('ahead')).toMatchObject({ next: 0, ahead: [5, 7], applied: 2 });
    // A crash: everything comes again, in another order.
    await record(progress('ahead', { 7: 'unchanged', 4: 'applied' }));
    await record(progress('ahead', { 5: 'unchanged', 6: 'rejected' }, '8'));
    expect(await counted('ahead')).toMatchObject({ next: 8, ahead: [], applied: 3, rejected: 1, unchanged: 0 });
  });

  it('should never fall back to an earlier offset', async () => {
    await record(progress('back', { 9: 'applied' }, '10'));
    await record(progress('back', { 3: 'applied' }, '4'));
    expect(await counted('back')).toMatchObject({ next: 10, applied: 1 });
  });

  it('should hold offsets beyond 32 bits', async () => {
    await record(progress('far', { 9007199254740000: 'applied' }, '9007199254740001'));
    await record(progress('far', { 9007199254740000: 'applied' }));
    const rows = await registry.sql(`select next_offset, applied from consumer_positions where topic = 'far'`);
    expect(rows).toEqual([{ next_offset: '9007199254740001', applied: '1' }]);
  });

  it('should count once where two gateways work the same messages of a new partition at the same time', async () => {
    const id = nodeId('rebalanced-1');
    const numbers = await holdNumbers(registry.config.url);
    // The first has written its position, and has not committed.
    const first = one.store.transact([id], [], async () => ({
      ...addition(nodeRecord(id)),
      ...progress('rebalanced', { 0: 'applied' }, '1'),
    }));
    await numbers.stalled(1);
    const second = record(progress('rebalanced', { 0: 'superseded', 1: 'superseded' }), other);
    await until('the second waits for the first', async () => {
      const rows = await registry.sql(
        `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%consumer_positions%'`,
      );
      return rows.length === 1;
    });
    await numbers.release();
    await Promise.all([first, second]);
    expect(await counted('rebalanced')).toMatchObject({ next: 1, ahead: [1], applied: 1, superseded: 1 });
  });

  it('should count once where two gateways work the same messages of a known partition at the same time', async () => {
    await record(progress('shared', {}, '0'));
    // As after a rebalance: both have the same batch, and each splits it in transactions of its own.
    const rounds = Array.from({ length: 30 }, (_, offset) => [
      record(progress('shared', { [offset]: 'applied' }), one),
      record(progress('shared', { [offset]: 'applied' }), other),
    ]);
    await Promise.all(rounds.flat());
    await record(progress('shared', {}, '30'));
    expect(await counted('shared')).toMatchObject({ next: 30, ahead: [], applied: 30 });
  });

  it('should write neither row nor position when the transaction fails', async () => {
    const id = nodeId('neither-1');
    await expect(
      one.store.transact([id], [], async () => ({
        ...addition(nodeRecord(id, { type: 'x'.repeat(101) })),
        ...progress('neither', { 0: 'applied' }, '1'),
      })),
    ).rejects.toThrow(/22001/);
    expect(await counted('neither')).toBeUndefined();
  });
});
