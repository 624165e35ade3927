import { type HealthReport, statusOf } from './http/health.ts';
import type { BackendStatus, GatewayStanding } from './registry/registry.ts';

/** What `/health` says of the gateway, as GraphQL tells it to readers. */
export function standingOf(report: HealthReport, self: Pick<GatewayStanding, 'gatewayId' | 'version'>): GatewayStanding {
  return {
    ...self,
    environment: report.environment,
    startedAt: report.startedAt,
    isHealthy: statusOf(report) === 'healthy',
    leads: report.leads,
    subscribers: report.subscribers,
    consumerLag: report.consumerLag,
    consumerWaitsFor: report.consumerWaitsFor,
    expiriesHeldBack: report.expiriesHeldBack,
    ejected: report.ejected,
    backends: (['kafka', 'consul', 'postgres'] as const).map((name): BackendStatus => ({ name, ...report.backends[name] })),
  };
}
