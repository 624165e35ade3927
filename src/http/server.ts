import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, BlockList } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Registry as MetricsRegistry } from 'prom-client';
import { defaultLimits, type Limits } from '../config/limits.ts';
import type { Config } from '../config.ts';
import { Documents } from '../graphql/documents.ts';
import { createErrorMask } from '../graphql/errors.ts';
import { isRefusal } from '../graphql/refusal.ts';
import { buildSchema } from '../graphql/schema.ts';
import type { Log } from '../log.ts';
import type { Registry } from '../registry/registry.ts';
import { anonymousAskers } from './askers.ts';
import { createClientAddress } from './client-address.ts';
import { Clients } from './clients.ts';
import { type GraphiqlPage, loadGraphiqlPage, sendGraphiql } from './graphiql.ts';
import { createGraphqlEndpoint, GRAPHQL_PATH } from './graphql-endpoint.ts';
import { GRAPHQL_METHODS, refusalOf, spellOut } from './graphql-request.ts';
import {
  backendAnswer,
  type HealthAnswer,
  type HealthReport,
  type HealthSource,
  healthAnswer,
  livenessAnswer,
  readinessAnswer,
} from './health.ts';
import { OperationGate } from './operation-gate.ts';
import { operationLimits } from './operation-limits.ts';
import { isOriginAllowed } from './origin.ts';
import { refuseRequest, refuseUpgrade as refuseWith } from './refused-request.ts';
import { RequestGuard } from './request-guard.ts';
import { STALE_HEADER, staleHeader } from './stale-header.ts';
import { createWebSocketEndpoint } from './websocket.ts';

export interface HttpServerOptions {
  readonly registry: Registry;
  readonly health: HealthSource;
  readonly metrics: Pick<MetricsRegistry, 'metrics' | 'contentType'>;
  readonly log: Log;
  readonly config: Pick<Config['http'], 'host' | 'port'>;
  /** Origins of browser pages beside the gateway's own that may use it. Default: none. */
  readonly allowedOrigins?: readonly string[];
  /** Addresses and networks whose `X-Forwarded-For` is believed. Default: none. */
  readonly trustedProxies?: BlockList;
  /** How much a client may ask for. Default: what the configuration has where nothing is set. */
  readonly limits?: Limits;
  /** Told the name of each limit that a client ran into. Default: nobody. */
  readonly onRefusal?: (limit: string) => void;
  /** Milliseconds between WebSocket pings. Default: 12,000. */
  readonly pingInterval?: number;
  /** Makes correlation ids of internal errors. Default: random UUIDs. */
  readonly newId?: () => string;
  /** Milliseconds since 1970. Default: the clock. */
  readonly now?: () => number;
}

export interface HttpServer {
  /** Starts listening; port 0 takes a free one. Throws when the address cannot be had. */
  listen(): Promise<{ readonly host: string; readonly port: number }>;
  /**
   * Takes no more, lets requests under way end, sends WebSockets 1001 and breaks SSE streams (a clean end would tell their clients not
   * to come back). What is left after the deadline (milliseconds) is cut.
   */
  close(deadline: number): Promise<void>;
}

const HEALTH: Readonly<Record<string, (report: HealthReport) => HealthAnswer>> = {
  '/health': healthAnswer,
  '/health/ready': readinessAnswer,
  '/health/live': livenessAnswer,
  '/health/kafka': (report) => backendAnswer(report, 'kafka'),
  '/health/consul': (report) => backendAnswer(report, 'consul'),
  '/health/postgres': (report) => backendAnswer(report, 'postgres'),
};

const LINKS = { graphql: GRAPHQL_PATH, health: '/health', ready: '/health/ready', live: '/health/live', metrics: '/metrics' } as const;

