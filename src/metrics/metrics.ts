import { collectDefaultMetrics, type Registry } from 'prom-client';
import type { SnapshotKeeper } from '../registry/snapshot-keeper.ts';
import { type ClientSources, defineClientMetrics } from './clients.ts';
import { defineLeadershipMetrics } from './leadership.ts';
import { defineMessageMetrics, type MessageSources } from './messages.ts';
import { defineProbingMetrics, type ProbingSources } from './probing.ts';
import { defineRegistryMetrics, type RegistryStateSources } from './registry-state.ts';
import { defineSnapshotMetrics } from './snapshots.ts';

export interface MetricsSources extends MessageSources, RegistryStateSources, ClientSources {
  /** null: no file is configured. */
  readonly snapshots: Pick<SnapshotKeeper, 'lastAsOf' | 'counts'> | null;
  readonly instances: ProbingSources;
}

/** `/metrics` beside the durations: read from the parts when asked, so that nothing is counted twice on a hot path. */
export function defineMetrics(registry: Registry, sources: MetricsSources): void {
  collectDefaultMetrics({ register: registry });
  defineMessageMetrics(registry, sources);
  defineRegistryMetrics(registry, sources);
  defineLeadershipMetrics(registry, sources.health);
  defineClientMetrics(registry, sources);
  defineProbingMetrics(registry, sources.instances);
  if (sources.snapshots !== null) defineSnapshotMetrics(registry, sources.snapshots, sources.now);
}
