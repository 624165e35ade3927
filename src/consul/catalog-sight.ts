import { isDeepStrictEqual } from 'node:util';
import type { ObservedCheck, ProbedStatus } from '../registry/ports.ts';
import { checkOutput } from './cut-text.ts';
import { type CheckRow, type ObservedChecks, observe } from './observed-checks.ts';
import { ownerIn } from './owner-note.ts';
import { checkIdOf, type Place, type StandingEntry } from './standing-entry.ts';

/** For so long it is said of a service that it vanished: then the reconciler has looked, or will in its next pass. Milliseconds. */
const MOURNING = 10_000;

export type BadStatus = Exclude<ProbedStatus, 'passing'>;

export interface CatalogSightParts {
  readonly registryId: () => string;
  /** Where a service belongs. */
  readonly homeOf: (serviceId: string) => string;
  /** Whether it is a virtual node of this registry. */
  readonly isVirtual: (node: string) => boolean;
  /** Whether it is the node of the agent, on which services of this registry may stand among others. */
  readonly isAgent: (node: string) => boolean;
  /** A service stands elsewhere than it belongs. */
  readonly onStray: (serviceId: string, node: string) => void;
  /** A clock that nobody sets, milliseconds. */
  readonly monotonic: () => number;
}

/**
 * What is known of the checks in the catalog while only those that do not pass are followed: their lists are short however large the
 * fleet is. A check that leaves them passes again, or is gone; which of the two has to be looked up ({@link unsettled}, {@link settle}),
 * and until then it counts as what it was.
 */
export class CatalogSight {
  readonly #parts: CatalogSightParts;
  /** Checks that passed when they were last looked at, by service id. Those of newer registrations are not among them. */
  readonly #passing = new Map<string, ObservedCheck>();
  /** Those of them that stand where they belong. */
  readonly #atHome = new Set<string>();
  readonly #bad: Record<BadStatus, readonly CheckRow[]> = { critical: [], warning: [] };
  /** What left the lists and has not been looked up, by service id. */
  readonly #left = new Map<string, CheckRow>();
  /** When it was seen that they are gone, by service id. */
  readonly #vanished = new Map<string, number>();
  /** Since when the check of a registration has been critical as far as this gateway saw, by service id. */
  readonly #criticalSince = new Map<string, number>();
  #own = new Map<string, BadStatus>();
  #edition = 0;

  constructor(parts: CatalogSightParts) {
    this.#parts = parts;
  }

