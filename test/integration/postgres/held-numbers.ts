import pg from 'pg';
import { until } from '../../until.ts';

/**
 * Holds the row from which changes get their numbers, so that a transaction with a change stalls at its last step: everything else it
 * writes is written, and not committed.
 */
export async function holdNumbers(url: string | null) {
  const client = new pg.Client({ connectionString: url ?? undefined });
  await client.connect();
  await client.query('begin; select 1 from registry for update');
  return {
    /** Until so many transactions have come that far. */
    stalled: (count: number) =>
      until(`${count} transactions wait for a number`, async () => {
        // Within a transaction Postgres shows the activity of the first look, again and again.
        await client.query('select pg_stat_clear_snapshot()');
        const { rowCount } = await client.query(
          `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and position('update registry set head' in query) > 0`,
        );
        return rowCount === count;
      }),
    release: async () => {
      await client.query('rollback');
      await client.end();
    },
  };
}
