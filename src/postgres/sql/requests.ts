import { sql } from 'drizzle-orm';
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

const READ_REQUESTS = {
  name: 'read_requests',
  text: `
    select correlation_id, node_id, by_operator, operator, floor(extract(epoch from issued_at) * 1000)::float8 as issued_at
    from introspection_requests
    where correlation_id = any($1::text[])
  `,
} as const;

const requestRow = z.object({
  correlation_id: z.string(),
  node_id: z.string().nullable(),
  by_operator: z.boolean(),
  operator: z.string().nullable(),
  issued_at: z.number(),
});

/** Asks nothing of Postgres where there is nothing to look for. */
export async function readRequests(connection: Connection, correlationIds: readonly string[]): Promise<IssuedRequest[]> {
  if (correlationIds.length === 0) return [];
  const rows = z.array(requestRow).parse(await connection.ask(READ_REQUESTS, [correlationIds]));
  return rows.map((row) => ({
    correlationId: row.correlation_id,
    nodeId: row.node_id === null ? null : (toNodeId(row.node_id) ?? null),
    operator: row.operator,
    byOperator: row.by_operator,
    issuedAt: row.issued_at,
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
