import { sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Connection } from '../database.ts';

/** The server's time at this moment, milliseconds since 1970. */
export async function readClock(connection: Connection): Promise<number> {
  const { rows } = await connection.execute(sql`select extract(epoch from clock_timestamp())::float8 * 1000 as now`);
  return z.tuple([z.object({ now: z.number() })]).parse(rows)[0].now;
}
