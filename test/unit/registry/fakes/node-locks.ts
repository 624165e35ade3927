import type { NodeId } from '../../../../src/events/node-id.ts';

/** One holder per node at a time; several nodes are taken in one order, so that nobody deadlocks. */
export class NodeLocks {
  readonly #ends = new Map<NodeId, Promise<void>>();

  /** Resolves once all are held, with how to release them. */
  async acquire(nodeIds: readonly NodeId[]): Promise<() => void> {
    const releases: (() => void)[] = [];
    for (const nodeId of [...new Set(nodeIds)].sort()) {
      const before = this.#ends.get(nodeId);
      this.#ends.set(
        nodeId,
        new Promise((resolve) => {
          releases.push(resolve);
        }),
      );
      await before;
    }
    return () => {
      for (const release of releases) release();
    };
  }
}
