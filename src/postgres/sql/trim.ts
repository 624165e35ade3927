import { sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Connection } from '../database.ts';

const deleted = z.tuple([z.object({ deleted: z.number() })]);

/**
 * Deletes log entries older than `before` (milliseconds since 1970) or beyond the newest `keep`, and remembers the floor, so that a
 * cursor at the floor still works when the log is empty. Returns how many.
 */
export async function trimChanges(connection: Connection, before: number, keep: number): Promise<number> {
  const { rows } = await connection.execute(sql`
    with bound as (
      select greatest(
        (select coalesce(max(cursor), 0) from registration_changes where occurred_at < ${new Date(before).toISOString()}::timestamptz),
        (select head - ${keep} from registry)
      ) as floor
    ), gone as (
      delete from registration_changes using bound where cursor <= bound.floor returning cursor
    ), raised as (
      update registry set floor = greatest(registry.floor, (select coalesce(max(cursor), 0) from gone))
    )
    select count(*)::float8 as deleted from gone
  `);
  return deleted.parse(rows)[0].deleted;
}

/**
 * Deletes rows of nodes that left before the time, except what an operator removed: such a removal holds for ever, so its order key must
 * too. The retention must outlast the topic's, or a replayed announcement would bring a node back. Returns how many.
 */
export async function trimRemovedNodes(connection: Connection, before: number): Promise<number> {
  const isGone = sql`state <> 'REGISTERED' and state_reason <> 'operator' and updated_at < ${new Date(before).toISOString()}::timestamptz`;
  // Signs of life first, as everywhere: a saga locks in that order.
  await connection.execute(sql`delete from node_liveness where node_id in (select node_id from node_registrations where ${isGone})`);
  const { rows } = await connection.execute(sql`
    with gone as (delete from node_registrations where ${isGone} returning 1)
    select count(*)::float8 as deleted from gone
  `);
  return deleted.parse(rows)[0].deleted;
}
