import type { Registry } from 'prom-client';
import type { HealthSource } from '../http/health.ts';
import type { IngestCounts } from '../registry/ingest.ts';
import type { SignatureCounts } from '../signature-guard.ts';
import { followCounts } from './followed-counts.ts';
import { defineReading } from './readings.ts';

export interface MessageSources {
  readonly health: HealthSource;
  readonly counts: Readonly<IngestCounts>;
  readonly signatures: Readonly<SignatureCounts>;
}

/** What comes from Kafka, and how the consumer does. */
export function defineMessageMetrics(registry: Registry, { health, counts, signatures }: MessageSources): void {
  followCounts(registry, {
    name: 'discovery_gateway_events_total',
    help: 'Messages from nodes, by what became of them; failed: tries that a back end failed.',
    label: 'outcome',
    read: () => Object.entries(counts),
  });
  followCounts(registry, {
    name: 'discovery_gateway_signatures_total',
    help: 'Messages from nodes that were asked for a signature, by what came of it; all 0 where no keys are configured. A message that comes again counts again.',
    label: 'result',
    read: () => Object.entries(signatures),
  });
  defineReading(registry, {
    name: 'discovery_gateway_consumer_lag_messages',
    help: 'Messages of the assigned partitions that are not consumed yet; NaN while the gateway is no member of its group.',
    read: () => health.report().consumerLag ?? Number.NaN,
  });
  defineReading(registry, {
    name: 'discovery_gateway_consumer_paused',
    help: '1 while the consumer, or part of it, waits in its group for a back end that is away.',
    read: () => (health.report().consumerWaitsFor.length > 0 ? 1 : 0),
  });
  followCounts(registry, {
    name: 'discovery_gateway_consumer_restarts_total',
    help: 'Starts of a new Kafka consumer in place of one that crashed or stood still, by why.',
    label: 'reason',
    read: () => health.report().consumerRestarts,
  });
}
