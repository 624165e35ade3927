import { sql } from 'drizzle-orm';
import { DeposedError } from '../../errors.ts';
import type { Term } from '../../registry/leadership.ts';
import type { Connection } from '../database.ts';

/**
 * Keeps the term until the transaction ends: another gateway's election, which updates this row, waits for that. To be called before
 * any other lock is taken. Throws DeposedError when a later term has begun.
 */
export async function holdTerm(connection: Connection, term: Term): Promise<void> {
  const { rows } = await connection.execute(sql`select 1 from leadership where term = ${term} for share`);
  if (rows.length === 0) throw new DeposedError(`another gateway leads: term ${term} is over`);
}
