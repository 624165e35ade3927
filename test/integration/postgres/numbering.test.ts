import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Change } from '../../../src/registry/change.ts';
import { toCursor } from '../../../src/registry/cursor.ts';
import { nodeId } from '../../unit/consul/node-content.ts';
import { until } from '../../until.ts';
import { holdNumbers } from './held-numbers.ts';
import { addition, type MigratedRegistry, migratedRegistry, type StoreOfOne } from './migrated-registry.ts';
import { newChange, nodeRecord } from './node-record.ts';

const WRITERS = 8;
const ROUNDS = 25;

describe('the numbers of the change log', () => {
  let registry: MigratedRegistry;
  let reader: StoreOfOne;

  beforeAll(async () => {
    registry = await migratedRegistry();
    reader = registry.open();
  });

  afterAll(() => registry.close());

  it('should grow in commit order without a hole, so that a reader beside eight writers skips nothing', async () => {
    const stores = [registry.open(), registry.open(), registry.open()];
    let isOver = false;
    const write = async (writer: number) => {
      const written: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const ids = Array.from({ length: 1 + ((writer * 7 + round) % 5) }, (_, index) => nodeId(`writer-${writer}-${round}-${index}`));
        const { store } = stores[writer % stores.length] ?? reader;
        const changes = await store.transact(ids, [], async () => addition(...ids.map((id) => nodeRecord(id))));
        written.push(...changes.map(({ cursor }) => cursor));
      }
      return written;
    };
    const read: Change[] = [];
    const holes: string[] = [];
    const follow = async () => {
      while (!isOver || (await reader.log.bounds()).head > (read.at(-1)?.cursor ?? 0)) {
        for (const change of await reader.log.readAfter(read.at(-1)?.cursor ?? toCursor(0), 50)) {
          const expected = (read.at(-1)?.cursor ?? 0) + 1;
          if (change.cursor !== expected) holes.push(`${change.cursor} was read where ${expected} was due`);
          read.push(change);
        }
      }
    };
    const following = follow();
    const written = await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
    isOver = true;
    await following;
    expect(holes).toEqual([]);
    expect(read.map(({ cursor }) => cursor)).toEqual(written.flat().sort((a, b) => a - b));
    expect(new Set(read.map((change) => change.nodeId)).size).toBe(read.length);
    expect(await reader.log.bounds()).toEqual({ head: read.length, floor: 0 });
  });

  it('should number the entries of one transaction in their order, and give each node its last', async () => {
    const [a, b] = [nodeRecord(nodeId('several-a')), nodeRecord(nodeId('several-b'))];
    const changes = await reader.store.transact([a.nodeId, b.nodeId], [], async () => ({
      ...addition(a, b),
      changes: [
        newChange(a),
        newChange(b),
        newChange(a, { type: 'MODIFIED', reason: 'capability_change', changedFields: ['capabilities'] }),
      ],
    }));
    const [first = 0] = changes.map(({ cursor }) => cursor);
    expect(changes.map(({ cursor, nodeId: id, type }) => [cursor - first, id, type])).toEqual([
      [0, 'several-a', 'ADDED'],
      [1, 'several-b', 'ADDED'],
      [2, 'several-a', 'MODIFIED'],
    ]);
    const { nodes } = await reader.store.loadAll();
    expect(nodes.find((node) => node.nodeId === a.nodeId)?.cursor).toBe(first + 2);
    expect(nodes.find((node) => node.nodeId === b.nodeId)?.cursor).toBe(first + 1);
    // What is read is what was returned, in every field.
    expect(await reader.log.readAfter(toCursor(first - 1), 10)).toEqual(changes);
  });

  it('should use the number of a transaction again that fails after taking it', async () => {
    const { head } = await reader.log.bounds();
    const numbers = await holdNumbers(registry.config.url);
    const id = nodeId('rolled-back-1');
    const failing = registry.open().store.transact([id], [], async () => addition(nodeRecord(id)));
    const failed = expect(failing).rejects.toThrow(/Postgres/);
    await numbers.stalled(1);
    await registry.sql(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like 'update registry set head%' and wait_event_type = 'Lock'`,
    );
    await failed;
    await numbers.release();
    const [next] = await reader.store.transact([id], [], async () => addition(nodeRecord(id)));
    expect(next?.cursor).toBe(head + 1);
  });

  it('should show nodes and head of one moment, while others write', async () => {
    const writer = registry.open().store;
    let isOver = false;
    const writing = (async () => {
      for (let round = 0; round < 60; round += 1) {
        const id = nodeId(`moment-${round}`);
        await writer.transact([id], [], async () => addition(nodeRecord(id)));
      }
      isOver = true;
    })();
    let looks = 0;
    while (!isOver) {
      const { nodes, head } = await reader.store.loadAll();
      expect(Math.max(...nodes.map(({ cursor }) => cursor))).toBe(head);
      looks += 1;
    }
    await writing;
    expect(looks).toBeGreaterThan(1);
  });
});

describe('follow', () => {
  it('should wake a gateway at every commit, also after its connection was cut, until it stops', async () => {
    const registry = await migratedRegistry();
    const { log, store } = registry.open();
    const stopping = new AbortController();
    const errors: Error[] = [];
    let wakes = 0;
    const following = log.follow(
      () => (wakes += 1),
      (error) => errors.push(error),
      stopping.signal,
    );
    const write = (name: string) => store.transact([nodeId(name)], [], async () => addition(nodeRecord(nodeId(name))));
    await until('it listens', () => wakes === 1);
    await write('wakes-1');
    await until('the commit woke it', () => wakes === 2);
    await registry.sql(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like 'listen %'`,
    );
    // Once more by itself: what was committed meanwhile was not notified.
    await until('it listens again', () => wakes === 3);
    expect(errors).toHaveLength(1);
    await write('wakes-2');
    await until('the commit woke it', () => wakes === 4);
    stopping.abort();
    await following;
    const { length } = await registry.sql(`select 1 from pg_stat_activity where datname = current_database() and query like 'listen %'`);
    expect(length).toBe(0);
    await registry.close();
  });
});
