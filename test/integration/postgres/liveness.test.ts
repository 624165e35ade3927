import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Acknowledgement, Heartbeat } from '../../../src/events/announcement.ts';
import type { NodeId } from '../../../src/events/node-id.ts';
import type { LivenessUpdate } from '../../../src/registry/ports.ts';
import { nodeId } from '../../unit/consul/node-content.ts';
import { until } from '../../until.ts';
import { Gate } from './gate.ts';
import { addition, type MigratedRegistry, migratedRegistry, NO_WRITES, type StoreOfOne } from './migrated-registry.ts';
import { NOON, nodeRecord } from './node-record.ts';

function heartbeat(id: NodeId, different: Partial<Heartbeat> = {}): Heartbeat {
  return {
    kind: 'heartbeat',
    nodeId: id,
    type: null,
    reportedHealth: null,
    uptimeSeconds: null,
    activeOperations: null,
    cpuPercent: null,
    memoryMb: null,
    memoryPercent: null,
    said: { epoch: null, time: NOON * 1000, payloadTime: NOON * 1000 },
    correlationId: null,
    ...different,
  };
}

function acknowledgement(id: NodeId): Acknowledgement {
  return { kind: 'acknowledgement', nodeId: id, said: { epoch: null, time: 0, payloadTime: 0 }, correlationId: null };
}

