import { Counter, Registry as MetricsRegistry } from 'prom-client';
import { onTestFinished } from 'vitest';
import { buildSchema } from '../../../src/graphql/schema.ts';
import type { HealthReport } from '../../../src/http/health.ts';
import { createHttpServer, type HttpServer, type HttpServerOptions } from '../../../src/http/server.ts';
import { createLog, type Log } from '../../../src/log.ts';
import { MemoryRegistry, T0 } from '../graphql/memory-registry.ts';

export interface RunningServer {
  readonly server: HttpServer;
  readonly registry: MemoryRegistry;
  readonly port: number;
  readonly url: string;
  readonly wsUrl: string;
  /** Every log line so far. */
  readonly lines: string[];
  setHealth(report: HealthReport | Error): void;
  /** POSTs an operation and returns the answer's status and body. */
  ask(query: string, variables?: Readonly<Record<string, unknown>>, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly data: unknown;
  readonly errors: readonly { message: string; path?: readonly (string | number)[]; extensions: Readonly<Record<string, unknown>> }[];
}

export const HEALTHY: HealthReport = {
  registryId: 'gateway-1',
  environment: 'test',
  ready: true,
  stale: false,
  source: 'LIVE',
  asOf: T0,
  consumerTaskRunning: true,
  cleanupTaskRunning: true,
  backends: {
    kafka: { available: true, circuit: 'closed', lastError: null, since: T0 },
    consul: { available: true, circuit: 'closed', lastError: null, since: T0 },
    postgres: { available: true, circuit: 'closed', lastError: null, since: T0 },
  },
  registrations: { total: 12, successful: 11, failed: 1 },
  consumerLag: 0,
  consumerWaitsFor: [],
  consumerRestarts: new Map(),
  cursor: '0000000000000012',
  knownNodes: 11,
  subscribers: 2,
  startedAt: T0,
  leads: true,
  reconciliations: 3,
  drift: null,
  expiriesHeldBack: 0,
  ejected: 0,
};

export function collectingLog(lines: string[]): Log {
  return createLog('debug', 'gateway-1', { write: (line) => void lines.push(line) });
}

/** One for all servers: building it takes ten times as long as what most tests ask. */
const schema = buildSchema();

/** A server on a free port, over a registry in memory; closed when the test ends. */
export async function startServer(options: Partial<HttpServerOptions> = {}): Promise<RunningServer> {
  const registry = new MemoryRegistry();
  const lines: string[] = [];
  let health: HealthReport | Error = HEALTHY;
  const metrics = new MetricsRegistry();
  new Counter({ name: 'gateway_test_total', help: 'For the test.', registers: [metrics] }).inc(7);
  const server = createHttpServer({
    schema,
    registry,
    health: {
      report: () => {
        if (health instanceof Error) throw health;
        return health;
      },
    },
    metrics,
    log: collectingLog(lines),
    config: { host: '127.0.0.1', port: 0 },
    newId: () => 'id-1',
    ...options,
  });
  const { port } = await server.listen();
  onTestFinished(() => server.close(0));
  const url = `http://127.0.0.1:${port}`;
  return {
    server,
    registry,
    port,
    url,
    wsUrl: `ws://127.0.0.1:${port}/graphql`,
    lines,
    setHealth: (report) => {
      health = report;
    },
    ask: async (query, variables = {}, headers = {}) => {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json', ...headers },
        body: JSON.stringify({ query, variables }),
      });
      const { data = null, errors = [] } = await response.json();
      return { status: response.status, data, errors };
    },
  };
}
