import type { Background } from './background.ts';
import type { Circuit } from './circuit.ts';
import type { Backend } from './errors.ts';
import type { BackendHealth, HealthReport, HealthSource } from './http/health.ts';
import { maskSecrets } from './log.ts';
import { printCursor } from './registry/cursor.ts';
import type { Ejections } from './registry/ejections.ts';
import { type Freshness, isStale } from './registry/freshness.ts';
import type { IngestCounts } from './registry/ingest.ts';
import type { Leadership } from './registry/leadership.ts';
import type { Reconciler } from './registry/reconciler.ts';
import type { RegistryView } from './registry/view.ts';

export interface GatewayHealthParts {
  readonly environment: string;
  readonly registryId: () => string;
  readonly startedAt: number;
  readonly now: () => number;
  readonly circuits: { readonly kafka: Circuit; readonly consul: Circuit; readonly postgres: Circuit };
  readonly background: Background;
  readonly view: RegistryView;
  readonly counts: IngestCounts;
  /** null: nothing was loaded yet. */
  readonly freshness: () => Freshness | null;
  /** Whether Consul's checks are in sight. */
  readonly isWatchingChecks: () => boolean;
  readonly isConsuming: () => boolean;
  readonly consumerLag: () => number | null;
  readonly consumerWaitsFor: () => readonly Backend[];
  readonly consumerRestarts: () => ReadonlyMap<string, number>;
  readonly subscribers: () => number;
  readonly leadership: Leadership;
  readonly reconciler: Pick<Reconciler, 'drift' | 'passes'>;
  /** Expiries that the mass-expiry guard holds back. */
  readonly heldBack: () => number;
  readonly ejections: Pick<Ejections, 'size'>;
}

/** How the gateway stands, read from its parts at the moment of asking. */
export class GatewayHealth implements HealthSource {
  readonly #parts: GatewayHealthParts;

  constructor(parts: GatewayHealthParts) {
    this.#parts = parts;
  }

  report(): HealthReport {
    const { environment, registryId, startedAt, now, circuits, background, view, counts, leadership, reconciler } = this.#parts;
    const freshness = this.#parts.freshness();
    const successful = counts.applied + counts.unchanged;
    const failed = counts.rejected + counts.failed;
    return {
      registryId: registryId(),
      environment,
      ready: freshness !== null,
      stale: freshness === null || isStale(freshness, now()),
      source: freshness?.source ?? null,
      asOf: freshness?.asOf ?? null,
      consumerTaskRunning: background.isRunning('consumer') && this.#parts.isConsuming(),
      cleanupTaskRunning: background.isRunning('clean-up'),
      backends: {
        kafka: healthOf(circuits.kafka),
        // Answers to calls are not enough: without the watch nobody here knows what Consul holds critical.
        consul: { ...healthOf(circuits.consul), ...(this.#parts.isWatchingChecks() ? {} : { available: false }) },
        postgres: healthOf(circuits.postgres),
      },
      registrations: { total: successful + failed, successful, failed },
      consumerLag: this.#parts.consumerLag(),
      consumerWaitsFor: this.#parts.consumerWaitsFor(),
      consumerRestarts: this.#parts.consumerRestarts(),
      cursor: printCursor(view.head()),
      knownNodes: view.size(),
      subscribers: this.#parts.subscribers(),
      startedAt,
      leads: leadership.term() !== null,
      reconciliations: reconciler.passes(),
      drift: reconciler.drift(),
      expiriesHeldBack: this.#parts.heldBack(),
      ejected: this.#parts.ejections.size(),
    };
  }
}

function healthOf(circuit: Circuit): BackendHealth {
  const error = circuit.lastError();
  return {
    available: circuit.isAvailable(),
    circuit: circuit.position(),
    lastError: error === null ? null : maskSecrets(error),
    since: circuit.since(),
  };
}
