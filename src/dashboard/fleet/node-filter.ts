import type { FleetNode, Health, State } from '../gateway/node-shape.ts';

/** Which nodes a table shows. An empty list is no condition; all that are given must hold. */
export interface NodeFilter {
  /** A part of the id, name, service name, version, address or a capability. */
  readonly text: string;
  readonly types: readonly string[];
  readonly capabilities: readonly string[];
  readonly health: readonly Health[];
  readonly states: readonly State[];
}

export const NO_FILTER: NodeFilter = { text: '', types: [], capabilities: [], health: [], states: [] };

/** All capabilities, any of the others. @returns whether a node is shown */
export function nodeFilter(filter: NodeFilter): (node: FleetNode) => boolean {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const { types, capabilities, health, states } = filter;
  return (node) =>
    (states.length === 0 || states.includes(node.state)) &&
    (health.length === 0 || health.includes(node.health)) &&
    (types.length === 0 || types.includes(node.type)) &&
    capabilities.every((name) => node.capabilities.includes(name)) &&
    words.every((word) => mentions(node, word));
}

function mentions(node: FleetNode, word: string): boolean {
  const { nodeId, name, serviceName, type, version, address, port, capabilities } = node;
  const has = (text: string | null) => text?.toLowerCase().includes(word) ?? false;
  return has(nodeId) || has(name) || has(serviceName) || has(type) || has(version) || has(placeOf(address, port)) || capabilities.some(has);
}

/** Host and port as one writes them; null for a node without endpoints. */
export function placeOf(address: string | null, port: number | null): string | null {
  if (address === null) return null;
  const host = address.includes(':') ? `[${address}]` : address;
  return port === null ? host : `${host}:${port}`;
}
