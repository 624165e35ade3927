import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { CircuitState, HealthSource } from './http/health.ts';
import type { IngestCounts } from './registry/ingest.ts';
import type { RegistryView } from './registry/view.ts';

const CIRCUIT: Readonly<Record<CircuitState, number>> = { closed: 0, half_open: 1, open: 2 };

export interface MetricsSources {
  readonly health: HealthSource;
  readonly counts: IngestCounts;
  readonly view: RegistryView;
}

/** `/metrics`: read from the parts when asked, so that nothing is counted twice on a hot path. */
export function createMetrics({ health, counts, view }: MetricsSources): Registry {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  let reported: Record<string, number> = {};
  new Counter({
    name: 'discovery_gateway_events_total',
    help: 'Messages from nodes, by what became of them; failed: tries that a back end failed.',
    labelNames: ['outcome'],
    registers,
    collect() {
      const now: Record<string, number> = { ...counts };
      for (const [outcome, count] of Object.entries(now)) this.inc({ outcome }, count - (reported[outcome] ?? 0));
      reported = now;
    },
  });
  new Gauge({
    name: 'discovery_gateway_nodes',
    help: 'Nodes in memory, by state and health.',
    labelNames: ['state', 'health'],
    registers,
    collect() {
      this.reset();
      for (const { state, health: nodeHealth } of view.values()) this.inc({ state, health: nodeHealth });
    },
  });
  new Gauge({
    name: 'discovery_gateway_circuit_state',
    help: 'Circuit of each back end: 0 closed, 1 half open, 2 open.',
    labelNames: ['backend'],
    registers,
    collect() {
      for (const [backend, { circuit }] of Object.entries(health.report().backends)) this.set({ backend }, CIRCUIT[circuit]);
    },
  });
  new Gauge({
    name: 'discovery_gateway_feed_cursor',
    help: 'Position of this gateway in the change log.',
    registers,
    collect() {
      this.set(view.head());
    },
  });
  new Gauge({
    name: 'discovery_gateway_consumer_lag_messages',
    help: 'Messages of the assigned partitions that are not consumed yet.',
    registers,
    collect() {
      this.set(health.report().consumerLag ?? Number.NaN);
    },
  });
  new Gauge({
    name: 'discovery_gateway_subscribers',
    help: 'Open subscriptions.',
    registers,
    collect() {
      this.set(health.report().subscribers);
    },
  });
  return registry;
}
