import type { NodeId } from '../events/node-id.ts';
import { canonicalName } from './names.ts';
import type { NodeRecord } from './node-record.ts';

const NONE: ReadonlySet<NodeId> = new Set();

/** Which nodes answer to a name. One entry per name that any node has. */
export class NodeIndex {
  readonly #names: (node: NodeRecord) => readonly string[];
  /** A set of its own for each name that only one node has, as most node names, would be 300 bytes. */
  readonly #nodes = new Map<string, NodeId | Set<NodeId>>();

  constructor(names: (node: NodeRecord) => readonly string[]) {
    this.#names = names;
  }

  add(node: NodeRecord): void {
    for (const name of this.#names(node)) {
      const key = canonicalName(name);
      const nodes = this.#nodes.get(key);
      if (nodes === undefined || nodes === node.nodeId) this.#nodes.set(key, node.nodeId);
      else if (typeof nodes === 'string') this.#nodes.set(key, new Set([nodes, node.nodeId]));
      else nodes.add(node.nodeId);
    }
  }

  remove(node: NodeRecord): void {
    for (const name of this.#names(node)) {
      const key = canonicalName(name);
      const nodes = this.#nodes.get(key);
      if (nodes === node.nodeId) this.#nodes.delete(key);
      if (nodes === undefined || typeof nodes === 'string') continue;
      nodes.delete(node.nodeId);
      if (nodes.size === 0) this.#nodes.delete(key);
    }
  }

  get(name: string): ReadonlySet<NodeId> {
    const nodes = this.#nodes.get(canonicalName(name)) ?? NONE;
    return typeof nodes === 'string' ? new Set([nodes]) : nodes;
  }

  /** Every name, in its canonical spelling. */
  names(): IterableIterator<string> {
    return this.#nodes.keys();
  }

  /** The name as the node spells it, for one of {@link names}; undefined when the node does not have it. */
  spelling(node: NodeRecord, canonical: string): string | undefined {
    return this.#names(node).find((name) => canonicalName(name) === canonical);
  }
}
