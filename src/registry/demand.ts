import type { NodeId } from '../events/node-id.ts';
import type { Ejection, Ejections } from './ejections.ts';
import type { InstanceWatch } from './instance-watch.ts';

/** Hears of every instance that an answer could contain, whatever its limit, and says whether it may. */
export interface Demand {
  admits(nodeId: NodeId): boolean;
}

/** The demand of a live subscription: it lasts until its end. */
export interface StandingDemand extends Demand {
  /** One answer is complete: what it could not contain is not asked for any more. */
  settle(): void;
  end(): void;
}

export interface Admission extends Demand {
  standing(): StandingDemand;
  /** Why the instance is not admitted; null: it is. Nobody hears of it. */
  ejection(nodeId: NodeId): Ejection | null;
  /** Calls back when others are admitted than before. Returns how to stop it. */
  onChange(listener: () => void): () => void;
}

/** Clients ask, so the instances are probed; those that are out are not handed out. */
export class ProbedDemand implements Admission {
  readonly #watch: InstanceWatch;
  readonly #ejections: Ejections;

  constructor(watch: InstanceWatch, ejections: Ejections) {
    this.#watch = watch;
    this.#ejections = ejections;
  }

  admits(nodeId: NodeId): boolean {
    this.#watch.note(nodeId);
    return !this.#ejections.has(nodeId);
  }

  standing(): StandingDemand {
    const hold = this.#watch.hold();
    return {
      admits: (nodeId) => {
        hold.note(nodeId);
        return !this.#ejections.has(nodeId);
      },
      settle: () => hold.settle(),
      end: () => hold.release(),
    };
  }

  ejection(nodeId: NodeId): Ejection | null {
    return this.#ejections.of(nodeId);
  }

  onChange(listener: () => void): () => void {
    return this.#ejections.onChange(listener);
  }
}

/** Where nothing is probed everybody is admitted. */
export const UNPROBED: Admission = {
  admits: () => true,
  standing: () => ({ admits: () => true, settle: () => undefined, end: () => undefined }),
  ejection: () => null,
  onChange: () => () => undefined,
};
