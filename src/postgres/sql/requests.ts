import { inArray, sql } from 'drizzle-orm';
import { z } from 'zod';
import { toNodeId } from '../../events/node-id.ts';
import type { IssuedRequest } from '../../registry/ports.ts';
import type { Connection } from '../database.ts';
import { introspectionRequests } from '../schema.ts';

export async function writeRequest(connection: Connection, request: IssuedRequest): Promise<void> {
  await connection
    .insert(introspectionRequests)
    .values({ ...request, issuedAt: new Date(request.issuedAt) })
    .onConflictDoNothing();
}

export async function readRequests(connection: Connection, correlationIds: readonly string[]): Promise<IssuedRequest[]> {
  if (correlationIds.length === 0) return [];
  const rows = await connection
    .select()
    .from(introspectionRequests)
    .where(inArray(introspectionRequests.correlationId, [...correlationIds]));
  return rows.map((row) => ({
    ...row,
    nodeId: row.nodeId === null ? null : (toNodeId(row.nodeId) ?? null),
    issuedAt: row.issuedAt.getTime(),
  }));
}

/** Deletes requests issued before the time (milliseconds since 1970): nobody answers them any more. Returns how many. */
export async function trimRequests(connection: Connection, before: number): Promise<number> {
  const { rows } = await connection.execute(sql`
    with gone as (delete from introspection_requests where issued_at < ${new Date(before).toISOString()}::timestamptz returning 1)
    select count(*)::float8 as deleted from gone
  `);
  return z.tuple([z.object({ deleted: z.number() })]).parse(rows)[0].deleted;
}
