import { createObservation } from '../../../src/observation.ts';
import { RegistryView } from '../../../src/registry/view.ts';
import { HEALTHY } from '../http/running-server.ts';

/** All that `/metrics` can have, of a gateway to which nothing has happened yet. */
export async function everyMetric() {
  const observation = createObservation();
  observation.show({
    health: { report: () => HEALTHY },
    counts: { applied: 1, unchanged: 0, superseded: 0, rejected: 0, heartbeat: 0, acknowledged: 0, ignored: 0, failed: 0 },
    signatures: { valid: 1, unsigned: 0, unverified: 0, stale: 0, refused_unsigned: 0, refused_unknown_key: 0, refused_invalid: 0 },
    view: new RegistryView(),
    subscriptions: { openByKind: () => ({ changes: 0, healthy_services: 0 }) },
    snapshots: { lastAsOf: () => null, counts: () => ({ written: 0, failed: 0 }) },
    instances: {
      watch: { size: () => 0, interval: () => 0 },
      ejections: { size: () => 0, heldBack: () => 0, total: () => 0 },
      probing: { counts: () => ({ passing: 0, warning: 0, critical: 0 }) },
    },
    now: () => 0,
  });
  return observation.metrics.getMetricsAsJSON();
}
