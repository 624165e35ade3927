import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ExecutionArgs, type ExecutionResult, GraphQLError, type GraphQLFormattedError, getOperationAST } from 'graphql';
import { type Context, handleProtocols, makeServer, type SubscribePayload } from 'graphql-ws';
import { WebSocket, WebSocketServer } from 'ws';
import type { LimitName, Limits } from '../config/limits.ts';
import { GatewayError } from '../errors.ts';
import type { Asker } from '../graphql/asker.ts';
import { createContext } from '../graphql/context.ts';
import { type ReadDocument, RefusedDocument } from '../graphql/documents.ts';
import { Editions } from '../graphql/editions.ts';
import { type ErrorMask, visible } from '../graphql/errors.ts';
import { limitExceeded } from '../graphql/refusal.ts';
import type { Log } from '../log.ts';
import type { Registry } from '../registry/registry.ts';
import type { Askers } from './askers.ts';
import type { RefusalReason } from './auth/refusal.ts';
import { createAdmission } from './auth/socket-admission.ts';
import type { Clients } from './clients.ts';
import type { GraphqlEndpoint } from './graphql-endpoint.ts';
import { traceparentOf } from './graphql-request.ts';
import type { OperationGate } from './operation-gate.ts';
import type { OperationWatch, TracedOperation } from './operation-watch.ts';
import { SocketLimits } from './socket-limits.ts';
import { SocketTaker } from './socket-taker.ts';
import { isOfServer, withQuery } from './subscribe-message.ts';

/** Close code of RFC 6455 for "going away": clients connect again, and resume from their cursor. */
const GOING_AWAY = 1001;
/** graphql-transport-ws: a message that a client does not send. */
const INVALID_MESSAGE = 4400;
/** graphql-transport-ws: the server failed. */
const INTERNAL_SERVER_ERROR = 4500;
/** graphql-transport-ws: no connection_init in time. */
const INIT_TIMEOUT = 4408;

