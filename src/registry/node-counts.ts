import type { NodeHealth, NodeRecord, RegistrationState } from './node-record.ts';

/** How many nodes of a type stand so. */
export interface NodeCount {
  readonly type: string;
  readonly state: RegistrationState;
  readonly health: NodeHealth;
  readonly nodes: number;
}

type Counted = Pick<NodeRecord, 'type' | 'state' | 'health'>;

/** Nodes counted while they come, change and go: reading it costs what there are kinds of them, however large the fleet. */
export class NodeCounts {
  readonly #counts = new Map<
    string,
    { readonly type: string; readonly state: RegistrationState; readonly health: NodeHealth; nodes: number }
  >();

  add({ type, state, health }: Counted): void {
    const key = keyOf({ type, state, health });
    const count = this.#counts.get(key);
    if (count === undefined) this.#counts.set(key, { type, state, health, nodes: 1 });
    else count.nodes += 1;
  }

  remove(node: Counted): void {
    const key = keyOf(node);
    const count = this.#counts.get(key);
    if (count === undefined) return;
    count.nodes -= 1;
    if (count.nodes === 0) this.#counts.delete(key);
  }

  /** By type, state and health; none of no nodes. */
  list(): readonly NodeCount[] {
    return [...this.#counts.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, count]) => ({ ...count }));
  }
}

/** A type has no control characters. */
function keyOf({ type, state, health }: Counted): string {
  return `${type}\n${state}\n${health}`;
}
