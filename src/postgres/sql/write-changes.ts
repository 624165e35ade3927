import { z } from 'zod';
import type { Change, NewChange } from '../../registry/change.ts';
import { toCursor } from '../../registry/cursor.ts';
import type { NodeRecord } from '../../registry/node-record.ts';
import type { Question, Row } from '../database.ts';
import { iso } from './iso.ts';
import { rowOf, upsertNodes } from './write-nodes.ts';

/** Each notification tells where the log ends with it. */
export const CHANGES_CHANNEL = 'registration_changes';

const WRITE_CHANGES = {
  name: 'write_changes',
  text: `
    with numbers as (
      update registry set head = head + jsonb_array_length($1::jsonb) returning head - jsonb_array_length($1::jsonb) as before
    ), changes as (
      select row.*, numbers.before + row.place as cursor
      from numbers, jsonb_to_recordset($1::jsonb) as row (
        place bigint, change_type text, node_id text, node jsonb, before_image jsonb, reason text, changed_fields text[],
        correlation_id text, operator text, occurred_at timestamptz, traceparent text
      )
    ), appended as (
      insert into registration_changes (
        cursor, change_type, node_id, node, before, reason, changed_fields, correlation_id, operator, occurred_at,
        traceparent
      )
      select
        cursor, change_type, node_id, jsonb_set(node, '{cursor}', to_jsonb(cursor)), nullif(before_image, 'null'::jsonb), reason,
        changed_fields, correlation_id, operator, occurred_at, traceparent
      from changes
    ), written as (
      ${upsertNodes('$2', `coalesce((select max(c.cursor) from changes c where c.node_id = row.node_id), row.cursor)`)}
    )
    select numbers.before::float8 as before, pg_notify('${CHANGES_CHANNEL}', (numbers.before + jsonb_array_length($1::jsonb))::text) from numbers
  `,
} as const;

const numbered = z.tuple([z.object({ before: z.number() })]);

/**
 * Takes the next numbers, writes the rows with them, appends the entries, and wakes every gateway when the transaction commits. The row of
 * `registry` stays locked until the transaction ends, so numbers become visible in their order: a bare sequence would let a reader skip, for
 * ever, a change that commits after a higher number. To be sent last, with COMMIT right behind it, since all writers queue here.
 */
export function writeChanges(changes: readonly NewChange[], nodes: readonly NodeRecord[]): Question {
  const entries = changes.map((change, index) => ({
    place: index + 1,
    change_type: change.type,
    node_id: change.nodeId,
    node: change.node,
    before_image: change.before,
    reason: change.reason,
    changed_fields: change.changedFields,
    correlation_id: change.correlationId,
    operator: change.operator,
    occurred_at: iso(change.occurredAt),
    traceparent: change.traceparent,
  }));
  return { statement: WRITE_CHANGES, values: [JSON.stringify(entries), JSON.stringify(nodes.map(rowOf))] };
}

/** The changes with the numbers that the rows of {@link writeChanges} tell. */
export function numberedChanges(changes: readonly NewChange[], rows: readonly Row[]): readonly Change[] {
  const [{ before }] = numbered.parse(rows);
  return changes.map((change, index): Change => {
    const cursor = toCursor(before + index + 1);
    // Before the spread: each object to which a property is added after one keeps a description of itself, some 350 bytes (Node 20).
    return { cursor, ...change, node: { ...change.node, cursor } };
  });
}
