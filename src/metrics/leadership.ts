import type { Registry } from 'prom-client';
import type { HealthSource } from '../http/health.ts';
import { followCount } from './followed-counts.ts';
import { defineReading, defineReadings } from './readings.ts';

const DRIFT = ['missing', 'different', 'orphaned', 'expired'] as const;

/** What the one gateway does that leads. */
export function defineLeadershipMetrics(registry: Registry, health: HealthSource): void {
  defineReading(registry, {
    name: 'discovery_gateway_leader',
    help: 'Whether this gateway judges health, reconciles and cleans up: 1 for one of all, 0 for the others.',
    read: () => (health.report().leads ? 1 : 0),
  });
  defineReadings(registry, {
    name: 'discovery_gateway_drift',
    help: 'What the last reconciliation found, by kind. missing: registered but not in Consul; different: another content there; orphaned: in Consul without a registration; expired: leases that it ended. Only of the leader: the others say nothing.',
    label: 'kind',
    read: () => {
      const { drift } = health.report();
      return drift === null ? [] : DRIFT.map((kind) => [kind, drift[kind]] as const);
    },
  });
  followCount(registry, {
    name: 'discovery_gateway_reconciliations_total',
    help: 'Comparisons of Consul with Postgres that this gateway brought to their end. Only the leader makes them.',
    read: () => health.report().reconciliations,
  });
  defineReading(registry, {
    name: 'discovery_gateway_expiries_held_back',
    help: 'Nodes that would have expired but for the mass-expiry guard. Only of the leader: 0 on the others.',
    read: () => health.report().expiriesHeldBack,
  });
}
