import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { RefusalCounts } from './http/auth/refusal.ts';
import type { CircuitState, HealthSource } from './http/health.ts';
import type { LimitRefusals } from './http/limit-refusals.ts';
import { defineProbingMetrics, type ProbingSources } from './probing-metrics.ts';
import type { IngestCounts } from './registry/ingest.ts';
import type { SnapshotKeeper } from './registry/snapshot-keeper.ts';
import type { RegistryView } from './registry/view.ts';
import type { SignatureCounts } from './signature-guard.ts';

const CIRCUIT: Readonly<Record<CircuitState, number>> = { closed: 0, half_open: 1, open: 2 };

const DRIFT = ['missing', 'different', 'orphaned', 'expired'] as const;

export interface MetricsSources {
  readonly signatures: Readonly<SignatureCounts>;
  readonly health: HealthSource;
  readonly counts: IngestCounts;
  readonly view: RegistryView;
  /** null: no file is configured. */
  readonly snapshots: Pick<SnapshotKeeper, 'lastAsOf' | 'counts'> | null;
  readonly limitRefusals: Pick<LimitRefusals, 'read'>;
  readonly instances: ProbingSources;
  readonly authRefusals: Pick<RefusalCounts, 'read'>;
  readonly now: () => number;
}

/** `/metrics`: read from the parts when asked, so that nothing is counted twice on a hot path. */
export function createMetrics({
  health,
  counts,
  signatures,
  view,
  snapshots,
  limitRefusals,
  authRefusals,
  instances,
  now,
}: MetricsSources): Registry {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  countAll(registry, counts, 'outcome', {
    name: 'discovery_gateway_events_total',
    help: 'Messages from nodes, by what became of them; failed: tries that a back end failed.',
  });
  countAll(registry, signatures, 'result', {
    name: 'discovery_gateway_signatures_total',
    help: 'Messages from nodes that were asked for a signature, by what came of it; all 0 where no keys are configured. A message that comes again counts again.',
  });
  new Gauge({
    name: 'discovery_gateway_nodes',
    help: 'Nodes in memory, by state and, while they are registered, health.',
    labelNames: ['state', 'health'],
    registers,
    collect() {
      this.reset();
      // How well a node was when it left is in its record, but not a health that anybody has now. An empty label is no label.
      for (const { state, health: nodeHealth } of view.values()) this.inc({ state, health: state === 'REGISTERED' ? nodeHealth : '' });
    },
  });
  new Gauge({
    name: 'discovery_gateway_leader',
    help: 'Whether this gateway judges health, reconciles and cleans up: 1 for one of all, 0 for the others.',
    registers,
    collect() {
      this.set(health.report().leads ? 1 : 0);
    },
  });
  new Gauge({
    name: 'discovery_gateway_drift',
    help: 'What the last reconciliation found, by kind. missing: registered but not in Consul; different: another content there; orphaned: in Consul without a registration; expired: leases that it ended. Only of the leader: the others say nothing.',
    labelNames: ['kind'],
    registers,
    collect() {
      this.reset();
      const { drift } = health.report();
      if (drift === null) return;
      for (const kind of DRIFT) this.set({ kind }, drift[kind]);
    },
  });
  let reconciled = 0;
  new Counter({
    name: 'discovery_gateway_reconciliations_total',
    help: 'Comparisons of Consul with Postgres that this gateway brought to their end. Only the leader makes them.',
    registers,
    collect() {
      const { reconciliations } = health.report();
      this.inc(reconciliations - reconciled);
      reconciled = reconciliations;
    },
  });
  new Gauge({
    name: 'discovery_gateway_expiries_held_back',
    help: 'Nodes that would have expired but for the mass-expiry guard. Only of the leader: 0 on the others.',
    registers,
    collect() {
      this.set(health.report().expiriesHeldBack);
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
    name: 'discovery_gateway_consumer_paused',
    help: '1 while the consumer, or part of it, waits in its group for a back end that is away.',
    registers,
    collect() {
      this.set(health.report().consumerWaitsFor.length > 0 ? 1 : 0);
    },
  });
  let restarted: ReadonlyMap<string, number> = new Map();
  new Counter({
    name: 'discovery_gateway_consumer_restarts_total',
    help: 'Starts of a new Kafka consumer in place of one that crashed or stood still, by why.',
    labelNames: ['reason'],
    registers,
    collect() {
      const now = new Map(health.report().consumerRestarts);
      for (const [reason, count] of now) this.inc({ reason }, count - (restarted.get(reason) ?? 0));
      restarted = now;
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
  new Gauge({
    name: 'discovery_gateway_registry_stale',
    help: '1 while what is answered may be old: from a snapshot, or Postgres has not answered for 15 s. 0 otherwise.',
    registers,
    collect() {
      this.set(health.report().stale ? 1 : 0);
    },
  });
  new Gauge({
    name: 'discovery_gateway_registry_age_seconds',
    help: 'Since when what is answered is not known to be right any more; NaN before the first load.',
    registers,
    collect() {
      const { asOf } = health.report();
      this.set(asOf === null ? Number.NaN : Math.max(0, now() - asOf) / 1000);
    },
  });
  const refused = new Map<string, number>();
  new Counter({
    name: 'discovery_gateway_limit_refusals_total',
    help: 'What clients were refused because of a limit, by its name.',
    labelNames: ['limit'],
    registers,
    collect() {
      for (const [limit, count] of limitRefusals.read()) {
        this.inc({ limit }, count - (refused.get(limit) ?? 0));
        refused.set(limit, count);
      }
    },
  });
  defineProbingMetrics(registry, instances);
  const turnedAway = new Map<string, number>();
  new Counter({
    name: 'discovery_gateway_auth_refusals_total',
    help: 'Requests, sockets and operations that were turned away for who asked, or from where, by why.',
    labelNames: ['reason'],
    registers,
    collect() {
      for (const [reason, count] of authRefusals.read()) {
        this.inc({ reason }, count - (turnedAway.get(reason) ?? 0));
        turnedAway.set(reason, count);
      }
    },
  });
  if (snapshots !== null) defineSnapshotMetrics(registry, snapshots, now);
  return registry;
}

/** A counter that follows counts which are kept elsewhere. */
function countAll<T extends string>(
  registry: Registry,
  counts: Readonly<Record<T, number>>,
  label: string,
  about: { readonly name: string; readonly help: string },
): void {
  let reported: Readonly<Record<string, number>> = {};
  new Counter({
    ...about,
    labelNames: [label],
    registers: [registry],
    collect() {
      const now: Readonly<Record<string, number>> = { ...counts };
      for (const [value, count] of Object.entries(now)) this.inc({ [label]: value }, count - (reported[value] ?? 0));
      reported = now;
    },
  });
}

function defineSnapshotMetrics(registry: Registry, snapshots: Pick<SnapshotKeeper, 'lastAsOf' | 'counts'>, now: () => number): void {
  const registers = [registry];
  new Gauge({
    name: 'discovery_gateway_snapshot_age_seconds',
    help: 'Age of what the last written snapshot holds; NaN while this run has written none.',
    registers,
    collect() {
      const asOf = snapshots.lastAsOf();
      this.set(asOf === null ? Number.NaN : Math.max(0, now() - asOf) / 1000);
    },
  });
  let reported = { written: 0, failed: 0 };
  new Counter({
    name: 'discovery_gateway_snapshot_writes_total',
    help: 'Snapshots, by what became of them.',
    labelNames: ['outcome'],
    registers,
    collect() {
      const counts = snapshots.counts();
      this.inc({ outcome: 'written' }, counts.written - reported.written);
      this.inc({ outcome: 'failed' }, counts.failed - reported.failed);
      reported = counts;
    },
  });
}
