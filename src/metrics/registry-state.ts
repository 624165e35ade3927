import { Gauge, type Registry } from 'prom-client';
import type { CircuitState, HealthSource } from '../http/health.ts';
import type { NodeRecord } from '../registry/node-record.ts';
import type { RegistryView } from '../registry/view.ts';
import { defineReading, defineReadings } from './readings.ts';

const CIRCUIT: Readonly<Record<CircuitState, number>> = { closed: 0, half_open: 1, open: 2 };

export interface RegistryStateSources {
  readonly health: HealthSource;
  readonly view: Pick<RegistryView, 'values' | 'revision' | 'head'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What the registry in memory holds, how old it may be, and whether the back ends answer. */
export function defineRegistryMetrics(registry: Registry, { health, view, now }: RegistryStateSources): void {
  const counts = new NodeCounts(view);
  new Gauge({
    name: 'discovery_gateway_nodes',
    help: 'Nodes in memory, by state and, while they are registered, health.',
    labelNames: ['state', 'health'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [state, byHealth] of counts.read()) for (const [health, count] of byHealth) this.set({ state, health }, count);
    },
  });
  defineReadings(registry, {
    name: 'discovery_gateway_circuit_state',
    help: 'Circuit of each back end: 0 closed, 1 half open, 2 open.',
    label: 'backend',
    read: () => Object.entries(health.report().backends).map(([backend, { circuit }]) => [backend, CIRCUIT[circuit]] as const),
  });
  defineReading(registry, {
    name: 'discovery_gateway_feed_cursor',
    help: 'Position of this gateway in the change log.',
    read: () => view.head(),
  });
  defineReading(registry, {
    name: 'discovery_gateway_registry_stale',
    help: '1 while what is answered may be old: from a snapshot, or Postgres has not answered for 15 s. 0 otherwise.',
    read: () => (health.report().stale ? 1 : 0),
  });
  defineReading(registry, {
    name: 'discovery_gateway_registry_age_seconds',
    help: 'Since when what is answered is not known to be right any more; NaN before the first load.',
    read: () => {
      const { asOf } = health.report();
      return asOf === null ? Number.NaN : Math.max(0, now() - asOf) / 1000;
    },
  });
}

type Counts = ReadonlyMap<NodeRecord['state'], ReadonlyMap<string, number>>;

/** Nodes by state and health: counted once for each revision of the registry, since 100,000 of them take a while. */
class NodeCounts {
  readonly #view: RegistryStateSources['view'];
  #revision = -1;
  #counts: Counts = new Map();

  constructor(view: RegistryStateSources['view']) {
    this.#view = view;
  }

  read(): Counts {
    const revision = this.#view.revision();
    if (revision === this.#revision) return this.#counts;
    const counts = new Map<NodeRecord['state'], Map<string, number>>();
    for (const { state, health } of this.#view.values()) {
      let byHealth = counts.get(state);
      if (byHealth === undefined) {
        byHealth = new Map();
        counts.set(state, byHealth);
      }
      // How well a node was when it left is in its record, but not a health that anybody has now. An empty label is no label.
      const shown = state === 'REGISTERED' ? health : '';
      byHealth.set(shown, (byHealth.get(shown) ?? 0) + 1);
    }
    this.#revision = revision;
    this.#counts = counts;
    return counts;
  }
}
