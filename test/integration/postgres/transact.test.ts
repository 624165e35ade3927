import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ContentionError, RefusedError } from '../../../src/errors.ts';
import { toCursor } from '../../../src/registry/cursor.ts';
import { nodeId } from '../../unit/consul/node-content.ts';
import { until } from '../../until.ts';
import { Gate } from './gate.ts';
import { addition, type MigratedRegistry, migratedRegistry, NO_WRITES, type StoreOfOne } from './migrated-registry.ts';
import { newChange, nodeRecord } from './node-record.ts';

describe('transact', () => {
  let registry: MigratedRegistry;
  let one: StoreOfOne;
  let other: StoreOfOne;

  beforeAll(async () => {
    registry = await migratedRegistry();
    one = registry.open();
    other = registry.open();
  });

  afterAll(() => registry.close());

  const waiting = async () => {
    const [row] = await registry.sql(`select count(*)::int as waiting from pg_locks
      where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())`);
    return row?.['waiting'];
  };

  it('should make the second gateway wait for a node and then see what the first wrote', async () => {
    const id = nodeId('serial-1');
    const held = new Gate();
    const isHeld = new Gate();
    const first = one.store.transact([id], [], async () => {
      isHeld.open();
      await held.opened;
      return addition(nodeRecord(id));
    });
    await isHeld.opened;
    const second = other.store.transact([id], [], async ({ nodes }) => {
      const node = nodes.get(id);
      if (node === undefined) return addition(nodeRecord(id));
      return {
        ...NO_WRITES,
        nodes: [{ ...node, name: 'second' }],
        changes: [newChange({ ...node, name: 'second' }, { type: 'MODIFIED' })],
      };
    });
    await until('the second gateway waits for the lock', async () => (await waiting()) === 1);
    held.open();
    const [[added], [modified]] = await Promise.all([first, second]);
    expect(added).toMatchObject({ type: 'ADDED', nodeId: id });
    expect(modified).toMatchObject({ type: 'MODIFIED', nodeId: id, node: { name: 'second', cursor: modified?.cursor } });
    expect(modified?.cursor).toBe((added?.cursor ?? 0) + 1);
  });

  it('should write nothing at all when one of its statements cannot be made', async () => {
    const id = nodeId('impossible-1');
    const { changes, nodes } = addition(nodeRecord(id));
    const [change] = changes;
    if (change === undefined) throw new Error('nothing is added');
    const writes = {
      ...NO_WRITES,
      nodes,
      changes: [{ ...change, occurredAt: Number.NaN }],
      completed: [{ topic: 'impossible', partition: 0, nextOffset: '7' }],
    };
    await expect(one.store.transact([id], [], async () => writes)).rejects.toThrow(RangeError);
    expect(await registry.sql('select from node_registrations where node_id = $1', [id])).toEqual([]);
    expect(await registry.sql("select from consumer_positions where topic = 'impossible'")).toEqual([]);
    await expect(one.store.transact([id], [], async () => addition(nodeRecord(id)))).resolves.toHaveLength(1);
  });

  it('should work on different nodes side by side', async () => {
    const both = [new Gate(), new Gate()] as const;
    const work = (mine: 0 | 1) => async () => {
      both[mine].open();
      // Neither could go on if one had to wait for the other's end.
      await both[mine === 0 ? 1 : 0].opened;
      return NO_WRITES;
    };
    await expect(
      Promise.all([one.store.transact([nodeId('parallel-1')], [], work(0)), other.store.transact([nodeId('parallel-2')], [], work(1))]),
    ).resolves.toEqual([[], []]);
  });

  it('should not deadlock when two gateways take the same nodes in opposite order', async () => {
    const ids = Array.from({ length: 40 }, (_, index) => nodeId(`order-${index}`));
    const rounds = Array.from({ length: 10 }, () => [
      one.store.transact(ids, [], async () => NO_WRITES),
      other.store.transact(ids.toReversed(), [], async () => NO_WRITES),
    ]);
    await expect(Promise.all(rounds.flat())).resolves.toHaveLength(20);
  });

  it('should give up waiting for a lock after 5 s, as contention and not as an illness of Postgres', async () => {
    const id = nodeId('stuck-1');
    const held = new Gate();
    const isHeld = new Gate();
    const first = one.store.transact([id], [], async () => {
      isHeld.open();
      await held.opened;
      return NO_WRITES;
    });
    await isHeld.opened;
    const began = performance.now();
    await expect(other.store.transact([id], [], async () => NO_WRITES)).rejects.toThrow(ContentionError);
    expect(performance.now() - began).toBeGreaterThan(4500);
    held.open();
    await first;
  });

  it('should write nothing when the work throws, and pass on what it threw', async () => {
    const id = nodeId('throws-1');
    const before = await one.log.bounds();
    const failure = new Error('Consul said no');
    await expect(
      one.store.transact([id], [], async () => {
        throw failure;
      }),
    ).rejects.toBe(failure);
    expect(await registry.sql('select 1 from node_registrations where node_id = $1', [id])).toEqual([]);
    expect(await one.log.bounds()).toEqual(before);
    // The lock went with the transaction.
    await expect(other.store.transact([id], [], async () => NO_WRITES)).resolves.toEqual([]);
  });

  it('should write nothing of a batch of which Postgres refuses a part', async () => {
    const fine = nodeRecord(nodeId('refused-1'));
    const bad = nodeRecord(nodeId('refused-2'), { type: 'x'.repeat(101) });
    const before = await one.log.bounds();
    await expect(one.store.transact([fine.nodeId, bad.nodeId], [], async () => addition(fine, bad))).rejects.toThrow(RefusedError);
    expect(await registry.sql(`select 1 from node_registrations where node_id like 'refused-%'`)).toEqual([]);
    expect(await registry.sql(`select 1 from node_liveness where node_id like 'refused-%'`)).toEqual([]);
    expect(await one.log.bounds()).toEqual(before);
  });

  it('should keep the cursor of a node whose row is written without a change', async () => {
    const id = nodeId('quiet-1');
    const [added] = await one.store.transact([id], [], async () => addition(nodeRecord(id)));
    await one.store.transact([id], [], async ({ nodes }) => ({ ...NO_WRITES, nodes: [...nodes.values()] }));
    const { nodes } = await one.store.loadAll();
    expect(nodes.find((node) => node.nodeId === id)?.cursor).toBe(added?.cursor);
  });

  it('should keep a tombstone that never was in the log from readers, but not from the next announcement', async () => {
    const id = nodeId('tombstone-1');
    const tombstone = nodeRecord(id, { state: 'REMOVED', stateReason: 'shutdown', cursor: toCursor(0), consulServiceId: null });
    await one.store.transact([id], [], async () => ({ ...NO_WRITES, nodes: [tombstone] }));
    expect((await one.store.loadAll()).nodes.filter((node) => node.nodeId === id)).toEqual([]);
    await one.store.transact([id], [], async ({ nodes }) => {
      expect(nodes.get(id)).toEqual(tombstone);
      return NO_WRITES;
    });
  });

  it('should refuse more nodes at once than Postgres has room for locks', async () => {
    const ids = Array.from({ length: 501 }, (_, index) => nodeId(`many-${index}`));
    await expect(one.store.transact(ids, [], async () => NO_WRITES)).rejects.toThrow(RangeError);
  });

  it('should free the locks of a gateway whose connection was cut in the middle', async () => {
    const id = nodeId('cut-1');
    const isHeld = new Gate();
    const held = new Gate();
    const first = one.store.transact([id], [], async () => {
      isHeld.open();
      await held.opened;
      return addition(nodeRecord(id));
    });
    await isHeld.opened;
    await registry.sql(`select pg_terminate_backend(pid) from pg_stat_activity
      where state = 'idle in transaction' and datname = current_database()`);
    await expect(other.store.transact([id], [], async ({ nodes }) => ({ ...NO_WRITES, nodes: [...nodes.values()] }))).resolves.toEqual([]);
    held.open();
    await expect(first).rejects.toThrow(/Postgres/);
    expect(await registry.sql('select 1 from node_registrations where node_id = $1', [id])).toEqual([]);
  });
});
