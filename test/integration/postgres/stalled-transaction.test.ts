import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeId } from '../../unit/consul/node-content.ts';
import { holdNumbers } from './held-numbers.ts';
import { addition, type MigratedRegistry, migratedRegistry, type StoreOfOne } from './migrated-registry.ts';
import { NOON, nodeRecord } from './node-record.ts';

describe('a transaction under way', () => {
  let registry: MigratedRegistry;
  let one: StoreOfOne;
  let other: StoreOfOne;

  beforeAll(async () => {
    registry = await migratedRegistry();
    one = registry.open();
    other = registry.open();
  });

  afterAll(() => registry.close());

  const waiting = (text: string) =>
    registry.sql(
      `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and position($1 in query) > 0`,
      [text],
    );

  it('should leave no hole in the numbers when its connection breaks at the last step', async () => {
    const { head } = await one.log.bounds();
    const numbers = await holdNumbers(registry.config.url);
    const id = nodeId('broken-1');
    const failed = expect(one.store.transact([id], [], async () => addition(nodeRecord(id)))).rejects.toThrow(/Postgres/);
    await numbers.stalled(1);
    const [stalled] = await waiting('update registry set head');
    await registry.sql('select pg_terminate_backend($1)', [stalled?.['pid']]);
    await failed;
    await numbers.release();
    expect(await registry.sql('select 1 from node_registrations where node_id = $1', [id])).toEqual([]);
    const [next] = await other.store.transact([id], [], async () => addition(nodeRecord(id)));
    expect(next?.cursor).toBe(head + 1);
  });

  it('should not hold up heartbeats of its nodes that are registered already', async () => {
    const id = nodeId('beats-1');
    await one.store.transact([id], [], async () => addition(nodeRecord(id)));
    // Not even while the saga holds the node and waits for Consul: it writes only at its end.
    let beat: Promise<void> | undefined;
    await one.store.transact([id], [], async ({ nodes }) => {
      beat = other.store.recordLiveness(
        [
          {
            kind: 'heartbeat',
            nodeId: id,
            type: null,
            reportedHealth: 'degraded',
            uptimeSeconds: 7,
            activeOperations: null,
            cpuPercent: null,
            memoryMb: null,
            memoryPercent: null,
            said: { epoch: null, time: NOON * 1000, payloadTime: NOON * 1000 },
            correlationId: null,
          },
        ],
        NOON + 1000,
        { processed: [], completed: [] },
      );
      await beat;
      return { ...addition(), nodes: [...nodes.values()] };
    });
    expect(beat).toBeDefined();
    const rows = await registry.sql('select reported_health, uptime_seconds from node_liveness where node_id = $1', [id]);
    // And what it said is not undone by the older signs of life that the saga writes after it.
    expect(rows).toEqual([{ reported_health: 'degraded', uptime_seconds: 7 }]);
  });
});