/** The one server: GraphQL over HTTP, SSE and WebSocket, GraphiQL, health and metrics, on one port. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const {
    registry,
    health,
    metrics,
    log,
    config,
    allowedOrigins = [],
    trustedProxies = new BlockList(),
    limits = defaultLimits(),
    onRefusal = () => undefined,
    pingInterval = 12_000,
    newId = randomUUID,
    now = Date.now,
  } = options;
  const addressOf = createClientAddress(trustedProxies);
  const askers = anonymousAskers(addressOf);
  const maskError = createErrorMask({ log, newId, onRefusal });
  const schema = buildSchema();
  const clients = new Clients(limits, () => performance.now());
  const gate = new OperationGate({ documents: new Documents(schema, limits), clients, limits });
  const graphql = createGraphqlEndpoint({
    schema,
    registry,
    maskError,
    log,
    allowedOrigins,
    limits,
    operationLimits: operationLimits({ gate, clients, limits }),
  });
  const webSockets = createWebSocketEndpoint({
    endpoint: graphql,
    registry,
    askers,
    maskError,
    log,
    pingInterval,
    gate,
    clients,
    limits,
    addressOf,
    onRefusal,
  });
  const underWay = new Set<ServerResponse>();
  let graphiql: Promise<GraphiqlPage> | undefined;
  let closing = false;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = pathOf(request);
    if (closing) return sendJson(response, 503, problem('SHUTTING_DOWN', 'This gateway is shutting down: ask another one.'));
    if (path === GRAPHQL_PATH) return answerGraphql(request, response);
    const check = Object.hasOwn(HEALTH, path) ? HEALTH[path] : undefined;
    if (check === undefined && path !== '/metrics' && path !== '/') {
      return sendJson(response, 404, { ...problem('NOT_FOUND', 'There is nothing at this path.'), links: LINKS });
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      return sendJson(response, 405, problem('METHOD_NOT_ALLOWED', 'This path takes GET and HEAD only.'));
    }
    if (path === '/') return answerIndex(request, response);
    response.setHeader('Cache-Control', 'no-store');
    if (check !== undefined) {
      const { status, body } = check(health.report());
      return sendJson(response, status, body);
    }
    const text = await metrics.metrics();
    response.setHeader('Content-Type', metrics.contentType);
    response.end(text);
  }

  async function answerGraphql(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = refusalOf(request);
    if (refusal !== null) {
      if (refusal.status === 405) response.setHeader('Allow', GRAPHQL_METHODS);
      return sendJson(response, refusal.status, { errors: [{ message: refusal.message, extensions: { code: 'BAD_REQUEST' } }] });
    }
    if (request.method === 'OPTIONS') {
      response.setHeader('Allow', GRAPHQL_METHODS);
      if (allowedOrigins.length === 0) return void response.writeHead(204).end();
    }
    if ((request.method === 'GET' || request.method === 'HEAD') && wantsHtml(request)) {
      graphiql ??= loadGraphiqlPage();
      return sendGraphiql(await graphiql, request, response);
    }
    // What is true now; the same question may have another answer in a moment.
    response.setHeader('Cache-Control', 'no-store');
    guard.request(request, response);
    const stale = staleHeader(registry.freshness(), now());
    if (stale !== null) response.setHeader(STALE_HEADER, stale);
    const asker = await askers.ofRequest(request);
    spellOut(request);
    await graphql(request, response, { asker });
  }

  const server = createServer(
    // Headers in 10 s and the whole request in 30 s, so that slow senders hold no connection; answers may take as long as they like.
    { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 5000, keepAliveTimeout: 65_000 },
    (request, response) => {
      underWay.add(response);
      response.once('close', () => {
        underWay.delete(response);
        if (closing) server.closeIdleConnections();
      });
      setSecurityHeaders(response);
      if (closing) response.setHeader('Connection', 'close');
      answer(request, response).catch((error: unknown) => {
        if (isRefusal(error) && !response.headersSent) return refuseRequest(response, error, maskError);
        const correlationId = newId();
        log.error({ error, correlationId, path: pathOf(request) }, 'HTTP request failed; the client gets the id only');
        if (response.headersSent) response.destroy();
        else sendJson(response, 500, { ...problem('INTERNAL_SERVER_ERROR', 'Internal error. The log has it.'), correlationId });
      });
    },
  );
  const guard = new RequestGuard({ clients, limits, addressOf, onDrop: () => onRefusal('LIMIT_CONNECTIONS_TOTAL') }, server);
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Before the registry is loaded too: a client takes an error of its subscription for final, and a refused connection for a reason to retry.
    if (closing || !health.report().ready) return refuseUpgrade(socket, '503 Service Unavailable');
    if (pathOf(request) !== GRAPHQL_PATH) return refuseUpgrade(socket, '404 Not Found');
    if (!isOriginAllowed(request.headers.origin, request.headers.host, allowedOrigins)) {
      log.warn({ origin: request.headers.origin, host: request.headers.host }, 'refused the WebSocket of a page of another origin');
      return refuseUpgrade(socket, '403 Forbidden');
    }
    try {
      guard.upgrade(request, socket);
    } catch (error) {
      return refuseWith(socket, error, maskError);
    }
    return webSockets.accept(request, socket, head);
  });

  return {
    listen: () =>
      new Promise((resolve, reject) => {
        const refuse = (error: NodeJS.ErrnoException) => {
          const why = error.code === 'EADDRINUSE' ? 'another process has it. Set SERVICE_PORT to a free one' : error.message;
          reject(new Error(`Cannot listen on ${config.host}:${config.port}: ${why}`, { cause: error }));
        };
        server.once('error', refuse);
        server.listen(config.port, config.host, () => {
          server.off('error', refuse);
          // Such as no file descriptor left for a new connection: those that stand go on.
          server.on('error', (error) => log.error({ error }, 'HTTP server failed to accept; will go on'));
          resolve({ host: config.host, port: boundPort(server.address(), config.port) });
        });
      }),
    close: async (deadline) => {
      closing = true;
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      for (const response of underWay) {
        if (String(response.getHeader('content-type')).startsWith('text/event-stream')) response.destroy();
      }
      const cut = setTimeout(() => server.closeAllConnections(), deadline);
      await Promise.all([closed, webSockets.close(deadline)]);
      clearTimeout(cut);
      await graphql.dispose();
    },
  };
}

function boundPort(address: AddressInfo | string | null, fallback: number): number {
  return typeof address === 'object' && address !== null ? address.port : fallback;
}

function answerIndex(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('Vary', 'Accept');
  if (wantsHtml(request)) response.writeHead(302, { Location: GRAPHQL_PATH }).end();
  else sendJson(response, 200, { name: 'discovery-gateway', links: LINKS });
}

function pathOf(request: IncomingMessage): string {
  return request.url?.split('?', 1)[0] ?? '/';
}

function wantsHtml(request: IncomingMessage): boolean {
  return request.headers.accept?.includes('text/html') ?? false;
}

function problem(code: string, message: string): { readonly error: { readonly code: string; readonly message: string } } {
  return { error: { code, message } };
}

function sendJson(response: ServerResponse, status: number, body: Readonly<Record<string, unknown>>): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.end(`${JSON.stringify(body)}\n`);
}

function setSecurityHeaders(response: ServerResponse): void {
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('Content-Security-Policy', "frame-ancestors 'none'");
}

function refuseUpgrade(socket: Duplex, status: string): void {
  // The peer may be gone already; there is nobody left to tell.
  socket.once('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
