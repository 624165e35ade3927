import type { ObservedCheck, ProbedStatus } from '../registry/ports.ts';
import { checkOutput } from './cut-text.ts';
import { ownerIn } from './owner-note.ts';

/** One check as `/v1/health/state` lists it. */
export interface CheckRow {
  readonly node: string;
  readonly checkId: string;
  readonly serviceId: string;
  readonly status: ProbedStatus;
  readonly output: string;
  readonly notes: string;
}

export type ObservedChecks = ReadonlyMap<string, ObservedCheck>;

const SEVERITY = { passing: 0, warning: 1, critical: 2 } as const;

/**
 * The checks by service id: of several on one service (maintenance mode adds one) the worst counts. `isMisplaced` tells nodes on which the
 * service should not stand any more. Left out are checks of nodes, and
 * services on which another registry's check stands.
 */
export function observe(
  rows: readonly CheckRow[],
  registryId: string,
  isMisplaced: (node: string, serviceId: string) => boolean = () => false,
): ObservedChecks {
  const foreign = new Set<string>();
  for (const row of rows) {
    const owner = ownerIn(row.notes);
    if (owner !== null && owner !== registryId) foreign.add(`${row.node}/${row.serviceId}`);
  }
  const atHome = new Set<string>();
  const observed = new Map<string, ObservedCheck>();
  for (const row of rows) {
    if (row.serviceId === '' || foreign.has(`${row.node}/${row.serviceId}`)) continue;
    const isAstray = isMisplaced(row.node, row.serviceId);
    const worst = observed.get(row.serviceId);
    // A copy that is on its way out says nothing where the service stands at its place too, but that it has to go.
    const isNewWord =
      worst === undefined || (atHome.has(row.serviceId) ? !isAstray && isWorse(row, worst) : !isAstray || isWorse(row, worst));
    if (!isAstray) atHome.add(row.serviceId);
    const word = isNewWord ? { status: row.status, output: checkOutput(saidBy(row)) } : worst;
    observed.set(row.serviceId, isAstray || worst?.isMisplaced === true ? { ...word, isMisplaced: true } : word);
  }
  return observed;
}

function isWorse(row: CheckRow, than: ObservedCheck): boolean {
  return SEVERITY[row.status] > SEVERITY[than.status];
}

/** Checks of others (maintenance mode) say in their notes why; only a check of ours that has not run yet has nothing to say. */
function saidBy({ output, notes, status }: CheckRow): string {
  return output === '' && ownerIn(notes) === null ? notes || status : output;
}

export function sameChecks(a: ObservedChecks, b: ObservedChecks): boolean {
  if (a.size !== b.size) return false;
  for (const [id, check] of a) {
    const other = b.get(id);
    if (other === undefined || !isSameCheck(check, other)) return false;
  }
  return true;
}

/**
 * What may be reported after a look: everything seen, and what was there at the last report but is not now and was not missed before
 * (`missed`). A check that is being replaced is gone from the catalog for some milliseconds when Consul's anti-entropy deletes the old
 * one before it adds the new; its node must not look dropped.
 */
export function settle(
  reported: ObservedChecks,
  seen: ObservedChecks,
  missed: ReadonlySet<string>,
): { readonly checks: ObservedChecks; readonly missing: ReadonlySet<string> } {
  const missing = new Set<string>();
  const checks = new Map(seen);
  for (const [id, check] of reported) {
    if (seen.has(id) || missed.has(id)) continue;
    missing.add(id);
    checks.set(id, check);
  }
  return { checks, missing };
}

function isSameCheck(a: ObservedCheck, b: ObservedCheck): boolean {
  return a.status === b.status && a.output === b.output && a.isMisplaced === b.isMisplaced;
}