export interface WebSocketOptions {
  readonly endpoint: GraphqlEndpoint;
  readonly registry: Registry;
  readonly askers: Askers;
  /** Told why somebody was turned away. */
  readonly onTurnedAway: (reason: RefusalReason) => void;
  readonly maskError: ErrorMask;
  readonly log: Pick<Log, 'debug' | 'error'>;
  /** Milliseconds between pings. A socket that answered none in between, or takes no bytes, is cut at the next one. */
  readonly pingInterval: number;
  readonly gate: OperationGate;
  readonly watch: Pick<OperationWatch, 'run' | 'failed'>;
  readonly clients: Clients;
  readonly limits: Limits;
  /** Whose bytes those of a socket are. */
  readonly addressOf: (request: IncomingMessage) => { readonly address: string };
  /** Told the name of a limit where no error is sent that tells it. */
  readonly onRefusal: (limit: LimitName) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface WebSocketEndpoint {
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Closes every socket with 1001, and cuts those that are still there after the deadline (milliseconds). */
  close(deadline: number): Promise<void>;
}

interface Extra {
  readonly request: IncomingMessage;
  readonly socket: WebSocket;
  readonly talk: SocketLimits;
  /** Undefined until the connection is acknowledged; no operation begins before. */
  asker?: Asker;
}

type SocketContext = Context<Record<string, unknown> | undefined, Extra>;

/**
 * The `graphql-transport-ws` protocol on `ws` sockets. It stands on graphql-ws' core instead of its ready adapter, because that one
 * writes to the console, keeps two timers per socket and says nothing to clients of why a subscription ended.
 */
export function createWebSocketEndpoint(options: WebSocketOptions): WebSocketEndpoint {
  const { endpoint, registry, maskError, log, pingInterval, gate, watch, clients, limits, addressOf, onRefusal } = options;
  const { LIMIT_MESSAGE, LIMIT_INIT_WAIT, LIMIT_SOCKET_OPERATIONS } = limits;
  const admit = createAdmission(options);
  let sockets = 0;
  const engine = endpoint.getEnveloped({});
  const editions = new Editions({ schema: engine.schema, registry, maskError });
  /** Of the request that opened the socket: all operations on one socket belong to its trace. */
  const traces = new WeakMap<object, TracedOperation>();
  const traceOf = (args: object) => traces.get(args) ?? { traceparent: null, trace: { traceparent: null } };
  const protocol = makeServer<Record<string, unknown> | undefined, Extra>({
    connectionInitWaitTimeout: LIMIT_INIT_WAIT,
    onConnect: async ({ extra, connectionParams }) => {
      const asker = await admit(extra.socket, extra.request, connectionParams ?? {});
      if (asker === null) return false;
      extra.asker = asker;
      return true;
    },
    onSubscribe: (context, id, payload) => {
      const startedAt = performance.now();
      const prepared = prepare(context, id, payload);
      if ('length' in prepared) watch.failed(prepared, startedAt, traceparentOf(context.extra.request));
      return prepared;
    },
    execute: async (args) => begun(await watch.run(args, traceOf(args), () => engine.execute(args))),
    subscribe: async (args) => begun(await watch.run(args, traceOf(args), () => engine.subscribe(args))),
    onError: (_context, _id, _payload, errors) => errors.flatMap((error) => publicErrors(error, maskError)),
    onNext: (_context, _id, _payload, _args, result) =>
      result.errors === undefined ? undefined : { ...result, errors: result.errors.flatMap((error) => publicErrors(error, maskError)) },
  });

  function prepare(context: SocketContext, id: string, payload: SubscribePayload): ExecutionArgs | readonly GraphQLError[] {
    const { asker, request, socket, talk } = context.extra;
    if (asker === undefined) return [maskError(new GatewayError('UNAUTHENTICATED', 'Operations begin after connection_ack'))];
    let read: ReadDocument;
    try {
      if (Object.keys(context.subscriptions).length > LIMIT_SOCKET_OPERATIONS) throw tooManyOperations(LIMIT_SOCKET_OPERATIONS);
      read = gate.admit(payload, asker.key) ?? missingQuery();
    } catch (error) {
      talk.refused(asker.key);
      return error instanceof RefusedDocument ? error.errors.map((each) => maskError(each)) : [maskError(error)];
    }
    const { document, errors, text } = read;
    if (errors.length > 0) return errors;
    const operation = getOperationAST(document, payload.operationName);
    if (!operation) {
      return [
        new GraphQLError('operationName must name one operation of the document where it has several', {
          extensions: { code: 'OPERATION_RESOLUTION_FAILURE' },
        }),
      ];
    }
    // A browser cannot set headers of a WebSocket: there the operator comes in the connection's parameters.
    const operator = request.headers['x-operator'] ?? context.connectionParams?.['x-operator'];
    const { operationName, variables } = payload;
    const asked = { document, text, operationName, variables: variables ?? {}, scopes: asker.scopes };
    const contextValue = createContext(registry, asker, operator);
    const isLive = operation.operation === 'subscription';
    const args = {
      schema: engine.schema,
      document,
      operationName,
      variableValues: variables,
      contextValue: isLive ? { taker: new SocketTaker({ socket, editions, operation: asked, id }), ...contextValue } : contextValue,
    };
    traces.set(args, { traceparent: traceparentOf(request), trace: contextValue.trace });
    return args;
  }

  const server = new WebSocketServer({
    noServer: true,
    maxPayload: LIMIT_MESSAGE,
    // One message of each socket per turn of the event loop: hundreds fit into what is read at once, and others would wait for all of them.
    allowSynchronousEvents: false,
    handleProtocols: (offered) => handleProtocols(offered),
  });
  const silent = new WeakSet<WebSocket>();
  // One timer for all sockets. A ping queues behind what a socket has not taken yet, so it finds stuck receivers as well as dead ones.
  const pings = setInterval(() => {
    for (const socket of server.clients) {
      if (silent.has(socket)) {
        socket.terminate();
      } else {
        silent.add(socket);
        if (socket.readyState === WebSocket.OPEN) socket.ping();
      }
    }
  }, pingInterval);
  pings.unref();

  function open(socket: WebSocket, request: IncomingMessage): void {
    const { address } = addressOf(request);
    sockets += 1;
    const talk = new SocketLimits(socket, { clients, maskError, address, key: String(sockets) });
    socket.on('error', (error) => {
      if (isTooLong(error)) onRefusal('LIMIT_MESSAGE');
      log.debug({ error }, 'WebSocket failed and is closed');
    });
    socket.on('pong', () => silent.delete(socket));
    socket.on('ping', (data: Buffer) => talk.mayTalk(data.length));
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send: (text) => send(socket, text),
        close: (code, reason) => {
          if (code === INIT_TIMEOUT) onRefusal('LIMIT_INIT_WAIT');
          const why = `No connection_init within LIMIT_INIT_WAIT=${LIMIT_INIT_WAIT} ms`;
          socket.close(code, code === INIT_TIMEOUT ? why : reason);
        },
        onMessage: (handle) => {
          socket.on('message', (data: Buffer) => {
            if (!talk.mayTalk(data.length)) return;
            const text = withQuery(String(data));
            handle(text).catch((error: unknown) => {
              if (isOfServer(text)) return socket.close(INVALID_MESSAGE, 'Invalid message received: only a server says that');
              log.error({ error }, 'WebSocket message failed; closing the socket');
              socket.close(INTERNAL_SERVER_ERROR, 'Internal server error');
            });
          });
        },
      },
      { request, socket, talk },
    );
    socket.once('close', (code, reason) => {
      closed(code, String(reason)).catch((error: unknown) => log.error({ error }, 'ending the subscriptions of a closed WebSocket failed'));
    });
  }

  return {
    accept: (request, socket, head) => server.handleUpgrade(request, socket, head, open),
    close: async (deadline) => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      for (const socket of server.clients) socket.close(GOING_AWAY, 'Going away');
      const cut = setTimeout(() => {
        for (const socket of server.clients) socket.terminate();
      }, deadline);
      await closed;
      clearTimeout(cut);
      clearInterval(pings);
    },
  };
}

