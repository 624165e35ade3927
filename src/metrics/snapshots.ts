import type { Registry } from 'prom-client';
import type { SnapshotKeeper } from '../registry/snapshot-keeper.ts';
import { followCounts } from './followed-counts.ts';
import { defineReading } from './readings.ts';

/** The file from which a gateway answers when it starts while Postgres is away. */
export function defineSnapshotMetrics(registry: Registry, snapshots: Pick<SnapshotKeeper, 'lastAsOf' | 'counts'>, now: () => number): void {
  defineReading(registry, {
    name: 'discovery_gateway_snapshot_age_seconds',
    help: 'Age of what the last written snapshot holds; NaN while this run has written none.',
    read: () => {
      const asOf = snapshots.lastAsOf();
      return asOf === null ? Number.NaN : Math.max(0, now() - asOf) / 1000;
    },
  });
  followCounts(registry, {
    name: 'discovery_gateway_snapshot_writes_total',
    help: 'Snapshots, by what became of them.',
    label: 'outcome',
    read: () => {
      const { written, failed } = snapshots.counts();
      return [
        ['written', written],
        ['failed', failed],
      ];
    },
  });
}