describe('signs of life', () => {
  let registry: MigratedRegistry;
  let one: StoreOfOne;

  beforeAll(async () => {
    registry = await migratedRegistry();
    one = registry.open();
  });

  afterAll(() => registry.close());

  const register = async (...names: readonly string[]) => {
    const nodes = names.map((name) => nodeRecord(nodeId(name)));
    await one.store.transact(
      nodes.map((node) => node.nodeId),
      [],
      async () => addition(...nodes),
    );
    return nodes.map((node) => node.nodeId);
  };

  /**
   * A mark behind which nothing is left to read. One that is taken while any transaction is open, be it of another database, stays before
   * what was written since that began.
   */
  const caughtUp = () =>
    until('no transaction is open that began before the last write', async () => {
      const { mark } = await one.store.livenessSince(null);
      return (await one.store.livenessSince(mark)).updates.length === 0 ? mark : null;
    });

  it('should be read from the mark on, by node, and not before', async () => {
    const [id = nodeId('x')] = await register('mark-1');
    const { mark, updates } = await one.store.livenessSince(null);
    expect(updates).toEqual([]);
    await one.store.recordLiveness(
      [
        heartbeat(id, {
          reportedHealth: 'degraded',
          activeOperations: 3,
          cpuPercent: 12.5,
          memoryMb: 64,
          memoryPercent: 25,
          uptimeSeconds: 60,
        }),
      ],
      NOON + 5,
      NO_WRITES,
    );
    const next = await registry.open().store.livenessSince(mark);
    expect(next.updates).toContainEqual({
      nodeId: id,
      liveness: {
        lastSeenAt: NOON + 5,
        lastHeartbeatAt: NOON + 5,
        reportedHealth: 'degraded',
        activeOperations: 3,
        cpuPercent: 12.5,
        memoryMb: 64,
        memoryPercent: 25,
        uptimeSeconds: 60,
      },
      currentState: null,
      acknowledgedAt: null,
    } satisfies LivenessUpdate);
    await caughtUp();
  });

  it('should miss none while eight gateways write and commit in any order', async () => {
    const names = Array.from({ length: 8 }, (_, index) => `busy-${index}`);
    const ids = await register(...names);
    const last = new Map<NodeId, number>();
    const seen = new Map<NodeId, number>();
    let { mark } = await one.store.livenessSince(null);
    const readOn = async () => {
      const next = await one.store.livenessSince(mark);
      mark = next.mark;
      for (const { nodeId: id, liveness } of next.updates) seen.set(id, liveness.lastSeenAt);
    };
    let isWriting = true;
    const reading = (async () => {
      while (isWriting) await readOn();
    })();
    await Promise.all(
      ids.map(async (id, writer) => {
        const { store, database } = registry.open();
        for (let round = 1; round <= 25; round += 1) {
          const at = NOON + round * 1000 + writer;
          // A transaction that began earlier and commits later is what a mark of times or sequences would miss.
          const slow = database.transaction(async (connection) => {
            await connection.execute(`select pg_current_xact_id(), pg_sleep(${(writer % 4) * 0.004})`);
          });
          await store.recordLiveness([heartbeat(id)], at, NO_WRITES);
          await slow;
          last.set(id, at);
        }
      }),
    );
    isWriting = false;
    await reading;
    await readOn();
    expect(Object.fromEntries([...seen].filter(([id]) => last.has(id)))).toEqual(Object.fromEntries(last));
  });

  it('should be read although the transaction that wrote them was open when the mark was taken', async () => {
    const [id = nodeId('x')] = await register('open-1');
    const end = new Gate();
    const written = new Gate();
    const writing = one.database.transaction(async (connection) => {
      await connection.execute(`update node_liveness set uptime_seconds = 42, touched_by = pg_current_xact_id() where node_id = '${id}'`);
      written.open();
      await end.opened;
    });
    await written.opened;
    const other = registry.open();
    const { mark } = await other.store.livenessSince(null);
    const during = await other.store.livenessSince(mark);
    expect(during.updates.filter(({ nodeId: each }) => each === id)).not.toContainEqual(
      expect.objectContaining({ liveness: expect.objectContaining({ uptimeSeconds: 42 }) }),
    );
    end.open();
    await writing;
    const after = await other.store.livenessSince(during.mark);
    expect(after.updates).toContainEqual(expect.objectContaining({ nodeId: id, liveness: expect.objectContaining({ uptimeSeconds: 42 }) }));
  });

  it('should leave out nodes that nobody knows, and count their messages all the same', async () => {
    const unknown = nodeId('unknown-1');
    await one.store.recordLiveness([heartbeat(unknown)], NOON, {
      processed: [{ position: { topic: 'beats', partition: 0, offset: '0' }, outcome: 'heartbeat' }],
      completed: [{ topic: 'beats', partition: 0, nextOffset: '1' }],
    });
    expect(await registry.sql('select 1 from node_liveness where node_id = $1', [unknown])).toEqual([]);
    expect(await registry.sql(`select heartbeat::int from consumer_positions where topic = 'beats'`)).toEqual([{ heartbeat: 1 }]);
  });

  it('should take the last of several heartbeats of one node in a batch, and not go back in time', async () => {
    const [id = nodeId('x')] = await register('several-1');
    await one.store.recordLiveness([heartbeat(id, { uptimeSeconds: 1 }), heartbeat(id, { uptimeSeconds: 2 })], NOON + 9000, NO_WRITES);
    await one.store.recordLiveness([heartbeat(id, { uptimeSeconds: 3 })], NOON + 8000, NO_WRITES);
    const { nodes } = await one.store.loadAll();
    expect(nodes.find((node) => node.nodeId === id)?.liveness).toMatchObject({
      uptimeSeconds: 3,
      lastSeenAt: NOON + 9000,
      lastHeartbeatAt: NOON + 9000,
    });
  });

  it('should keep what a node said of its health when it heartbeats without saying anything of it', async () => {
    const [id = nodeId('x')] = await register('quiet-1');
    const reported = async () => {
      const { nodes } = await one.store.loadAll();
      return nodes.find((node) => node.nodeId === id)?.liveness;
    };
    await one.store.recordLiveness([heartbeat(id, { reportedHealth: 'critical' })], NOON + 1000, NO_WRITES);
    await one.store.recordLiveness([heartbeat(id)], NOON + 2000, NO_WRITES);
    expect(await reported()).toMatchObject({ reportedHealth: 'critical', lastHeartbeatAt: NOON + 2000 });
    await one.store.recordLiveness([heartbeat(id, { reportedHealth: 'degraded' }), heartbeat(id)], NOON + 3000, NO_WRITES);
    expect(await reported()).toMatchObject({ reportedHealth: 'degraded' });
    await one.store.recordLiveness([heartbeat(id, { reportedHealth: 'healthy' })], NOON + 4000, NO_WRITES);
    expect(await reported()).toMatchObject({ reportedHealth: 'healthy' });
  });

  it('should copy the heartbeat for readers with SQL, and not wait for a row that a saga holds', async () => {
    const [held = nodeId('x'), free = nodeId('x')] = await register('copy-1', 'copy-2');
    const end = new Gate();
    const locked = new Gate();
    const saga = one.database.transaction(async (connection) => {
      await connection.execute(`select 1 from node_registrations where node_id = '${held}' for update`);
      locked.open();
      await end.opened;
    });
    await locked.opened;
    const other = registry.open();
    await other.store.recordLiveness([heartbeat(held), heartbeat(free)], NOON + 1000, NO_WRITES);
    await other.store.copyHeartbeats();
    const copies = async () => {
      const rows = await registry.sql(
        `select node_id, extract(epoch from last_heartbeat)::float8 * 1000 as at from node_registrations where node_id like 'copy-%' order by 1`,
      );
      return rows.map(({ at }) => at);
    };
    expect(await copies()).toEqual([null, NOON + 1000]);
    end.open();
    await saga;
    await one.store.recordLiveness([heartbeat(held)], NOON + 2000, NO_WRITES);
    await one.store.copyHeartbeats();
    expect(await copies()).toEqual([NOON + 2000, NOON + 1000]);
  });

  it('should remember an acknowledgement of a known node, and give it on', async () => {
    const [id = nodeId('x')] = await register('ack-1');
    const mark = await caughtUp();
    await one.store.recordAcknowledgements(
      [acknowledgement(id), acknowledgement(id), acknowledgement(nodeId('ack-of-nobody'))],
      NOON + 7000,
      NO_WRITES,
    );
    const { updates } = await one.store.livenessSince(mark);
    expect(updates).toEqual([expect.objectContaining({ nodeId: id, acknowledgedAt: NOON + 7000 })]);
  });

  const signsOf = async (id: NodeId) => {
    const { nodes } = await one.store.loadAll();
    return nodes.find((node) => node.nodeId === id);
  };

  it('should keep what a heartbeat said while a saga held the node and wrote what it had read before', async () => {
    const [id = nodeId('x')] = await register('race-1');
    const other = registry.open();
    await one.store.transact([id], [], async ({ nodes }) => {
      await other.store.recordLiveness([heartbeat(id, { reportedHealth: 'critical', uptimeSeconds: 5 })], NOON + 5000, NO_WRITES);
      return {
        ...NO_WRITES,
        nodes: [...nodes.values()].map((node) => ({
          ...node,
          currentState: 'busy',
          liveness: { ...node.liveness, lastSeenAt: NOON + 4000, reportedHealth: 'healthy' as const },
        })),
      };
    });
    expect(await signsOf(id)).toMatchObject({
      currentState: 'busy',
      liveness: { lastSeenAt: NOON + 5000, lastHeartbeatAt: NOON + 5000, reportedHealth: 'critical', uptimeSeconds: 5 },
    });
  });

  it('should keep what an announcement says of its health although a heartbeat without a status came between', async () => {
    const [id = nodeId('x')] = await register('race-2');
    await one.store.recordLiveness([heartbeat(id, { reportedHealth: 'critical' })], NOON + 1000, NO_WRITES);
    const other = registry.open();
    await one.store.transact([id], [], async ({ nodes }) => {
      await other.store.recordLiveness([heartbeat(id, { uptimeSeconds: 6 })], NOON + 5000, NO_WRITES);
      return {
        ...NO_WRITES,
        nodes: [...nodes.values()].map((node) => ({
          ...node,
          liveness: { ...node.liveness, lastSeenAt: NOON + 4000, reportedHealth: 'healthy' as const },
        })),
      };
    });
    expect((await signsOf(id))?.liveness).toMatchObject({ lastHeartbeatAt: NOON + 5000, reportedHealth: 'healthy', uptimeSeconds: 6 });
  });

  const NO_SIGNS = {
    lastHeartbeatAt: null,
    reportedHealth: null,
    activeOperations: null,
    cpuPercent: null,
    memoryMb: null,
    memoryPercent: null,
    uptimeSeconds: null,
  } as const;
  const everything = {
    reportedHealth: 'critical',
    activeOperations: 3,
    cpuPercent: 12.5,
    memoryMb: 64,
    memoryPercent: 25,
    uptimeSeconds: 60,
  } as const;

  it('should begin anew with a new registration', async () => {
    const [id = nodeId('x')] = await register('anew-1');
    await one.store.recordLiveness([heartbeat(id, everything)], NOON + 1000, NO_WRITES);
    await one.store.copyHeartbeats();
    await one.store.recordAcknowledgements([acknowledgement(id)], NOON + 1000, NO_WRITES);
    const again = nodeRecord(id, { registeredAt: NOON + 9000, liveness: { ...NO_SIGNS, lastSeenAt: NOON + 9000 } });
    await one.store.transact([id], [], async () => addition(again));
    expect(await signsOf(id)).toMatchObject({ liveness: again.liveness, acknowledgedAt: null });
    expect(await registry.sql('select last_heartbeat from node_registrations where node_id = $1', [id])).toEqual([
      { last_heartbeat: null },
    ]);
  });

  it('should not lose what came while a new registration was under way', async () => {
    const [id = nodeId('x')] = await register('anew-2');
    await one.store.recordLiveness([heartbeat(id, everything)], NOON + 1000, NO_WRITES);
    const other = registry.open();
    const again = nodeRecord(id, { registeredAt: NOON + 9000, liveness: { ...NO_SIGNS, lastSeenAt: NOON + 9000 } });
    await one.store.transact([id], [], async () => {
      await other.store.recordLiveness([heartbeat(id, { uptimeSeconds: 1 })], NOON + 8999, NO_WRITES);
      await other.store.recordAcknowledgements([acknowledgement(id)], NOON + 8999, NO_WRITES);
      return addition(again);
    });
    expect(await signsOf(id)).toMatchObject({
      acknowledgedAt: NOON + 8999,
      // But not what an earlier life said of its health, which the heartbeat passed over in silence.
      liveness: { ...NO_SIGNS, lastSeenAt: NOON + 9000, lastHeartbeatAt: NOON + 8999, uptimeSeconds: 1 },
    });
  });
});