/** Resolves when the bytes have left: graphql-ws pulls a subscription's next event only then, which is what holds a fast feed back. */
function send(socket: WebSocket, text: string): Promise<void> {
  return new Promise((resolve) => {
    // A socket that fails meanwhile closes, and closing ends its subscriptions: nothing more to do here.
    if (socket.readyState === WebSocket.OPEN) socket.send(text, () => resolve());
    else resolve();
  });
}

/** Errors that ended an operation; graphql-ws carries one error from a failed iteration, so that several travel in one. */
class OperationFailed extends Error {
  readonly errors: readonly GraphQLError[];

  constructor(errors: readonly GraphQLError[]) {
    super('The operation could not begin');
    this.errors = errors;
  }
}

/** An operation that could not begin, as a stream that fails at once: it reaches the client as an `error` message. */
function begun(result: AsyncIterable<ExecutionResult> | ExecutionResult): AsyncIterable<ExecutionResult> | ExecutionResult {
  if (Symbol.asyncIterator in result || result.data !== undefined) return result;
  const next = () => Promise.reject(new OperationFailed(result.errors ?? []));
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

function missingQuery(): never {
  throw new GatewayError('BAD_USER_INPUT', 'The payload needs a query, the text of the operation, or the documentId of a registered one');
}

function tooManyOperations(max: number): GatewayError {
  const message = `This socket carries ${max} operations already: end one of them, or open another socket`;
  return limitExceeded({ limit: 'LIMIT_SOCKET_OPERATIONS', max, message });
}

/** `ws` closes such a socket by itself, with 1009. */
function isTooLong(error: Error): boolean {
  return 'code' in error && error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';
}

/** What the client sees: without Yoga's notes for HTTP, and without the wrapping that graphql-ws puts around what an iteration threw. */
function publicErrors(error: GraphQLError, maskError: ErrorMask): readonly GraphQLFormattedError[] {
  const cause = error.originalError;
  if (cause instanceof OperationFailed) return cause.errors.flatMap((each) => publicErrors(each, maskError));
  const isWrapping = error.nodes === undefined && cause instanceof GraphQLError;
  return [visible(isWrapping ? cause : maskError(error))];
}
