/** Where a registry keeps its services in Consul, and who probes them. All of its gateways go by one. */
export interface Placement {
  /** On the agent, which runs the checks; or on virtual nodes of the catalog. */
  readonly mode: 'agent' | 'catalog';
  /** Over how many virtual nodes the services are spread. */
  readonly virtualNodes: number;
  /** Who probes what stands on virtual nodes: the gateways among themselves, or consul-esm. */
  readonly probes: 'gateway' | 'esm';
}

export function isSamePlacement(a: Placement, b: Placement): boolean {
  return a.mode === b.mode && a.virtualNodes === b.virtualNodes && a.probes === b.probes;
}
