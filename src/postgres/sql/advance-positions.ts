import type { Outcome, Progress } from '../../registry/ports.ts';
import type { Question } from '../database.ts';

/** A row that is not there yet cannot be locked: two gateways that are the first on a partition would both count its messages. */
const CREATE_POSITIONS = {
  name: 'create_positions',
  text: `
    insert into consumer_positions (topic, partition)
    select topic, partition
    from jsonb_to_recordset($1::jsonb) as wanted (topic text, partition integer)
    order by topic, partition
    on conflict do nothing
  `,
} as const;

const ADVANCE_POSITIONS = {
  name: 'advance_positions',
  text: `
    with wanted as (
      select topic, partition, next_offset
      from jsonb_to_recordset($1::jsonb) as wanted (topic text, partition integer, next_offset bigint)
    ), runs as (
      select topic, partition, outcome, first, last
      from jsonb_to_recordset($2::jsonb) as run (topic text, partition integer, outcome text, first bigint, last bigint)
    ), held as (
      select p.topic, p.partition, p.next_offset as counted_below, p.ahead, greatest(p.next_offset, w.next_offset) as next_offset
      from consumer_positions p join wanted w using (topic, partition)
      order by p.topic, p.partition
      for update of p
    ), fresh as (
      select r.topic, r.partition, r.outcome, greatest(r.first, h.next_offset) as first, r.last, greatest(
        r.last - greatest(r.first, h.counted_below) + 1
          - (select count(*) from unnest(h.ahead) as counted where counted between greatest(r.first, h.counted_below) and r.last),
        0
      ) as messages
      from runs r join held h using (topic, partition)
    ), sums as (
      select
        topic, partition,
        sum(messages) filter (where outcome = 'applied') as applied,
        sum(messages) filter (where outcome = 'unchanged') as unchanged,
        sum(messages) filter (where outcome = 'superseded') as superseded,
        sum(messages) filter (where outcome = 'rejected') as rejected,
        sum(messages) filter (where outcome = 'heartbeat') as heartbeat,
        sum(messages) filter (where outcome = 'acknowledged') as acknowledged,
        sum(messages) filter (where outcome = 'ignored') as ignored
      from fresh
      group by topic, partition
    )
    update consumer_positions p set
      next_offset = h.next_offset,
      ahead = array(
        select o.counted
        from (
          select unnest(h.ahead) as counted
          union
          select generate_series(f.first, f.last) from fresh f where f.topic = p.topic and f.partition = p.partition
        ) as o
        where o.counted >= h.next_offset
        order by o.counted
      ),
      applied = p.applied + coalesce(s.applied, 0),
      unchanged = p.unchanged + coalesce(s.unchanged, 0),
      superseded = p.superseded + coalesce(s.superseded, 0),
      rejected = p.rejected + coalesce(s.rejected, 0),
      heartbeat = p.heartbeat + coalesce(s.heartbeat, 0),
      acknowledged = p.acknowledged + coalesce(s.acknowledged, 0),
      ignored = p.ignored + coalesce(s.ignored, 0)
    from held h left join sums s using (topic, partition)
    where p.topic = h.topic and p.partition = h.partition
  `,
} as const;

interface Partition {
  readonly topic: string;
  readonly partition: number;
  next_offset: number;
}

/** Messages of one outcome whose offsets follow each other: thousands of heartbeats are one line. */
interface Run {
  readonly topic: string;
  readonly partition: number;
  readonly outcome: Outcome;
  readonly first: number;
  last: number;
}

/**
 * Counts each message once, whatever is redelivered: offsets below `next_offset` or in `ahead` were counted before. One consumer of the
 * group works a partition at a time; the row lock covers the moment of a rebalance.
 */
export function advancePositions({ processed, completed }: Progress): readonly Question[] {
  const partitions = new Map<string, Partition>();
  const partitionOf = (topic: string, partition: number) => {
    const key = `${partition} ${topic}`;
    const known = partitions.get(key) ?? { topic, partition, next_offset: 0 };
    partitions.set(key, known);
    return known;
  };
  for (const { topic, partition, nextOffset } of completed) {
    const reached = partitionOf(topic, partition);
    reached.next_offset = Math.max(reached.next_offset, Number(nextOffset));
  }
  const runs = runsOf(processed);
  for (const { topic, partition } of runs) partitionOf(topic, partition);
  if (partitions.size === 0) return [];
  const wanted = JSON.stringify([...partitions.values()]);
  return [
    { statement: CREATE_POSITIONS, values: [wanted] },
    { statement: ADVANCE_POSITIONS, values: [wanted, JSON.stringify(runs)] },
  ];
}

function runsOf(processed: Progress['processed']): Run[] {
  const messages = processed.map(({ position, outcome }) => ({ ...position, offset: Number(position.offset), outcome }));
  messages.sort((a, b) => a.offset - b.offset);
  const runs: Run[] = [];
  const open = new Map<string, Run>();
  for (const { topic, partition, offset, outcome } of messages) {
    const key = `${partition} ${topic}`;
    const run = open.get(key);
    if (run !== undefined && run.outcome === outcome && offset === run.last + 1) run.last = offset;
    // Each message once, also where it is named twice.
    else if (run === undefined || offset > run.last) {
      const next = { topic, partition, outcome, first: offset, last: offset };
      runs.push(next);
      open.set(key, next);
    }
  }
  return runs;
}
