import type { Registry } from 'prom-client';
import type { RefusalCounts } from '../http/auth/refusal.ts';
import type { LimitRefusals } from '../http/limit-refusals.ts';
import type { StatusCounts } from '../http/status-counts.ts';
import type { Subscriptions } from '../registry/subscriptions.ts';
import { followCounts } from './followed-counts.ts';
import { defineReadings } from './readings.ts';

export interface ClientSources {
  readonly subscriptions: Pick<Subscriptions, 'openByKind'>;
  readonly limitRefusals: Pick<LimitRefusals, 'read'>;
  readonly authRefusals: Pick<RefusalCounts, 'read'>;
  readonly statuses: Pick<StatusCounts, 'read'>;
}

/** What clients have open, and what they were refused. */
export function defineClientMetrics(registry: Registry, { subscriptions, limitRefusals, authRefusals, statuses }: ClientSources): void {
  defineReadings(registry, {
    name: 'discovery_gateway_subscribers',
    help: 'Open subscriptions, by what they follow.',
    label: 'kind',
    read: () => Object.entries(subscriptions.openByKind()),
  });
  followCounts(registry, {
    name: 'discovery_gateway_http_requests_total',
    help: 'Answers to HTTP requests, by the class of their status. WebSockets and their operations are not among them.',
    label: 'status',
    read: () => statuses.read(),
  });
  followCounts(registry, {
    name: 'discovery_gateway_limit_refusals_total',
    help: 'What clients were refused because of a limit, by its name.',
    label: 'limit',
    read: () => limitRefusals.read(),
  });
  followCounts(registry, {
    name: 'discovery_gateway_auth_refusals_total',
    help: 'Requests, sockets and operations that were turned away for who asked, or from where, by why.',
    label: 'reason',
    read: () => authRefusals.read(),
  });
}
