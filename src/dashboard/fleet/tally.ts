import type { FleetNode, Health } from '../gateway/node-shape.ts';

export interface TypeTally {
  readonly type: string;
  readonly nodes: number;
  readonly health: Readonly<Record<Health, number>>;
}

export interface Tally {
  readonly registered: number;
  /** Of the registered ones. */
  readonly health: Readonly<Record<Health, number>>;
  /** Of the registered ones, the most frequent first. */
  readonly types: readonly TypeTally[];
}

const none = (): Record<Health, number> => ({ HEALTHY: 0, DEGRADED: 0, UNHEALTHY: 0, UNKNOWN: 0 });

/** How many registered nodes there are, by health and type. */
export function tally(nodes: Iterable<FleetNode>): Tally {
  const health = none();
  const types = new Map<string, { nodes: number; health: Record<Health, number> }>();
  let registered = 0;
  for (const node of nodes) {
    if (node.state !== 'REGISTERED') continue;
    registered += 1;
    health[node.health] += 1;
    const type = types.get(node.type) ?? { nodes: 0, health: none() };
    type.nodes += 1;
    type.health[node.health] += 1;
    types.set(node.type, type);
  }
  const sorted = [...types].map(([type, counts]) => ({ type, ...counts }));
  sorted.sort((a, b) => b.nodes - a.nodes || a.type.localeCompare(b.type));
  return { registered, health, types: sorted };
}
