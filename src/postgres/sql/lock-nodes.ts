import type { NodeId } from '../../events/node-id.ts';
import type { Connection } from '../database.ts';

/** At most this many at once: 40,000 advisory locks exhaust Postgres' shared lock table (measured), and each gateway may hold a batch. */
export const MAX_LOCKED_NODES = 500;

const LOCK_NODES = {
  name: 'lock_nodes',
  text: `
    select count(pg_advisory_xact_lock(key))
    from (
      select distinct hashtextextended(id, 0) as key
      from jsonb_array_elements_text($1::jsonb) as id
      order by key
      offset 0
    ) as keys
  `,
} as const;

/**
 * Takes the nodes' locks until the transaction ends, in the order of their keys, which is the same in every gateway: no deadlock.
 * Throws when a lock is not free within the transaction's lock_timeout.
 */
export async function lockNodes(connection: Connection, nodeIds: readonly NodeId[]): Promise<void> {
  if (nodeIds.length > MAX_LOCKED_NODES) throw new RangeError(`at most ${MAX_LOCKED_NODES} nodes at once, not ${nodeIds.length}`);
  await connection.ask(LOCK_NODES, [JSON.stringify(nodeIds)]);
}
