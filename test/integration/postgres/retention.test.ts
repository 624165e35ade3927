import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toCursor } from '../../../src/registry/cursor.ts';
import { checkBounds } from '../../../src/registry/subscriptions.ts';
import { nodeId } from '../../unit/consul/node-content.ts';
import { addition, type MigratedRegistry, migratedRegistry, NO_WRITES, type StoreOfOne } from './migrated-registry.ts';
import { NOON, newChange, nodeRecord } from './node-record.ts';

const HOUR = 3_600_000;

/** Nobody was elected yet. */
const NO_TERM = 0;

describe('retention', () => {
  let registry: MigratedRegistry;
  let one: StoreOfOne;

  beforeAll(async () => {
    registry = await migratedRegistry({
      CHANGE_RETENTION: '10h',
      CHANGE_RETENTION_COUNT: '1000',
      REJECTED_RETENTION: '5h',
      REMOVED_RETENTION: '20h',
    });
    one = registry.open();
  });

  afterAll(() => registry.close());

  const append = async (count: number, occurredAt: number) => {
    const node = nodeRecord(nodeId('busy-1'));
    await one.store.transact([node.nodeId], [], async () => ({
      ...NO_WRITES,
      nodes: [node],
      changes: Array.from({ length: count }, () => newChange(node, { occurredAt })),
    }));
  };

  const refusal = async (after: number) => {
    try {
      checkBounds(toCursor(after), await one.log.bounds());
      return null;
    } catch (error) {
      return error;
    }
  };

  it('should drop entries that are too old, and remember from where the log goes on', async () => {
    await append(5, NOON - 11 * HOUR);
    await append(5, NOON - 9 * HOUR);
    expect(await one.store.cleanUp(NOON, NO_TERM)).toMatchObject({ changes: 5 });
    expect(await one.log.bounds()).toEqual({ head: 10, floor: 5 });
    expect((await one.log.readAfter(toCursor(5), 100)).map(({ cursor }) => cursor)).toEqual([6, 7, 8, 9, 10]);
    expect(await refusal(4)).toMatchObject({ code: 'CURSOR_EXPIRED' });
    expect(await refusal(5)).toBeNull();
    expect(await refusal(10)).toBeNull();
    expect(await refusal(11)).toMatchObject({ code: 'CURSOR_INVALID' });
  });

  it('should keep the head of a log that is trimmed empty, and number on from there', async () => {
    expect(await one.store.cleanUp(NOON + 2 * HOUR, NO_TERM)).toMatchObject({ changes: 5 });
    expect(await one.log.bounds()).toEqual({ head: 10, floor: 10 });
    expect(await refusal(10)).toBeNull();
    expect(await refusal(9)).toMatchObject({ code: 'CURSOR_EXPIRED' });
    await append(1, NOON);
    expect((await one.log.readAfter(toCursor(10), 10)).map(({ cursor }) => cursor)).toEqual([11]);
  });

  it('should keep no more entries than asked for, the newest', async () => {
    await append(1500, NOON);
    expect(await one.store.cleanUp(NOON, NO_TERM)).toMatchObject({ changes: 501 });
    expect(await one.log.bounds()).toEqual({ head: 1511, floor: 511 });
  });

  it('should change nothing when there is nothing to drop', async () => {
    expect(await one.store.cleanUp(NOON, NO_TERM)).toEqual({ nodes: 0, rejectedEvents: 0, requests: 0, changes: 0 });
    expect(await one.log.bounds()).toEqual({ head: 1511, floor: 511 });
  });

  it('should not lower the floor when gateways clean up at the same time as others write', async () => {
    const others = Array.from({ length: 3 }, () => registry.open());
    await Promise.all([append(300, NOON), ...others.map(({ store }) => store.cleanUp(NOON, NO_TERM)), append(300, NOON)]);
    await one.store.cleanUp(NOON, NO_TERM);
    expect(await one.log.bounds()).toEqual({ head: 2111, floor: 1111 });
    const kept = await one.log.readAfter(toCursor(1111), 2000);
    expect(kept.map(({ cursor }) => cursor)).toEqual(Array.from({ length: 1000 }, (_, index) => 1112 + index));
  });

  it('should forget nodes that left long ago, but never what an operator removed, nor who is registered', async () => {
    const old = { updatedAt: NOON - 21 * HOUR };
    const nodes = [
      nodeRecord(nodeId('left-1'), { ...old, state: 'REMOVED', stateReason: 'shutdown' }),
      nodeRecord(nodeId('expired-1'), { ...old, state: 'EXPIRED', stateReason: 'lease_expired' }),
      nodeRecord(nodeId('recent-1'), { state: 'REMOVED', stateReason: 'shutdown', updatedAt: NOON - 19 * HOUR }),
      nodeRecord(nodeId('banned-1'), { ...old, state: 'REMOVED', stateReason: 'operator' }),
      nodeRecord(nodeId('alive-1'), old),
    ];
    await one.store.transact(
      nodes.map((node) => node.nodeId),
      [],
      async () => addition(...nodes),
    );
    expect(await one.store.cleanUp(NOON, NO_TERM)).toMatchObject({ nodes: 2 });
    for (const table of ['node_registrations', 'node_liveness']) {
      const rows = await registry.sql(`select node_id from ${table} where node_id <> 'busy-1' order by 1`);
      expect(rows.map(({ node_id }) => node_id)).toEqual(['alive-1', 'banned-1', 'recent-1']);
    }
  });

  it('should forget rejected messages and requests in time', async () => {
    const rejection = { kind: 'rejection', errorType: 'NOT_JSON', reason: 'not JSON', correlationId: null } as const;
    const rejected = [NOON - 6 * HOUR, NOON - 4 * HOUR].map((rejectedAt, offset) => ({
      position: { topic: 'bad', partition: 0, offset: String(offset) },
      rejection,
      excerpt: null,
      rejectedAt,
    }));
    await one.store.recordRejections(rejected, NO_WRITES);
    for (const [correlationId, issuedAt] of [['old', NOON - 25 * HOUR] as const, ['new', NOON - 23 * HOUR] as const]) {
      await one.store.recordRequest({ correlationId, nodeId: nodeId('busy-1'), operator: 'ann', byOperator: true, issuedAt });
    }
    expect(await one.store.cleanUp(NOON, NO_TERM)).toMatchObject({ rejectedEvents: 1, requests: 1 });
    expect((await one.store.rejectedEvents(10)).map(({ offset }) => offset)).toEqual(['1']);
    await one.store.transact([], ['old', 'new', 'other'], async ({ requests }) => {
      expect([...requests.values()]).toEqual([
        { correlationId: 'new', nodeId: 'busy-1', operator: 'ann', byOperator: true, issuedAt: NOON - 23 * HOUR },
      ]);
      return NO_WRITES;
    });
  });
});
