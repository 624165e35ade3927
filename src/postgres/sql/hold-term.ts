import { DeposedError } from '../../errors.ts';
import type { Term } from '../../registry/leadership.ts';
import type { Connection } from '../database.ts';

const HOLD_TERM = { name: 'hold_term', text: 'select 1 from leadership where term = $1 for share' } as const;

/**
 * Keeps the term until the transaction ends: another gateway's election, which updates this row, waits for that. To be called before
 * any other lock is taken. Throws DeposedError when a later term has begun.
 */
export async function holdTerm(connection: Connection, term: Term): Promise<void> {
  const rows = await connection.ask(HOLD_TERM, [term]);
  if (rows.length === 0) throw new DeposedError(`another gateway leads: term ${term} is over`);
}
