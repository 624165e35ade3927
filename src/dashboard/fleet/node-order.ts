import type { FleetNode, Health, State } from '../gateway/node-shape.ts';

export const COLUMNS = [
  'node',
  'type',
  'health',
  'state',
  'service',
  'version',
  'address',
  'capabilities',
  'lastSeen',
  'registered',
] as const;
export type Column = (typeof COLUMNS)[number];

export interface NodeOrder {
  readonly column: Column;
  readonly isDescending: boolean;
}

export const DEFAULT_ORDER: NodeOrder = { column: 'node', isDescending: false };

/** What needs a look first. */
const HEALTH_RANK: Readonly<Record<Health, number>> = { UNHEALTHY: 0, DEGRADED: 1, UNKNOWN: 2, HEALTHY: 3 };
const STATE_RANK: Readonly<Record<State, number>> = { REGISTERED: 0, EXPIRED: 1, REMOVED: 2 };

const collator = new Intl.Collator('en', { numeric: true });
const text = (a: string | null, b: string | null) => collator.compare(a ?? '', b ?? '');

const COMPARE: Readonly<Record<Column, (a: FleetNode, b: FleetNode) => number>> = {
  node: (a, b) => text(a.nodeId, b.nodeId),
  type: (a, b) => text(a.type, b.type),
  health: (a, b) => HEALTH_RANK[a.health] - HEALTH_RANK[b.health],
  state: (a, b) => STATE_RANK[a.state] - STATE_RANK[b.state],
  service: (a, b) => text(a.serviceName, b.serviceName),
  version: (a, b) => text(a.version, b.version),
  address: (a, b) => text(a.address, b.address) || (a.port ?? 0) - (b.port ?? 0),
  capabilities: (a, b) => a.capabilities.length - b.capabilities.length || text(a.capabilities[0] ?? null, b.capabilities[0] ?? null),
  lastSeen: (a, b) => a.lastSeenAt - b.lastSeenAt,
  registered: (a, b) => a.registeredAt - b.registeredAt,
};

/** Sorts in place; equals by their id, so that rows never change places without a reason. */
export function sortNodes(nodes: FleetNode[], { column, isDescending }: NodeOrder): FleetNode[] {
  const compare = COMPARE[column];
  const sign = isDescending ? -1 : 1;
  return nodes.sort((a, b) => sign * compare(a, b) || text(a.nodeId, b.nodeId));
}
