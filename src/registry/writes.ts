import type { Decision } from './decide.ts';
import type { Writes } from './ports.ts';

export const NOTHING: Writes = { nodes: [], changes: [], processed: [], completed: [], rejected: [] };

/** What such decisions write, where no message asked for them; null: nothing was decided. */
export function writesOf(decisions: readonly ((Decision & { outcome: 'applied' }) | null)[]): Writes {
  const applied = decisions.filter((decision) => decision !== null);
  return {
    ...NOTHING,
    nodes: applied.map(({ node }) => node),
    changes: applied.flatMap(({ change }) => (change === null ? [] : [change])),
  };
}
