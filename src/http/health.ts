import type { Backend } from '../errors.ts';
import type { RegistrySource } from '../registry/freshness.ts';
import type { Drift } from '../registry/reconciler.ts';

export type CircuitState = 'closed' | 'open' | 'half_open';

export interface BackendHealth {
  readonly available: boolean;
  readonly circuit: CircuitState;
  /** The last failure, without secrets; null when there was none. */
  readonly lastError: string | null;
  /** Since when it is, or is not, available: milliseconds since 1970. */
  readonly since: number;
}

/** How the gateway stands at one moment. */
export interface HealthReport {
  readonly registryId: string;
  readonly environment: string;
  /** The registry has loaded its state, from Postgres or from a snapshot, and answers reads. */
  readonly ready: boolean;
  /** What it answers may be old: it serves from a snapshot, or Postgres is away. */
  readonly stale: boolean;
  /** Where what it answers comes from, and until when that is known to be right (milliseconds since 1970); null before the first load. */
  readonly source: RegistrySource | null;
  readonly asOf: number | null;
  readonly consumerTaskRunning: boolean;
  readonly cleanupTaskRunning: boolean;
  readonly backends: Readonly<Record<Backend, BackendHealth>>;
  readonly registrations: {
    readonly total: number;
    readonly successful: number;
    readonly failed: number;
  };
  /** Messages not yet consumed; null while nobody knows. */
  readonly consumerLag: number | null;
  /** Back ends for which the consumer, or part of it, pauses in its group; empty: it does not. */
  readonly consumerWaitsFor: readonly Backend[];
  /** How often the consumer was started anew since the gateway started, by why. */
  readonly consumerRestarts: ReadonlyMap<string, number>;
  /** Printed cursor of the newest change in memory. */
  readonly cursor: string;
  /** Nodes in memory, in whatever state. */
  readonly knownNodes: number;
  /** Open change and healthy-service subscriptions. */
  readonly subscribers: number;
  /** When the gateway started, milliseconds since 1970. */
  readonly startedAt: number;
  /** Whether this gateway is the one that judges health, reconciles and cleans up. */
  readonly leads: boolean;
  /** Reconciliations of Consul with Postgres that this gateway has made since its start. */
  readonly reconciliations: number;
  /** What the last of them found; null: this gateway does not lead, or has made none yet. */
  readonly drift: Drift | null;
  /** Nodes that would expire but for the mass-expiry guard: above zero, the gateway doubts its own view. */
  readonly expiriesHeldBack: number;
  /** Instances that this gateway leaves out of its answers, since its own probes fail. */
  readonly ejected: number;
}

export interface HealthSource {
  /** Cheap, and never waits: it is asked at every probe. */
  report(): HealthReport;
}

export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy';

/** An answer to a probe. */
export interface HealthAnswer {
  readonly status: 200 | 503;
  readonly body: Readonly<Record<string, unknown>>;
}

const BACKENDS = ['kafka', 'consul', 'postgres'] as const;

/**
 * Unhealthy only when it cannot serve: reads go on from memory through an outage of any back end, so that is degraded, and no
 * balancer takes the gateway away for it.
 */
export function statusOf(report: HealthReport): HealthStatus {
  if (!report.ready) return 'unhealthy';
  const whole =
    !report.stale &&
    report.expiriesHeldBack === 0 &&
    report.consumerTaskRunning &&
    report.cleanupTaskRunning &&
    BACKENDS.every((name) => report.backends[name].available && report.backends[name].circuit === 'closed');
  return whole ? 'healthy' : 'degraded';
}

/** A registration needs Consul and Postgres, so its circuit is the worse of the two. */
export function registrationCircuit({ consul, postgres }: HealthReport['backends']): CircuitState {
  if (consul.circuit === 'open' || postgres.circuit === 'open') return 'open';
  return consul.circuit === 'half_open' || postgres.circuit === 'half_open' ? 'half_open' : 'closed';
}

function pauseReason(backends: readonly Backend[]): string | null {
  return backends.length === 0 ? null : `waits for ${backends.join(' and ')}`;
}

/** `/health`: the whole picture, in the shape that monitoring of the former registry reads. */
export function healthAnswer(report: HealthReport): HealthAnswer {
  const { backends, registrations } = report;
  const status = statusOf(report);
  return {
    status: status === 'unhealthy' ? 503 : 200,
    body: {
      status,
      registry_id: report.registryId,
      environment: report.environment,
      ready: report.ready,
      stale: report.stale,
      source: report.source?.toLowerCase() ?? null,
      as_of: dateOf(report.asOf),
      started_at: new Date(report.startedAt).toISOString(),
      checks: {
        background_tasks: {
          consumer_task_running: report.consumerTaskRunning,
          consumer_paused: report.consumerWaitsFor.length > 0,
          consumer_paused_reason: pauseReason(report.consumerWaitsFor),
          cleanup_task_running: report.cleanupTaskRunning,
        },
        services: {
          kafka_client_available: backends.kafka.available,
          consul_client_available: backends.consul.available,
          postgres_client_available: backends.postgres.available,
        },
        circuit_breakers: {
          registration_circuit: registrationCircuit(backends),
          kafka_circuit: backends.kafka.circuit,
          consul_circuit: backends.consul.circuit,
          postgres_circuit: backends.postgres.circuit,
        },
      },
      metrics: {
        registration: {
          total_registrations: registrations.total,
          successful_registrations: registrations.successful,
          failed_registrations: registrations.failed,
        },
        consumer_lag: report.consumerLag,
        consumer_restarts: Object.fromEntries(report.consumerRestarts),
        known_nodes: report.knownNodes,
        subscribers: report.subscribers,
        cursor: report.cursor,
        leader: report.leads,
        reconciliations: report.reconciliations,
        drift: report.drift === null ? null : { ...report.drift, at: new Date(report.drift.at).toISOString() },
        expiries_held_back: report.expiriesHeldBack,
        ejected: report.ejected,
      },
    },
  };
}

/** `/health/ready`: also true of a gateway that serves from a snapshot, which says `stale`. */
export function readinessAnswer(report: HealthReport): HealthAnswer {
  return {
    status: report.ready ? 200 : 503,
    body: {
      status: report.ready ? 'ready' : 'not_ready',
      ready: report.ready,
      stale: report.stale,
      as_of: dateOf(report.asOf),
      cursor: report.cursor,
    },
  };
}

function dateOf(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}

/** `/health/live`: that it answers at all is the point. A restart does not mend an outage elsewhere, so nothing else counts. */
export function livenessAnswer(report: HealthReport): HealthAnswer {
  return { status: 200, body: { status: 'alive', registry_id: report.registryId, started_at: new Date(report.startedAt).toISOString() } };
}

/** `/health/kafka`, `/health/consul`, `/health/postgres`. */
export function backendAnswer(report: HealthReport, name: Backend): HealthAnswer {
  const backend = report.backends[name];
  return {
    status: backend.available ? 200 : 503,
    body: {
      status: backend.available ? (backend.circuit === 'closed' ? 'healthy' : 'degraded') : 'unhealthy',
      service: name,
      available: backend.available,
      circuit: backend.circuit,
      since: new Date(backend.since).toISOString(),
      last_error: backend.lastError,
    },
  };
}
