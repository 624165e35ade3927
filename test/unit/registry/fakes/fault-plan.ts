import fc from 'fast-check';
import type { CatalogFault } from './memory-catalog.ts';
import type { StoreFault } from './memory-store.ts';
import type { SharedBackEnds } from './shared-back-ends.ts';

/** The faults of the next calls of each back end, in order; null: it succeeds. Calls beyond the plan succeed. */
export interface FaultPlan {
  readonly store: readonly (StoreFault | null)[];
  readonly log: readonly ('fail' | null)[];
  readonly catalog: readonly (CatalogFault | null)[];
  readonly messenger: readonly ('fail' | 'sent' | null)[];
}

const most = { maxLength: 40 };

export const faultPlan: fc.Arbitrary<FaultPlan> = fc.record({
  store: fc.array(fc.constantFrom(null, null, 'before', 'after', 'lost', 'contention'), most),
  log: fc.array(fc.constantFrom(null, 'fail'), most),
  catalog: fc.array(fc.constantFrom(null, null, 'fail', 'applied'), most),
  messenger: fc.array(fc.constantFrom(null, 'fail', 'sent'), most),
});

export function inject(world: SharedBackEnds, plan: FaultPlan): void {
  world.store.faults.chooser = inOrder(plan.store);
  world.store.log.faults.chooser = inOrder(plan.log);
  world.catalog.faults.chooser = inOrder(plan.catalog);
  world.messenger.faults.chooser = inOrder(plan.messenger);
}

function inOrder<T>(faults: readonly (T | null)[]): () => T | null {
  const rest = [...faults];
  return () => rest.shift() ?? null;
}
