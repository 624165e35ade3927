import { backendRead } from './backend-call.ts';
import { findDifferences, type RecordDifference } from './differences.ts';
import type { NodeRecord } from './node-record.ts';
import type { CatalogEntry, RecordLookup, ServiceCatalog, ServiceLookup } from './ports.ts';
import { serviceOf } from './service-of.ts';

export interface SideBySideParts {
  readonly store: RecordLookup;
  readonly catalog: ServiceLookup & Pick<ServiceCatalog, 'define'>;
}

/** What the two back ends hold of a node at this moment, beside what this gateway answers. Each is read when it is first asked for, and once. */
export class SideBySide {
  readonly #node: NodeRecord;
  readonly #parts: SideBySideParts;
  #row: Promise<NodeRecord | null> | undefined;
  #entry: Promise<CatalogEntry | null> | undefined;

  constructor(node: NodeRecord, parts: SideBySideParts) {
    this.#node = node;
    this.#parts = parts;
  }

  /** The row in Postgres; null: there is none. Rejects with BACKEND_UNAVAILABLE. */
  postgres(): Promise<NodeRecord | null> {
    this.#row ??= backendRead(() => this.#parts.store.readNode(this.#node.nodeId));
    return this.#row;
  }

  /** The service in Consul; null: there is none. Rejects with BACKEND_UNAVAILABLE. */
  consul(): Promise<CatalogEntry | null> {
    this.#entry ??= backendRead(() => this.#parts.catalog.entry(serviceOf(this.#parts.catalog, this.#node).id));
    return this.#entry;
  }

  /** Of a back end that does not answer nothing is said; rejects with BACKEND_UNAVAILABLE when none of the two does. */
  async differences(): Promise<readonly RecordDifference[]> {
    const [row, entry] = await Promise.allSettled([this.postgres(), this.consul()]);
    if (row.status === 'rejected' && entry.status === 'rejected') throw row.reason;
    return findDifferences(this.#node, serviceOf(this.#parts.catalog, this.#node), {
      ...(row.status === 'fulfilled' ? { postgres: row.value } : {}),
      ...(entry.status === 'fulfilled' ? { consul: entry.value } : {}),
    });
  }
}
