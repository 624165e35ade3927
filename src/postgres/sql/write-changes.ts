import { sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Change } from '../../registry/change.ts';
import { type Cursor, toCursor } from '../../registry/cursor.ts';
import type { Connection } from '../database.ts';

export const CHANGES_CHANNEL = 'registration_changes';

/**
 * Takes the next `count` numbers. The row stays locked until the transaction ends, so numbers become visible in their order: a bare
 * sequence would let a reader skip, for ever, a change that commits after a higher number. To be called last, since all writers queue
 * here. Returns the number before the first.
 */
export async function takeNumbers(connection: Connection, count: number): Promise<Cursor> {
  const { rows } = await connection.execute(sql`update registry set head = head + ${count} returning (head - ${count})::float8 as before`);
  return toCursor(z.tuple([z.object({ before: z.number() })]).parse(rows)[0].before);
}

/** Appends numbered entries and wakes every gateway when the transaction commits. */
export async function writeChanges(connection: Connection, changes: readonly Change[]): Promise<void> {
  const rows = changes.map((change) => ({
    cursor: change.cursor,
    change_type: change.type,
    node_id: change.nodeId,
    node: change.node,
    before: change.before,
    reason: change.reason,
    changed_fields: change.changedFields,
    correlation_id: change.correlationId,
    operator: change.operator,
    occurred_at: new Date(change.occurredAt).toISOString(),
  }));
  await connection.execute(sql`
    with appended as (
      insert into registration_changes (
        cursor, change_type, node_id, node, before, reason, changed_fields, correlation_id, operator, occurred_at
      )
      select
        cursor, change_type, node_id, node, nullif(before, 'null'::jsonb), reason, changed_fields, correlation_id, operator, occurred_at
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as row (
        cursor bigint, change_type text, node_id text, node jsonb, before jsonb, reason text, changed_fields text[],
        correlation_id text, operator text, occurred_at timestamptz
      )
    )
    select pg_notify(${CHANGES_CHANNEL}, '')
  `);
}
