import { describe, expect, it } from 'vitest';
import type { HealthReport } from '../../../src/http/health.ts';
import { createObservation } from '../../../src/observation.ts';
import { toCursor } from '../../../src/registry/cursor.ts';
import { RegistryView } from '../../../src/registry/view.ts';
import { HEALTHY } from '../http/running-server.ts';
import { record } from '../registry/fakes/node-record.ts';

const SIGNATURES = { valid: 3, unsigned: 2, unverified: 0, stale: 0, refused_unsigned: 1, refused_unknown_key: 0, refused_invalid: 0 };
const COUNTS = { applied: 0, unchanged: 0, superseded: 0, rejected: 0, heartbeat: 0, acknowledged: 0, ignored: 0, failed: 0 };

function setUp() {
  let report: HealthReport = HEALTHY;
  const view = new RegistryView();
  const instances = {
    watch: { size: () => 12, interval: () => 2500 },
    ejections: { size: () => 2, heldBack: () => 1, total: () => 5 },
    probing: { counts: () => ({ passing: 90, warning: 1, critical: 9 }) },
  };
  const snapshots = { lastAsOf: () => 40_000, counts: () => ({ written: 3, failed: 1 }) };
  const observation = createObservation();
  const { metrics } = observation;
  observation.show({
    health: { report: () => report },
    counts: COUNTS,
    signatures: SIGNATURES,
    view,
    snapshots,
    subscriptions: { openByKind: () => ({ changes: 4, healthy_services: 2 }) },
    instances,
    now: () => 60_000,
  });
  return {
    ...observation,
    view,
    report: (different: Partial<HealthReport>) => {
      report = { ...HEALTHY, ...different };
    },
    /** The lines of the metrics of these names, without their common prefix. */
    read: async (...names: readonly string[]) =>
      (await metrics.metrics())
        .split('\n')
        .filter((line) => names.some((name) => line.startsWith(`discovery_gateway_${name}`)))
        .map((line) => line.replace('discovery_gateway_', '')),
  };
}

describe('the metrics', () => {
  it('should count signatures by what came of them, once however often they are read', async () => {
    const { read } = setUp();
    await read('signatures_total');
    expect(await read('signatures_total')).toEqual(
      Object.entries(SIGNATURES).map(([result, count]) => `signatures_total{result="${result}"} ${count}`),
    );
  });

  it('should say what the leader found in its last reconciliation', async () => {
    const { report, read } = setUp();
    report({ leads: true, reconciliations: 7, drift: { missing: 1, different: 2, orphaned: 3, expired: 4, at: 0 }, expiriesHeldBack: 5 });
    expect(await read('leader', 'drift', 'reconciliations', 'expiries')).toEqual([
      'leader 1',
      'drift{kind="missing"} 1',
      'drift{kind="different"} 2',
      'drift{kind="orphaned"} 3',
      'drift{kind="expired"} 4',
      'reconciliations_total 7',
      'expiries_held_back 5',
    ]);
  });

  it('should say nothing of drift where another gateway leads, and not count a reconciliation twice', async () => {
    const { report, read } = setUp();
    report({ leads: true, reconciliations: 2, drift: { missing: 1, different: 0, orphaned: 0, expired: 0, at: 0 } });
    await read('drift');
    report({ leads: false, reconciliations: 2, drift: null });
    expect(await read('leader', 'drift', 'reconciliations', 'expiries')).toEqual([
      'leader 0',
      'reconciliations_total 2',
      'expiries_held_back 0',
    ]);
  });

  it('should say what is probed for clients, and what is left out', async () => {
    const { read } = setUp();
    await read('probes');
    expect(await read('probe', 'eject')).toEqual([
      'probes_total{outcome="passing"} 90',
      'probes_total{outcome="warning"} 1',
      'probes_total{outcome="critical"} 9',
      'probed_instances 12',
      'probe_interval_seconds 2.5',
      'ejected_instances 2',
      'ejections_held_back 1',
      'ejections_total 5',
    ]);
  });

  it('should count the health of those only that are registered', async () => {
    const { view, read } = setUp();
    view.load(
      [record('a'), record('b', { health: 'DEGRADED' }), record('c', { state: 'REMOVED' }), record('d', { state: 'EXPIRED' })],
      toCursor(4),
    );
    expect(await read('nodes')).toEqual([
      'nodes{state="REGISTERED",health="HEALTHY"} 1',
      'nodes{state="REGISTERED",health="DEGRADED"} 1',
      'nodes{state="REMOVED",health=""} 1',
      'nodes{state="EXPIRED",health=""} 1',
    ]);
  });

  it('should count them again only when the registry changed', async () => {
    const { view, read } = setUp();
    view.load([record('a')], toCursor(1));
    let walks = 0;
    const values = view.values.bind(view);
    view.values = () => {
      walks += 1;
      return values();
    };
    await read('nodes');
    expect(await read('nodes')).toEqual(['nodes{state="REGISTERED",health="HEALTHY"} 1']);
    view.load([record('a', { state: 'EXPIRED' })], toCursor(2));
    expect(await read('nodes')).toEqual(['nodes{state="EXPIRED",health=""} 1']);
    expect(walks).toBe(2);
  });

  it('should say how old the snapshot is, and how often it was written', async () => {
    expect(await setUp().read('snapshot')).toEqual([
      'snapshot_age_seconds 20',
      'snapshot_writes_total{outcome="written"} 3',
      'snapshot_writes_total{outcome="failed"} 1',
    ]);
  });

  it('should say what clients follow, and how their requests were answered', async () => {
    const { statuses, read } = setUp();
    for (const status of [200, 204, 404, 503]) statuses.add(status);
    expect(await read('subscribers', 'http')).toEqual([
      'subscribers{kind="changes"} 4',
      'subscribers{kind="healthy_services"} 2',
      'http_requests_total{status="2xx"} 2',
      'http_requests_total{status="3xx"} 0',
      'http_requests_total{status="4xx"} 1',
      'http_requests_total{status="5xx"} 1',
    ]);
  });

  it('should count refusals by the limit that they name', async () => {
    const { limitRefusals, read } = setUp();
    limitRefusals.add('LIMIT_DEPTH');
    limitRefusals.add('LIMIT_DEPTH');
    await read('limit');
    limitRefusals.add('LIMIT_RATE');
    expect(await read('limit')).toEqual(['limit_refusals_total{limit="LIMIT_DEPTH"} 2', 'limit_refusals_total{limit="LIMIT_RATE"} 1']);
  });

  it('should count who is turned away, by why, and say of the other reasons that nobody was', async () => {
    const { authRefusals, read } = setUp();
    authRefusals.add('expired');
    authRefusals.add('expired');
    await read('auth_refusals_total');
    authRefusals.add('scope');
    expect(await read('auth_refusals_total')).toEqual(
      expect.arrayContaining([
        'auth_refusals_total{reason="expired"} 2',
        'auth_refusals_total{reason="scope"} 1',
        'auth_refusals_total{reason="no_token"} 0',
      ]),
    );
  });
});