  /** Every check there is: what was known before counts no more. */
  beginWith(rows: readonly CheckRow[]): void {
    this.#edition += 1;
    this.#passing.clear();
    this.#atHome.clear();
    this.#left.clear();
    this.#vanished.clear();
    for (const row of rows) if (row.status === 'passing' && this.#isAtHome(row)) this.#atHome.add(row.serviceId);
    for (const [id, check] of this.#observe(rows.filter((row) => this.#isOurs(row))))
      if (check.status === 'passing') this.#passing.set(id, check);
    for (const status of ['critical', 'warning'] as const)
      this.#bad[status] = rows.filter((row) => row.status === status && this.#isOurs(row));
    this.#note();
  }

  /** All checks that have this status now. */
  list(status: BadStatus, listed: readonly CheckRow[]): void {
    const rows = listed.filter((row) => this.#isOurs(row));
    const before = this.#bad[status];
    this.#bad[status] = rows;
    const bad = new Set([...this.#bad.critical, ...this.#bad.warning].map(({ serviceId }) => serviceId));
    let isKnown = isDeepStrictEqual(rows, before);
    for (const row of rows) if (this.#isAtHome(row) && this.#atHome.delete(row.serviceId)) isKnown = false;
    for (const row of before) if (!bad.has(row.serviceId)) this.#left.set(row.serviceId, row);
    for (const id of bad) {
      const hadLeft = this.#left.delete(id);
      const hadVanished = this.#vanished.delete(id);
      if (hadLeft || hadVanished) isKnown = false;
    }
    if (!isKnown) this.#edition += 1;
    this.#note();
  }

  /** Where to look for what left the lists, or had vanished. */
  unsettled(): readonly Place[] {
    const now = this.#parts.monotonic();
    for (const [id, since] of this.#vanished) {
      if (now - since <= MOURNING) continue;
      this.#vanished.delete(id);
      this.#edition += 1;
    }
    return [
      ...[...this.#left.values()].map(({ node, serviceId }) => ({ node, serviceId })),
      ...[...this.#vanished.keys()].map((serviceId) => ({ node: this.#parts.homeOf(serviceId), serviceId })),
    ];
  }

  /** What was found there. */
  settle({ node, serviceId }: Place, entry: StandingEntry | null): void {
    const { registryId, homeOf, monotonic } = this.#parts;
    const isOurs = entry?.meta['registry_id'] === registryId();
    this.#edition += 1;
    this.#left.delete(serviceId);
    if (entry !== null && isOurs && entry.check !== null) {
      this.#vanished.delete(serviceId);
      // Another status than passing is in a list that is on its way.
      const isMisplaced = node !== homeOf(serviceId);
      if (entry.check.Status === 'passing' && !isMisplaced) this.#atHome.add(serviceId);
      if (entry.check.Status === 'passing')
        this.#passing.set(serviceId, {
          status: 'passing',
          output: checkOutput(entry.check.Output),
          ...(isMisplaced ? { isMisplaced } : {}),
        });
    } else {
      this.#passing.delete(serviceId);
      this.#atHome.delete(serviceId);
      if (!this.#vanished.has(serviceId)) this.#vanished.set(serviceId, monotonic());
    }
  }

  /**
   * Differs where what {@link checks} and {@link vanished} say may differ: they are as long as the fleet is large, and something is asked
   * after every answer of Consul. null: it takes a look, since something stands elsewhere than it belongs.
   */
  edition(): string | null {
    const suspects = [...this.#bad.critical, ...this.#bad.warning, ...this.#left.values()];
    return suspects.every((row) => this.#isAtHome(row)) ? `${this.#edition} ${this.#parts.registryId()}` : null;
  }

  /** By service id; what is not in here says nothing of its service. */
  checks(): ObservedChecks {
    const checks = new Map(this.#passing);
    for (const [id, check] of this.#observe([...this.#bad.critical, ...this.#bad.warning, ...this.#left.values()])) {
      // What passes at its place does not go by a copy that is on its way out.
      const word = check.isMisplaced === true && this.#atHome.has(id) ? this.#passing.get(id) : check;
      checks.set(id, check.isMisplaced === true ? { ...(word ?? check), isMisplaced: true } : check);
    }
    return checks;
  }

  /** Services whose checks are gone. */
  vanished(): ReadonlySet<string> {
    return new Set(this.#vanished.keys());
  }

  /** A service that stood elsewhere does not any more. */
  cleared(serviceId: string): void {
    const check = this.#passing.get(serviceId);
    if (check?.isMisplaced !== true) return;
    this.#edition += 1;
    this.#passing.set(serviceId, { status: check.status, output: check.output });
  }

  /** The status of the check that a registration made, as Consul has it: passing unless it says otherwise. */
  statusOf(serviceId: string): ProbedStatus {
    return this.#own.get(serviceId) ?? 'passing';
  }

  /** For how many milliseconds this gateway has seen that check critical; null: it is not. */
  criticalFor(serviceId: string): number | null {
    const since = this.#criticalSince.get(serviceId);
    return since === undefined ? null : this.#parts.monotonic() - since;
  }

  /** On a virtual node whatever is said counts, maintenance mode too; on the agent's, what is under our mark. */
  #isOurs({ node, serviceId, notes }: CheckRow): boolean {
    const { registryId, isVirtual, isAgent } = this.#parts;
    return serviceId !== '' && (isVirtual(node) || (isAgent(node) && ownerIn(notes) === registryId()));
  }

  #isAtHome({ node, serviceId }: CheckRow): boolean {
    return node === this.#parts.homeOf(serviceId);
  }

  #observe(rows: readonly CheckRow[]): ObservedChecks {
    const { registryId, homeOf, onStray } = this.#parts;
    return observe(rows, registryId(), (node, serviceId) => {
      if (node === homeOf(serviceId)) return false;
      onStray(serviceId, node);
      return true;
    });
  }

  #note(): void {
    const { monotonic } = this.#parts;
    const own = new Map<string, BadStatus>();
    for (const status of ['warning', 'critical'] as const) {
      for (const row of this.#bad[status]) {
        if (row.checkId === checkIdOf(row.serviceId) && this.#isAtHome(row)) own.set(row.serviceId, status);
      }
    }
    this.#own = own;
    for (const id of this.#criticalSince.keys()) if (own.get(id) !== 'critical') this.#criticalSince.delete(id);
    const now = monotonic();
    for (const [id, status] of own) if (status === 'critical' && !this.#criticalSince.has(id)) this.#criticalSince.set(id, now);
  }
}
