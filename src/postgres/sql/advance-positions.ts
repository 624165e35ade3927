import { sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Outcome, Progress } from '../../registry/ports.ts';
import type { Connection } from '../database.ts';

const positionRow = z.object({ topic: z.string(), partition: z.number(), next_offset: z.number(), ahead: z.array(z.number()) });

interface Advance {
  topic: string;
  partition: number;
  next_offset: number;
  ahead: Set<number>;
  counts: Record<Outcome, number>;
}

/**
 * Counts each message once, whatever is redelivered: offsets below `next_offset` or in `ahead` were counted before. One consumer of the
 * group works a partition at a time; the row lock covers the moment of a rebalance.
 */
export async function advancePositions(connection: Connection, progress: Progress): Promise<void> {
  const keys = new Map<string, { topic: string; partition: number }>();
  for (const { topic, partition } of [...progress.processed.map(({ position }) => position), ...progress.completed]) {
    keys.set(`${partition} ${topic}`, { topic, partition });
  }
  if (keys.size === 0) return;
  const wanted = [...keys.values()];
  let rows = await lockPositions(connection, wanted);
  // A row that is not there yet cannot be locked: two gateways that are the first on a partition would both count its messages.
  if (rows.length < wanted.length) {
    await createPositions(connection, wanted);
    rows = await lockPositions(connection, wanted);
  }
  const advances = new Map<string, Advance>();
  for (const [key, { topic, partition }] of keys) {
    advances.set(key, { topic, partition, next_offset: 0, ahead: new Set(), counts: noCounts() });
  }
  for (const row of rows) {
    const advance = advances.get(`${row.partition} ${row.topic}`);
    if (advance === undefined) continue;
    advance.next_offset = row.next_offset;
    advance.ahead = new Set(row.ahead);
  }
  for (const { position, outcome } of progress.processed) {
    const advance = advances.get(`${position.partition} ${position.topic}`);
    const offset = Number(position.offset);
    if (advance === undefined || offset < advance.next_offset || advance.ahead.has(offset)) continue;
    advance.ahead.add(offset);
    advance.counts[outcome] += 1;
  }
  for (const { topic, partition, nextOffset } of progress.completed) {
    const advance = advances.get(`${partition} ${topic}`);
    if (advance === undefined) continue;
    advance.next_offset = Math.max(advance.next_offset, Number(nextOffset));
    for (const offset of advance.ahead) if (offset < advance.next_offset) advance.ahead.delete(offset);
  }
  const writes = [...advances.values()].map(({ counts, ahead, ...rest }) => ({ ...rest, ...counts, ahead: [...ahead] }));
  await connection.execute(sql`
    insert into consumer_positions as p (
      topic, partition, next_offset, ahead, applied, unchanged, superseded, rejected, heartbeat, acknowledged, ignored
    )
    select topic, partition, next_offset, ahead, applied, unchanged, superseded, rejected, heartbeat, acknowledged, ignored
    from jsonb_to_recordset(${JSON.stringify(writes)}::jsonb) as row (
      topic text, partition integer, next_offset bigint, ahead bigint[], applied bigint, unchanged bigint, superseded bigint,
      rejected bigint, heartbeat bigint, acknowledged bigint, ignored bigint
    )
    order by topic, partition
    on conflict (topic, partition) do update set
      next_offset = excluded.next_offset,
      ahead = excluded.ahead,
      applied = p.applied + excluded.applied,
      unchanged = p.unchanged + excluded.unchanged,
      superseded = p.superseded + excluded.superseded,
      rejected = p.rejected + excluded.rejected,
      heartbeat = p.heartbeat + excluded.heartbeat,
      acknowledged = p.acknowledged + excluded.acknowledged,
      ignored = p.ignored + excluded.ignored
  `);
}

type Partition = { readonly topic: string; readonly partition: number };

async function lockPositions(connection: Connection, partitions: readonly Partition[]): Promise<z.infer<typeof positionRow>[]> {
  const { rows } = await connection.execute(sql`
    select p.topic, p.partition, p.next_offset::float8 as next_offset, p.ahead::float8[] as ahead
    from consumer_positions p
    join jsonb_to_recordset(${JSON.stringify(partitions)}::jsonb) as wanted (topic text, partition integer)
      on wanted.topic = p.topic and wanted.partition = p.partition
    order by p.topic, p.partition
    for update of p
  `);
  return z.array(positionRow).parse(rows);
}

async function createPositions(connection: Connection, partitions: readonly Partition[]): Promise<void> {
  await connection.execute(sql`
    insert into consumer_positions (topic, partition)
    select topic, partition
    from jsonb_to_recordset(${JSON.stringify(partitions)}::jsonb) as wanted (topic text, partition integer)
    order by topic, partition
    on conflict do nothing
  `);
}

function noCounts(): Record<Outcome, number> {
  return { applied: 0, unchanged: 0, superseded: 0, rejected: 0, heartbeat: 0, acknowledged: 0, ignored: 0 };
}
