import { Registry } from 'prom-client';
import { RefusalCounts } from './http/auth/refusal.ts';
import { LimitRefusals } from './http/limit-refusals.ts';
import type { OperationObserver } from './http/operation-observer.ts';
import { StatusCounts } from './http/status-counts.ts';
import { defineMetrics, type MetricsSources } from './metrics/metrics.ts';
import { OperationDurations } from './metrics/operations.ts';
import { RegistrationDurations } from './metrics/registrations.ts';
import type { RegistryObserver } from './registry/observer.ts';

export type Observation = ReturnType<typeof createObservation>;

/** What is told of the gateway's work as it happens, and where that shows. */
export function createObservation() {
  const metrics = new Registry();
  const registry: RegistryObserver = new RegistrationDurations(metrics);
  const operations: OperationObserver = new OperationDurations(metrics);
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
