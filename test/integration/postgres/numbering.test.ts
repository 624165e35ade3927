import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Change } from '../../../src/registry/change.ts';
import { toCursor } from '../../../src/registry/cursor.ts';
import { nodeId } from '../../unit/consul/node-content.ts';
import { until } from '../../until.ts';
import { addition, type MigratedRegistry, migratedRegistry, NO_WRITES } from './migrated-registry.ts';
import { newChange, nodeRecord } from './node-record.ts';

const WRITERS = 8;
const ROUNDS = 25;

describe('the numbers of the change log', () => {
  let registry: MigratedRegistry;

  beforeAll(async () => {
    registry = await migratedRegistry();
  });

  afterAll(() => registry.close());

  it('should grow in the order of commits without a hole, so that a reader skips nothing while eight gateways write', async () => {
    const { log } = registry.open();
    const read: Change[] = [];
    let isWriting = true;
    const readOn = async () => {
      const page = await log.readAfter(toCursor(read.length), 100);
      read.push(...page);
      return page.length;
    };
    const reading = (async () => {
      while (isWriting) await readOn();
    })();
    const write = async (writer: number) => {
      const { store } = registry.open();
      for (let round = 0; round < ROUNDS; round += 1) {
        const nodes = [0, 1].map((index) => nodeRecord(nodeId(`writer-${writer}-${round}-${index}`)));
        const work = store.transact(
          nodes.map((node) => node.nodeId),
          [],
          // Every fifth is undone: its numbers must not be lost.
          async () => {
            if (round % 5 === 4) throw new Error('undone');
            return addition(...nodes);
          },
        );
        if (round % 5 === 4) await expect(work).rejects.toThrow('undone');
        else await work;
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
    isWriting = false;
    await reading;
    while ((await readOn()) > 0);
    const entries = WRITERS * (ROUNDS - ROUNDS / 5) * 2;
    expect(read.map(({ cursor }) => cursor)).toEqual(Array.from({ length: entries }, (_, index) => index + 1));
    expect(await log.bounds()).toEqual({ head: entries, floor: 0 });
  });

  it('should follow the order in which one transaction gives its changes, and leave the node at its last', async () => {
    const { store, log } = registry.open();
    const node = nodeRecord(nodeId('twice-1'));
    const { head } = await log.bounds();
    const changes = await store.transact([node.nodeId], [], async () => ({
      ...NO_WRITES,
      nodes: [{ ...node, name: 'second' }],
      changes: [newChange(node), newChange({ ...node, name: 'second' }, { type: 'MODIFIED', reason: 'config_update' })],
    }));
    expect(changes.map(({ cursor, type, node: image }) => [cursor, type, image.cursor])).toEqual([
      [head + 1, 'ADDED', head + 1],
      [head + 2, 'MODIFIED', head + 2],
    ]);
    expect(await log.readAfter(head, 10)).toEqual(changes);
    expect(await log.readAfter(head, 10, [nodeId('nobody'), node.nodeId, node.nodeId])).toEqual(changes);
    expect(await log.readAfter(head, 1, [node.nodeId])).toEqual(changes.slice(0, 1));
    expect(await log.readAfter(head, 10, [])).toEqual([]);
    const { nodes } = await store.loadAll();
    expect(nodes.find(({ nodeId: id }) => id === node.nodeId)).toMatchObject({ cursor: head + 2, name: 'second' });
  });

  it('should show a loaded registry and the head of the log as of one moment, whatever is written meanwhile', async () => {
    const { store } = registry.open();
    const writer = registry.open();
    let isWriting = true;
    const writing = (async () => {
      for (let round = 0; isWriting; round += 1) {
        const node = nodeRecord(nodeId(`moment-${round}`));
        await writer.store.transact([node.nodeId], [], async () => addition(node));
      }
    })();
    for (let round = 0; round < 20; round += 1) {
      const { nodes, head } = await store.loadAll();
      expect(Math.max(...nodes.map(({ cursor }) => cursor))).toBe(head);
    }
    isWriting = false;
    await writing;
  });

  it('should give the latest entries of many nodes, newest first', async () => {
    const { store, log } = registry.open();
    const nodes = ['latest-1', 'latest-2'].map((id) => nodeRecord(nodeId(id)));
    const ids = nodes.map((node) => node.nodeId);
    for (const reason of ['one', 'two', 'three']) {
      await store.transact(ids, [], async () => ({ ...NO_WRITES, nodes, changes: nodes.map((node) => newChange(node, { reason })) }));
    }
    const latest = await log.latestOf([...ids, nodeId('latest-3')], 2);
    expect([...latest.keys()].sort()).toEqual(ids);
    for (const id of ids) expect(latest.get(id)?.map(({ reason }) => reason)).toEqual(['three', 'two']);
  });

  it('should wake a follower at every commit, and again after its connection was cut', async () => {
    const { store, log } = registry.open();
    const stop = new AbortController();
    let woken = 0;
    const errors: Error[] = [];
    const following = log.follow(
      () => {
        woken += 1;
      },
      (error) => errors.push(error),
      stop.signal,
    );
    const commit = async (id: string) => {
      const node = nodeRecord(nodeId(id));
      await store.transact([node.nodeId], [], async () => addition(node));
    };
    await until('it listens', () => woken === 1);
    await commit('woken-1');
    await until('it is woken', () => woken === 2);
    await registry.sql(`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and query ilike 'listen %'`);
    await until('it says so and listens again', () => errors.length === 1 && woken === 3);
    await commit('woken-2');
    await until('it is woken again', () => woken === 4);
    stop.abort();
    await following;
  });
});
