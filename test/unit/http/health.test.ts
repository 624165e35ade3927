import { describe, expect, it } from 'vitest';
import { type HealthReport, registrationCircuit, statusOf } from '../../../src/http/health.ts';
import { T0 } from '../graphql/memory-registry.ts';
import { HEALTHY, startServer } from './running-server.ts';

const away = { available: false, circuit: 'open', lastError: 'connect ECONNREFUSED', since: T0 } as const;
const withBackend = (name: 'kafka' | 'consul' | 'postgres', health: Partial<HealthReport['backends']['kafka']>): HealthReport => ({
  ...HEALTHY,
  backends: { ...HEALTHY.backends, [name]: { ...HEALTHY.backends[name], ...health } },
});

describe('the status', () => {
  it.each<[string, HealthReport, string]>([
    ['all is well', HEALTHY, 'healthy'],
    ['nothing was loaded yet', { ...HEALTHY, ready: false }, 'unhealthy'],
    ['it serves from a snapshot', { ...HEALTHY, stale: true }, 'degraded'],
    ['the consumer stands still', { ...HEALTHY, consumerTaskRunning: false }, 'degraded'],
    ['the clean-up stands still', { ...HEALTHY, cleanupTaskRunning: false }, 'degraded'],
    ['Kafka is away', withBackend('kafka', away), 'degraded'],
    ['Consul is away', withBackend('consul', away), 'degraded'],
    ['Postgres is away', withBackend('postgres', away), 'degraded'],
    ['a circuit is open', withBackend('consul', { circuit: 'open' }), 'degraded'],
    ['a circuit tries again', withBackend('postgres', { circuit: 'half_open' }), 'degraded'],
  ])('when %s', (_when, report, status) => {
    expect(statusOf(report)).toBe(status);
  });

  it('should show the worse circuit of Consul and Postgres as that of registration', () => {
    expect(registrationCircuit(HEALTHY.backends)).toBe('closed');
    expect(registrationCircuit(withBackend('kafka', { circuit: 'open' }).backends)).toBe('closed');
    expect(registrationCircuit(withBackend('consul', { circuit: 'half_open' }).backends)).toBe('half_open');
    expect(registrationCircuit(withBackend('postgres', { circuit: 'open' }).backends)).toBe('open');
  });
});

describe('/health', () => {
  it('should answer in the shape that monitoring reads', async () => {
    const { url } = await startServer();
    const response = await fetch(`${url}/health`);
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toEqual({
      status: 'healthy',
      registry_id: 'gateway-1',
      environment: 'test',
      ready: true,
      stale: false,
      source: 'live',
      as_of: '2026-11-24T13:29:00.000Z',
      started_at: '2026-11-24T13:29:00.000Z',
      checks: {
        background_tasks: {
          consumer_task_running: true,
          consumer_paused: false,
          consumer_paused_reason: null,
          cleanup_task_running: true,
        },
        services: { kafka_client_available: true, consul_client_available: true, postgres_client_available: true },
        circuit_breakers: {
          registration_circuit: 'closed',
          kafka_circuit: 'closed',
          consul_circuit: 'closed',
          postgres_circuit: 'closed',
        },
      },
      metrics: {
        registration: { total_registrations: 12, successful_registrations: 11, failed_registrations: 1 },
        consumer_lag: 0,
        consumer_restarts: {},
        known_nodes: 11,
        subscribers: 2,
        cursor: '0000000000000012',
        leader: true,
        reconciliations: 3,
        drift: null,
        expiries_held_back: 0,
        ejected: 0,
      },
    });
  });

  it('should say what the leader found in its last reconciliation, and be degraded while it holds expiries back', async () => {
    const { url, setHealth } = await startServer();
    setHealth({ ...HEALTHY, drift: { missing: 1, different: 2, orphaned: 3, expired: 4, at: T0 }, expiriesHeldBack: 5 });
    expect(await (await fetch(`${url}/health`)).json()).toMatchObject({
      status: 'degraded',
      metrics: { drift: { missing: 1, different: 2, orphaned: 3, expired: 4, at: '2026-11-24T13:29:00.000Z' }, expiries_held_back: 5 },
    });
  });

  it('should be 200 when degraded and 503 when unhealthy', async () => {
    const { url, setHealth } = await startServer();
    setHealth(withBackend('consul', away));
    const degraded = await fetch(`${url}/health`);
    expect(degraded.status).toBe(200);
    expect(await degraded.json()).toMatchObject({
      status: 'degraded',
      checks: { services: { consul_client_available: false }, circuit_breakers: { registration_circuit: 'open' } },
    });
    setHealth({ ...HEALTHY, ready: false });
    const unhealthy = await fetch(`${url}/health`);
    expect(unhealthy.status).toBe(503);
    expect(await unhealthy.json()).toMatchObject({ status: 'unhealthy' });
  });

  it('should tell readiness from liveness', async () => {
    const { url, setHealth } = await startServer();
    setHealth({ ...HEALTHY, stale: true, source: 'SNAPSHOT' });
    const stale = await fetch(`${url}/health/ready`);
    expect(stale.status).toBe(200);
    expect(await stale.json()).toEqual({
      status: 'ready',
      ready: true,
      stale: true,
      as_of: '2026-11-24T13:29:00.000Z',
      cursor: '0000000000000012',
    });
    setHealth({ ...HEALTHY, ready: false });
    expect((await fetch(`${url}/health/ready`)).status).toBe(503);
    const live = await fetch(`${url}/health/live`);
    expect(live.status).toBe(200);
    expect(await live.json()).toMatchObject({ status: 'alive', registry_id: 'gateway-1' });
  });

  it.each(['kafka', 'consul', 'postgres'] as const)('should show %s alone', async (name) => {
    const { url, setHealth } = await startServer();
    const well = await fetch(`${url}/health/${name}`);
    expect(well.status).toBe(200);
    expect(await well.json()).toMatchObject({ status: 'healthy', service: name, available: true, last_error: null });
    setHealth(withBackend(name, { circuit: 'half_open' }));
    expect(await (await fetch(`${url}/health/${name}`)).json()).toMatchObject({ status: 'degraded', circuit: 'half_open' });
    setHealth(withBackend(name, away));
    const gone = await fetch(`${url}/health/${name}`);
    expect(gone.status).toBe(503);
    expect(await gone.json()).toEqual({
      status: 'unhealthy',
      service: name,
      available: false,
      circuit: 'open',
      since: '2026-11-24T13:29:00.000Z',
      last_error: 'connect ECONNREFUSED',
    });
  });

  it('should answer 500 with an id when the report itself fails', async () => {
    const { url, setHealth, lines } = await startServer();
    setHealth(new Error('password=hunter2'));
    const response = await fetch(`${url}/health`);
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({
      error: { code: 'INTERNAL_SERVER_ERROR', message: 'Internal error. The log has it.' },
      correlationId: 'id-1',
    });
    expect(lines.join()).toContain('id-1');
    expect(lines.join()).not.toContain('hunter2');
  });
});
