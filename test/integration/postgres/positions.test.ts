import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Completed, Outcome, Processed } from '../../../src/registry/ports.ts';
import { nodeId } from '../../unit/consul/node-content.ts';
import { addition, type MigratedRegistry, migratedRegistry, NO_WRITES, type StoreOfOne } from './migrated-registry.ts';
import { NOON, nodeRecord } from './node-record.ts';

const processed = (topic: string, offset: number, outcome: Outcome = 'applied'): Processed => ({
  position: { topic, partition: 0, offset: String(offset) },
  outcome,
});

const upTo = (topic: string, nextOffset: number): Completed => ({ topic, partition: 0, nextOffset: String(nextOffset) });

describe('consumer positions', () => {
  let registry: MigratedRegistry;
  let one: StoreOfOne;

  beforeAll(async () => {
    registry = await migratedRegistry();
    one = registry.open();
  });

  afterAll(() => registry.close());

  const record = (messages: readonly Processed[], completed: readonly Completed[], { store } = one) =>
    store.recordRejections([], { processed: messages, completed });

  const position = async (topic: string) => {
    const [row] = await registry.sql(
      `select next_offset::int as next, ahead::int[] as ahead, applied::int, unchanged::int, superseded::int, rejected::int,
         heartbeat::int, acknowledged::int, ignored::int
       from consumer_positions where topic = $1`,
      [topic],
    );
    return row;
  };

  it('should count each outcome in its own column', async () => {
    const outcomes: readonly Outcome[] = ['applied', 'unchanged', 'superseded', 'rejected', 'heartbeat', 'acknowledged', 'ignored'];
    await record(
      outcomes.map((outcome, offset) => processed('each', offset, outcome)),
      [upTo('each', outcomes.length)],
    );
    expect(await position('each')).toEqual({ next: 7, ahead: [], ...Object.fromEntries(outcomes.map((outcome) => [outcome, 1])) });
  });

  it('should count a message once when its batch is delivered again, in part or whole', async () => {
    const batch = [0, 1, 2, 3].map((offset) => processed('again', offset));
    await record(batch.slice(0, 2), []);
    await record(batch, [upTo('again', 4)]);
    await record(batch, [upTo('again', 4)]);
    await record(batch.slice(2), []);
    expect(await position('again')).toMatchObject({ next: 4, ahead: [], applied: 4 });
  });

  it('should remember what was done ahead of what was not, and forget it once passed', async () => {
    await record([processed('ahead', 5), processed('ahead', 3)], []);
    expect(await position('ahead')).toMatchObject({ next: 0, applied: 2 });
    await record([processed('ahead', 0), processed('ahead', 3), processed('ahead', 5)], [upTo('ahead', 4)]);
    expect(await position('ahead')).toMatchObject({ next: 4, ahead: [5], applied: 3 });
    await record(
      [4, 5].map((offset) => processed('ahead', offset)),
      [upTo('ahead', 6)],
    );
    expect(await position('ahead')).toMatchObject({ next: 6, ahead: [], applied: 4 });
  });

  it('should never go back when an older batch completes late', async () => {
    await record([processed('late', 9)], [upTo('late', 10)]);
    await record([processed('late', 3)], [upTo('late', 4)]);
    expect(await position('late')).toMatchObject({ next: 10, applied: 1 });
  });

  it('should count once when two gateways work the same messages at the same time, as after a rebalance', async () => {
    const batch = Array.from({ length: 50 }, (_, offset) => processed('both', offset));
    await record([], [upTo('both', 0)]);
    const others = Array.from({ length: 4 }, () => registry.open());
    await Promise.all(
      others.flatMap((other) => [
        record(batch.slice(0, 30), [], other),
        record(batch.slice(20), [], other),
        record(batch, [upTo('both', 50)], other),
      ]),
    );
    expect(await position('both')).toMatchObject({ next: 50, ahead: [], applied: 50 });
  });

  it('should count once when two gateways are the first on a partition at the same time', async () => {
    const batch = Array.from({ length: 20 }, (_, offset) => processed('first', offset));
    const others = Array.from({ length: 6 }, () => registry.open());
    await Promise.all(others.map((other) => record(batch, [upTo('first', 20)], other)));
    expect(await position('first')).toMatchObject({ next: 20, ahead: [], applied: 20 });
  });

  it('should write the count with the work: both or neither', async () => {
    const bad = nodeRecord(nodeId('neither-1'), { type: 'x'.repeat(101) });
    const good = nodeRecord(nodeId('both-1'));
    const writes = (node: typeof good) => ({ ...addition(node), processed: [processed('with', 0)], completed: [upTo('with', 1)] });
    await expect(one.store.transact([bad.nodeId], [], async () => writes(bad))).rejects.toThrow();
    expect(await position('with')).toBeUndefined();
    await one.store.transact([good.nodeId], [], async () => writes(good));
    expect(await position('with')).toMatchObject({ next: 1, applied: 1 });
  });

  it('should keep a rejected message once, with text that Postgres takes', async () => {
    const rejected = {
      position: { topic: 'bad', partition: 0, offset: '7' },
      rejection: { kind: 'rejection', errorType: 'INVALID_TEXT', reason: 'U+0000 at $.a: "\u0000"', correlationId: 'c-\ud800' } as const,
      excerpt: '{"a": "\u0000"}',
      rejectedAt: NOON,
    };
    const progress = { processed: [processed('bad', 7, 'rejected')], completed: [upTo('bad', 8)] };
    await one.store.recordRejections([rejected], progress);
    await one.store.recordRejections([rejected], progress);
    const events = (await one.store.rejectedEvents(50)).filter(({ topic }) => topic === 'bad');
    expect(events).toEqual([
      {
        topic: 'bad',
        partition: 0,
        offset: '7',
        reason: 'U+0000 at $.a: "\ufffd"',
        errorType: 'INVALID_TEXT',
        excerpt: '{"a": "\ufffd"}',
        correlationId: 'c-\ufffd',
        rejectedAt: NOON,
      },
    ]);
    expect(await position('bad')).toMatchObject({ next: 8, rejected: 1 });
  });

  it('should not lock a partition for readers of another', async () => {
    let release = () => undefined as void;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const holder = one.database.transaction(async (connection) => {
      await connection.execute(`insert into consumer_positions (topic, partition) values ('held', 0)`);
      await released;
    });
    await expect(registry.open().store.recordRejections([], { ...NO_WRITES, completed: [upTo('free', 1)] })).resolves.toBeUndefined();
    release();
    await holder;
  });
});
