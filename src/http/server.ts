import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, BlockList } from 'node:net';
import type { Duplex } from 'node:stream';
import { type GraphQLSchema, NoSchemaIntrospectionCustomRule } from 'graphql';
import type { Registry as MetricsRegistry } from 'prom-client';
import { defaultLimits, type Limits } from '../config/limits.ts';
import type { Config } from '../config.ts';
import { delay } from '../delay.ts';
import { CompiledQueries } from '../graphql/compiled-queries.ts';
import { Documents } from '../graphql/documents.ts';
import { createErrorMask } from '../graphql/errors.ts';
import { isRefusal } from '../graphql/refusal.ts';
import { TrustedDocuments } from '../graphql/trusted-documents.ts';
import type { Log } from '../log.ts';
import type { Registry } from '../registry/registry.ts';
import { TokenBuckets } from '../token-buckets.ts';
import { ANSWER_HEADERS, pathOf, problem, refuseUpgrade, sendGraphqlError, sendJson } from './answers.ts';
import { createAskers } from './askers.ts';
import { createHostCheck } from './auth/host.ts';
import { createJwtVerifier } from './auth/jwt.ts';
import { operationAccess } from './auth/operation-access.ts';
import { Readers } from './auth/readers.ts';
import { AccessRefusal, type RefusalReason } from './auth/refusal.ts';
import { createClientAddress } from './client-address.ts';
import { bytesOf, Clients } from './clients.ts';
import type { Dashboard } from './dashboard.ts';
import { createDirectAnswer } from './direct-answer.ts';
import { createGraphqlEndpoint, GRAPHQL_PATH } from './graphql-endpoint.ts';
import { createGraphqlEntry } from './graphql-entry.ts';
import type { HealthSource } from './health.ts';
import { OperationGate } from './operation-gate.ts';
import { operationLimits } from './operation-limits.ts';
import type { OperationObserver } from './operation-observer.ts';
import { OperationWatch } from './operation-watch.ts';
import { isOriginAllowed } from './origin.ts';
import { createPlainPaths, isHealthPath } from './plain-paths.ts';
import { refuseRequest, refuseUpgrade as refuseWith } from './refused-request.ts';
import { RequestGuard } from './request-guard.ts';
import { StatusCounts } from './status-counts.ts';
import { createWebSocketEndpoint } from './websocket.ts';

export interface HttpServerOptions {
  readonly schema: GraphQLSchema;
  readonly registry: Registry;
  readonly health: HealthSource;
  readonly metrics: Pick<MetricsRegistry, 'metrics' | 'contentType'>;
  readonly log: Log;
  readonly config: Pick<Config['http'], 'host' | 'port'>;
  /** Origins of browser pages beside the gateway's own that may use it. Default: none. */
  readonly allowedOrigins?: readonly string[];
  /** Addresses and networks whose `X-Forwarded-For` is believed. Default: none. */
  readonly trustedProxies?: BlockList;
  /** Who may do what. Default: everybody everything. */
  readonly access?: Config['auth'];
  /** Told why somebody was turned away. Default: nobody. */
  readonly onTurnedAway?: (reason: RefusalReason) => void;
  /** How much a client may ask for. Default: what the configuration has where nothing is set. */
  readonly limits?: Limits;
  /** Documents that clients may ask for by name. Default: none. */
  readonly trusted?: TrustedDocuments;
  /** The page that browsers get at `/`. Default: none. */
  readonly dashboard?: Dashboard | null;
  /** Told the name of each limit that a client ran into. Default: nobody. */
  readonly onRefusal?: (limit: string) => void;
  /** Told of every GraphQL operation. Default: nobody. */
  readonly observer?: OperationObserver;
  /** Where the statuses of answers are counted. Default: nowhere. */
  readonly statuses?: StatusCounts;
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

const OPEN: Config['auth'] = {
  tokens: [],
  jwt: null,
  anonymous: 'write',
  hosts: null,
  metrics: false,
  introspection: true,
  graphiql: true,
};

/** Queries that are compiled in a second: some milliseconds of it, whatever clients send. */
const COMPILATIONS = 5;

/** The one server: GraphQL over HTTP, SSE and WebSocket, GraphiQL, the dashboard, health and metrics, on one port. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const {
    schema,
    registry,
    health,
    metrics,
    log,
    config,
    allowedOrigins = [],
    trustedProxies = new BlockList(),
    access = OPEN,
    onTurnedAway = () => undefined,
    limits = defaultLimits(),
    trusted = TrustedDocuments.none(),
    dashboard = null,
    onRefusal = () => undefined,
    observer = { answered: () => undefined },
    statuses = new StatusCounts(),
    pingInterval = 12_000,
    newId = randomUUID,
    now = Date.now,
  } = options;
  const addressOf = createClientAddress(trustedProxies);
  const { tokens, jwt, anonymous, hosts, introspection, graphiql } = access;
  const askers = createAskers({ addressOf, tokens, verifyJwt: jwt === null ? null : createJwtVerifier(jwt, { now, log }), anonymous });
  const hostOf = createHostCheck(hosts);
  const maskError = createErrorMask({ log, newId, onRefusal, hideSuggestions: !introspection });
  const clients = new Clients(limits, () => performance.now());
  const documents = new Documents(schema, limits, introspection ? {} : { rules: [NoSchemaIntrospectionCustomRule], hideSuggestions: true });
  const gate = new OperationGate({ documents, trusted, clients, limits });
  const compilations = new TokenBuckets({ rate: COMPILATIONS, burst: 10 * COMPILATIONS, now: () => performance.now() });
  const compiled = new CompiledQueries({ schema, mayCompile: () => compilations.take('') === 0 });
  const answerDirectly = createDirectAnswer({ gate, compiled, registry, isClosing: () => closing, observer, statuses, now });
  const watch = new OperationWatch(observer, gate);
  const endpoint = createGraphqlEndpoint({
    schema,
    registry,
    maskError,
    log,
    limits,
    watch,
    operationLimits: operationLimits({ gate, clients, limits, watch }),
    operationAccess: operationAccess({ now, onTurnedAway }),
  });
  const webSockets = createWebSocketEndpoint({
    endpoint,
    registry,
    askers,
    onTurnedAway,
    maskError,
    log,
    pingInterval,
    gate,
    watch,
    clients,
    limits,
    addressOf,
    onRefusal,
    now,
  });
  const underWay = new Set<ServerResponse>();
  let closing = false;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = pathOf(request);
    const host = hostOf(request);
    if (path === GRAPHQL_PATH && !closing && host === 'ours') return graphql(request, response);
    prepare(response);
    if (closing) return sendJson(response, 503, problem('SHUTTING_DOWN', 'This gateway is shutting down: ask another one.'));
    // Probes call `/health` by whatever name they know, and it tells no secrets.
    if (host === 'unreadable' && !isHealthPath(path)) return refuseHost(request, response);
    if (host === 'foreign' && !isHealthPath(path)) throw new AccessRefusal('host', WRONG_HOST);
    return plain(request, response, path);
  }

  function refuseHost(request: IncomingMessage, response: ServerResponse): void {
    const refusal = { code: 'BAD_REQUEST', message: UNREADABLE_HOST, details: {} };
    if (pathOf(request) === GRAPHQL_PATH) sendGraphqlError(request, response, 400, refusal);
    else sendJson(response, 400, problem(refusal.code, refusal.message));
  }

  /** Before an answer is begun, by whoever begins it; once is enough. */
  function prepare(response: ServerResponse): void {
    if (underWay.has(response)) return;
    underWay.add(response);
    response.once('close', () => {
      underWay.delete(response);
      if (response.headersSent) statuses.add(response.statusCode);
      if (closing) server.closeIdleConnections();
    });
    for (const [name, value] of Object.entries(ANSWER_HEADERS)) response.setHeader(name, value);
    if (closing) response.setHeader('Connection', 'close');
  }

