import type { State } from '../gateway/node-shape.ts';
import type { RegistryStatus } from './status-shape.ts';

/** How many nodes the gateway knows in each state. */
export function totalsByState({ nodeCounts }: RegistryStatus): Readonly<Record<State, number>> {
  const totals: Record<State, number> = { REGISTERED: 0, EXPIRED: 0, REMOVED: 0 };
  for (const { state, nodes } of nodeCounts) totals[state] += nodes;
  return totals;
}
