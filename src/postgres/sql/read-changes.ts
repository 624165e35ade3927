import { type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { NodeId } from '../../events/node-id.ts';
import type { Change } from '../../registry/change.ts';
import { type Cursor, toCursor } from '../../registry/cursor.ts';
import type { Connection } from '../database.ts';
import { changeOfRow } from '../record.ts';

const columns = sql.raw(`
  c.cursor::float8 as cursor, c.change_type, c.node_id, c.node, c.before, c.reason, c.changed_fields, c.correlation_id, c.operator,
  floor(extract(epoch from c.occurred_at) * 1000)::float8 as occurred_at, c.traceparent
`);

async function changes(connection: Connection, statement: SQL): Promise<Change[]> {
  const { rows } = await connection.execute(statement);
  return rows.map(changeOfRow);
}

export function readChangesAfter(connection: Connection, after: Cursor, limit: number): Promise<Change[]> {
  return changes(connection, sql`select ${columns} from registration_changes c where c.cursor > ${after} order by c.cursor limit ${limit}`);
}

/** The entries of some nodes after the cursor, oldest first: from the index of nodes, however long the log is. */
export function readChangesOfAfter(connection: Connection, nodeIds: readonly string[], after: Cursor, limit: number): Promise<Change[]> {
  return changes(
    connection,
    sql`
      select ${columns}
      from (select distinct node_id from jsonb_array_elements_text(${JSON.stringify(nodeIds)}::jsonb) as ids (node_id)) as wanted
      cross join lateral (
        select * from registration_changes r where r.node_id = wanted.node_id and r.cursor > ${after} order by r.cursor limit ${limit}
      ) as c
      order by c.cursor
      limit ${limit}
    `,
  );
}

export function readChangesAt(connection: Connection, cursors: readonly Cursor[]): Promise<Change[]> {
  return changes(
    connection,
    sql`select ${columns} from registration_changes c where c.cursor in (select jsonb_array_elements_text(${JSON.stringify(cursors)}::jsonb)::bigint)`,
  );
}

/** The latest entries of many nodes with one statement: a lateral index scan per node. */
export function readLatestChanges(connection: Connection, nodeIds: readonly NodeId[], first: number): Promise<Change[]> {
  return changes(
    connection,
    sql`
      select ${columns}
      from jsonb_array_elements_text(${JSON.stringify(nodeIds)}::jsonb) as wanted (node_id)
      cross join lateral (
        select * from registration_changes r where r.node_id = wanted.node_id order by r.cursor desc limit ${first}
      ) as c
      order by c.cursor desc
    `,
  );
}

/** The newest number, and the one up to which the log was trimmed. */
export async function readBounds(connection: Connection): Promise<{ head: Cursor; floor: Cursor }> {
  const { rows } = await connection.execute(sql`select head::float8 as head, floor::float8 as floor from registry`);
  const [bounds] = z.tuple([z.object({ head: z.number(), floor: z.number() })]).parse(rows);
  return { head: toCursor(bounds.head), floor: toCursor(bounds.floor) };
}