  function turnAway(request: IncomingMessage, response: ServerResponse, refusal: AccessRefusal): void {
    const { reason, status, code, message, headers } = refusal;
    onTurnedAway(reason);
    log.debug({ reason, address: request.socket.remoteAddress }, 'turned a request away');
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (pathOf(request) === GRAPHQL_PATH) sendGraphqlError(request, response, status, refusal);
    else sendJson(response, status, problem(code, message));
  }

  async function refuseLater(request: IncomingMessage, response: ServerResponse, error: unknown): Promise<void> {
    const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
    const wait = clients.waitAfterRefusal(addressOf(request).address, bytesOf(length, coding !== undefined, limits));
    if (wait > 0) await delay(wait);
    refuseRequest(response, error, maskError);
  }

  const server = createServer(
    // Headers in 10 s and the whole request in 30 s, so that slow senders hold no connection; answers may take as long as they like.
    { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 5000, keepAliveTimeout: 65_000 },
    (request, response) => {
      answer(request, response).catch((error: unknown) => {
        if (!response.headersSent) prepare(response);
        if (error instanceof AccessRefusal) return turnAway(request, response, error);
        if (isRefusal(error) && !response.headersSent) return refuseLater(request, response, error);
        const correlationId = newId();
        log.error({ error, correlationId, path: pathOf(request) }, 'HTTP request failed; the client gets the id only');
        if (response.headersSent) response.destroy();
        else sendJson(response, 500, { ...problem('INTERNAL_SERVER_ERROR', 'Internal error. The log has it.'), correlationId });
      });
    },
  );
  const guard = new RequestGuard({ clients, limits, addressOf, onDrop: () => onRefusal('LIMIT_CONNECTIONS_TOTAL') }, server);
  const readers = new Readers({ askers, now });
  const plain = createPlainPaths({
    health,
    metrics,
    mayHaveMetrics: async (request) => (access.metrics ? readers.check(request) : undefined),
    // Health is told under any name; this is not, and a page whose name was rebound is on this machine, too.
    mayRead: async (request) => hostOf(request) === 'ours' && readers.has(request),
    graphiql,
    dashboard,
  });
  const graphql = createGraphqlEntry({ endpoint, registry, askers, guard, answerDirectly, prepare, allowedOrigins, graphiql, now });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Before the registry is loaded too: a client takes an error of its subscription for final, and a refused connection for a reason to retry.
    if (closing || !health.report().ready) return refuseUpgrade(socket, '503 Service Unavailable');
    if (pathOf(request) !== GRAPHQL_PATH) return refuseUpgrade(socket, '404 Not Found');
    const host = hostOf(request);
    if (host === 'unreadable') return refuseUpgrade(socket, '400 Bad Request');
    if (host === 'foreign') {
      onTurnedAway('host');
      return refuseUpgrade(socket, '421 Misdirected Request');
    }
    if (!isOriginAllowed(request.headers.origin, request.headers.host, allowedOrigins)) {
      onTurnedAway('origin');
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
      await endpoint.dispose();
    },
  };
}

const WRONG_HOST =
  'This gateway does not answer under the name in the Host header: use the name or address of this machine, or list the name in ALLOWED_HOSTS of the gateway.';

const UNREADABLE_HOST = 'The Host header cannot be read: send one, with a name or an address, and a port or none (RFC 9112).';

function boundPort(address: AddressInfo | string | null, fallback: number): number {
  return typeof address === 'object' && address !== null ? address.port : fallback;
}
