import type { FleetNode } from '../gateway/node-shape.ts';

export interface MatrixCell {
  readonly nodes: number;
  readonly healthy: number;
}

export interface Matrix {
  readonly types: readonly string[];
  readonly capabilities: readonly string[];
  /** null: no registered node of the type has the capability. */
  readonly cell: (type: string, capability: string) => MatrixCell | null;
}

/** Which types of registered nodes have which capabilities, both by name. */
export function matrix(nodes: Iterable<FleetNode>): Matrix {
  const types = new Set<string>();
  const cells = new Map<string, Map<string, { nodes: number; healthy: number }>>();
  for (const node of nodes) {
    if (node.state !== 'REGISTERED') continue;
    types.add(node.type);
    for (const capability of node.capabilities) {
      const row = cells.get(capability) ?? new Map<string, { nodes: number; healthy: number }>();
      const cell = row.get(node.type) ?? { nodes: 0, healthy: 0 };
      cell.nodes += 1;
      if (node.health === 'HEALTHY') cell.healthy += 1;
      row.set(node.type, cell);
      cells.set(capability, row);
    }
  }
  const byName = (a: string, b: string) => a.localeCompare(b);
  return {
    types: [...types].sort(byName),
    capabilities: [...cells.keys()].sort(byName),
    cell: (type, capability) => cells.get(capability)?.get(type) ?? null,
  };
}
