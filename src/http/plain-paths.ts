import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Registry as MetricsRegistry } from 'prom-client';
import { wantsHtml } from './accept.ts';
import { problem, sendJson } from './answers.ts';
import { type Dashboard, sendPageFile } from './dashboard.ts';
import { GRAPHQL_PATH } from './graphql-endpoint.ts';
import {
  backendAnswer,
  type HealthAnswer,
  type HealthReport,
  type HealthSource,
  healthAnswer,
  livenessAnswer,
  readinessAnswer,
} from './health.ts';

const HEALTH: Readonly<Record<string, (report: HealthReport) => HealthAnswer>> = {
  '/health': healthAnswer,
  '/health/ready': readinessAnswer,
  '/health/live': livenessAnswer,
  '/health/kafka': (report) => backendAnswer(report, 'kafka'),
  '/health/consul': (report) => backendAnswer(report, 'consul'),
  '/health/postgres': (report) => backendAnswer(report, 'postgres'),
};

const LINKS = { graphql: GRAPHQL_PATH, health: '/health', ready: '/health/ready', live: '/health/live', metrics: '/metrics' } as const;

/** In place of an error of a back end, which names its host and user: probes need no token, and whoever reaches the port can be one. */
const WITHHELD = 'told to who shows a token with registry:read';

export interface PlainPathsOptions {
  readonly health: HealthSource;
  readonly metrics: Pick<MetricsRegistry, 'metrics' | 'contentType'>;
  /** Rejects for who may not have the metrics. */
  readonly mayHaveMetrics: (request: IncomingMessage) => Promise<void>;
  /** Whether who asks may read. */
  readonly mayRead: (request: IncomingMessage) => Promise<boolean>;
  /** Whether there is a GraphiQL to lead browsers to. */
  readonly graphiql: boolean;
  /** What browsers get at `/`; null: they are led to GraphiQL. */
  readonly dashboard: Dashboard | null;
}

/** What probes call: by whatever name they know, and without a token. */
export function isHealthPath(path: string): boolean {
  return Object.hasOwn(HEALTH, path);
}

/** Every path that is not GraphQL's: health, metrics, the dashboard, the index for programs, and 404 for what there is not. */
export function createPlainPaths({ health, metrics, mayHaveMetrics, mayRead, graphiql, dashboard }: PlainPathsOptions) {
  return async (request: IncomingMessage, response: ServerResponse, path: string): Promise<void> => {
    const check = isHealthPath(path) ? HEALTH[path] : undefined;
    const file = dashboard?.get(path);
    if (check === undefined && file === undefined && path !== '/metrics' && path !== '/') {
      return sendJson(response, 404, { ...problem('NOT_FOUND', 'There is nothing at this path.'), links: LINKS });
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      return sendJson(response, 405, problem('METHOD_NOT_ALLOWED', 'This path takes GET and HEAD only.'));
    }
    if (file !== undefined && (path !== '/' || wantsHtml(request.headers.accept))) return sendPageFile(file, request, response);
    if (path === '/') return answerIndex(request, response, graphiql);
    if (check !== undefined) {
      const { status, body } = check(health.report());
      const isWithheld = typeof body['last_error'] === 'string' && !(await mayRead(request));
      return sendJson(response, status, isWithheld ? { ...body, last_error: WITHHELD } : body);
    }
    await mayHaveMetrics(request);
    const text = await metrics.metrics();
    response.setHeader('Content-Type', metrics.contentType);
    response.end(text);
  };
}

function answerIndex(request: IncomingMessage, response: ServerResponse, graphiql: boolean): void {
  response.setHeader('Vary', 'Accept');
  if (graphiql && wantsHtml(request.headers.accept)) response.writeHead(302, { Location: GRAPHQL_PATH }).end();
  else sendJson(response, 200, { name: 'discovery-gateway', links: LINKS });
}
