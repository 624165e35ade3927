import { desc, sql } from 'drizzle-orm';
import type { AnyPgColumn } from 'drizzle-orm/pg-core';
import { z } from 'zod';
import type { RejectedMessage } from '../../registry/ports.ts';
import type { RejectedEvent } from '../../registry/registry.ts';
import type { Connection } from '../database.ts';
import { rejectedEvents } from '../schema.ts';

/** Postgres takes neither U+0000 nor half a surrogate pair, and a message rejected for them is quoted here. */
const storable = (text: string) => text.replaceAll('\u0000', '\ufffd').toWellFormed();

/** A message that is delivered again is the same row; another one at its place (of a topic that was deleted and made anew) takes the row. */
export async function writeRejected(connection: Connection, rejected: readonly RejectedMessage[]): Promise<void> {
  const rows = rejected.map(({ position, rejection, excerpt, rejectedAt }) => ({
    topic: position.topic,
    partition: position.partition,
    offset: Number(position.offset),
    reason: storable(rejection.reason),
    errorType: rejection.errorType,
    excerpt: excerpt === null ? null : storable(excerpt),
    correlationId: rejection.correlationId === null ? null : storable(rejection.correlationId),
    rejectedAt: new Date(rejectedAt),
  }));
  const { topic, partition, offset, reason, errorType, excerpt, correlationId, rejectedAt } = rejectedEvents;
  const given = (column: AnyPgColumn) => sql`excluded.${sql.identifier(column.name)}`;
  await connection
    .insert(rejectedEvents)
    .values(rows)
    .onConflictDoUpdate({
      target: [topic, partition, offset],
      set: {
        reason: given(reason),
        errorType: given(errorType),
        excerpt: given(excerpt),
        correlationId: given(correlationId),
        rejectedAt: given(rejectedAt),
      },
      setWhere: sql`(${reason}, ${excerpt}, ${correlationId}) is distinct from (${given(reason)}, ${given(excerpt)}, ${given(correlationId)})`,
    });
}

export async function readRejected(connection: Connection, first: number): Promise<RejectedEvent[]> {
  const rows = await connection
    .select()
    .from(rejectedEvents)
    .orderBy(desc(rejectedEvents.rejectedAt), desc(rejectedEvents.offset))
    .limit(first);
  return rows.map((row) => ({ ...row, offset: String(row.offset), rejectedAt: row.rejectedAt.getTime() }));
}

/** Deletes what was rejected before the time (milliseconds since 1970). Returns how many. */
export async function trimRejected(connection: Connection, before: number): Promise<number> {
  const { rows } = await connection.execute(sql`
    with gone as (delete from rejected_events where rejected_at < ${new Date(before).toISOString()}::timestamptz returning 1)
    select count(*)::float8 as deleted from gone
  `);
  return z.tuple([z.object({ deleted: z.number() })]).parse(rows)[0].deleted;
}
