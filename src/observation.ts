import { Registry } from 'prom-client';
import { RefusalCounts } from './http/auth/refusal.ts';
import { LimitRefusals } from './http/limit-refusals.ts';
import type { OperationObserver } from './http/operation-observer.ts';
import { StatusCounts } from './http/status-counts.ts';
import { defineMetrics, type MetricsSources } from './metrics/metrics.ts';
import { OperationDurations } from './metrics/operations.ts';
import { RegistrationDurations } from './metrics/registrations.ts';
import type { RegistryObserver } from './registry/observer.ts';
import { tellAll, tellBoth } from './several-observers.ts';

export type Observation = ReturnType<typeof createObservation>;

/** Told of the same work, beside the metrics. */
export interface Traces {
  readonly registry: RegistryObserver;
  readonly operations: OperationObserver;
}

/** What is told of the gateway's work as it happens, and where that shows. */
export function createObservation(traces: Traces | null = null) {
  const metrics = new Registry();
  const registrations = new RegistrationDurations(metrics);
  const durations = new OperationDurations(metrics);
  const registry = traces === null ? registrations : tellAll([registrations, traces.registry]);
  const operations = traces === null ? durations : tellBoth(durations, traces.operations);
  const counts = { statuses: new StatusCounts(), limitRefusals: new LimitRefusals(), authRefusals: new RefusalCounts() };
  return {
    metrics,
    registry,
    operations,
    ...counts,
    /** Once what else is shown has been made. */
    show: (sources: Omit<MetricsSources, keyof typeof counts>) => defineMetrics(metrics, { ...sources, ...counts }),
  };
}
