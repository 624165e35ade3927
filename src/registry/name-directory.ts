import type { NodeId } from '../events/node-id.ts';
import { canonicalName, serviceSpellings } from './names.ts';
import { NodeIndex } from './node-index.ts';
import type { NodeRecord } from './node-record.ts';

/** What a name can be the name of, in the order of precedence. */
export const NAME_KINDS = ['CAPABILITY', 'SERVICE_NAME', 'NODE_NAME', 'NODE_TYPE'] as const;
export type NameKind = (typeof NAME_KINDS)[number];

/** What a name was taken for, and the nodes that it is a name of. */
export interface NameMatch {
  /** Empty: nobody has that name. */
  readonly kinds: readonly NameKind[];
  readonly nodes: ReadonlySet<NodeId>;
}

/** Nodes by the names that clients ask for. */
export class NameDirectory {
  readonly #indexes: Readonly<Record<NameKind, NodeIndex>> = {
    CAPABILITY: new NodeIndex((node) => node.capabilities),
    SERVICE_NAME: new NodeIndex((node) => (node.serviceName === '' ? [] : [node.serviceName])),
    NODE_NAME: new NodeIndex((node) => (node.name === null ? [] : [node.name])),
    NODE_TYPE: new NodeIndex((node) => [node.type]),
  };

  add(node: NodeRecord): void {
    for (const kind of NAME_KINDS) this.#indexes[kind].add(node);
  }

  remove(node: NodeRecord): void {
    for (const kind of NAME_KINDS) this.#indexes[kind].remove(node);
  }

  /**
   * The nodes with a capability of that name; when there is no such capability, those whose service name (with or without `-service`),
   * node name or type it is.
   */
  match(name: string): NameMatch {
    const capable = this.#indexes.CAPABILITY.get(name);
    if (capable.size > 0) return { kinds: ['CAPABILITY'], nodes: capable };
    const found = [...this.#sets(name)].filter(({ nodes }) => nodes.size > 0);
    const [only] = found;
    return {
      kinds: NAME_KINDS.filter((kind) => found.some((one) => one.kind === kind)),
      nodes: found.length === 1 && only !== undefined ? only.nodes : new Set(found.flatMap(({ nodes }) => [...nodes])),
    };
  }

  /** Whether the name is one of the node's in any way, be it by a kind that does not count at the moment. */
  has(name: string, nodeId: NodeId): boolean {
    for (const { nodes } of this.#sets(name)) if (nodes.has(nodeId)) return true;
    return false;
  }

  /** Every node that has any of the names in any way. */
  any(...names: readonly string[]): ReadonlySet<NodeId> {
    const sets = names.flatMap((name) => [...this.#sets(name)].map(({ nodes }) => nodes)).filter(({ size }) => size > 0);
    const [only, another] = sets;
    // As mostly. A copy of 10,000 ids takes a millisecond.
    if (only !== undefined && another === undefined) return only;
    const ids = new Set<NodeId>();
    for (const nodes of sets) for (const id of nodes) ids.add(id);
    return ids;
  }

  /** Every name of a kind, in its canonical spelling. */
  names(kind: NameKind): IterableIterator<string> {
    return this.#indexes[kind].names();
  }

  named(kind: NameKind, name: string): ReadonlySet<NodeId> {
    return this.#indexes[kind].get(name);
  }

  /** The name as the node spells it; undefined when it does not have it. */
  spelling(kind: NameKind, node: NodeRecord, canonical: string): string | undefined {
    return this.#indexes[kind].spelling(node, canonical);
  }

  *#sets(name: string): Generator<{ readonly kind: NameKind; readonly nodes: ReadonlySet<NodeId> }> {
    const canonical = canonicalName(name);
    yield { kind: 'CAPABILITY', nodes: this.#indexes.CAPABILITY.get(canonical) };
    for (const spelling of serviceSpellings(canonical)) {
      yield { kind: 'SERVICE_NAME', nodes: this.#indexes.SERVICE_NAME.get(spelling) };
    }
    yield { kind: 'NODE_NAME', nodes: this.#indexes.NODE_NAME.get(canonical) };
    yield { kind: 'NODE_TYPE', nodes: this.#indexes.NODE_TYPE.get(canonical) };
  }
}
