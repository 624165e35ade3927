import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Limits } from '../config/limits.ts';
import { refusedWith } from '../graphql/refusal.ts';
import type { ClientAddress } from './client-address.ts';
import type { Clients } from './clients.ts';
import { readBody } from './request-body.ts';

/** Milliseconds in which a connection that is one too many may send its request, to be told why it is refused. */
const LAST_WORDS = 250;
/** Bytes of a refused body that are read all the same, so that its sender gets to read the answer. */
const TO_BE_DRAINED = 16_777_216;

export interface RequestGuardOptions {
  readonly clients: Clients;
  readonly limits: Limits;
  readonly addressOf: (request: Pick<IncomingMessage, 'socket' | 'headers'>) => ClientAddress;
  /** Told of each connection that is cut for being more than LIMIT_CONNECTIONS_TOTAL. */
  readonly onDrop: () => void;
}

/**
 * What stands before everything else: how many connections and requests an address has open, and how many bytes it has us read. All of it
 * is known before anything is read, and before it is known who asks.
 */
export class RequestGuard {
  readonly #clients: Clients;
  readonly #limits: Limits;
  readonly #addressOf: RequestGuardOptions['addressOf'];
  /** Connections that are one too many, and what to say to them. */
  readonly #refused = new WeakMap<Duplex, unknown>();

  constructor({ clients, limits, addressOf, onDrop }: RequestGuardOptions, server: Server) {
    this.#clients = clients;
    this.#limits = limits;
    this.#addressOf = addressOf;
    server.maxConnections = limits.LIMIT_CONNECTIONS_TOTAL;
    server.on('drop', onDrop);
    server.on('connection', (socket) => {
      const { address, isProxied } = addressOf({ socket, headers: {} });
      // A proxy's connections carry many clients: there, only what keeps one to itself is counted, for who is behind it.
      if (isProxied) return;
      try {
        socket.once('close', clients.openConnection(address));
      } catch (error) {
        this.#refused.set(socket, error);
        const cut = setTimeout(() => socket.destroy(), LAST_WORDS);
        socket.once('close', () => clearTimeout(cut));
      }
    });
  }

  /** Lets a request to GraphQL in, and counts it until what is returned is called, once it is answered. Throws LIMIT_EXCEEDED. */
  request(request: IncomingMessage, response: ServerResponse): () => void {
    this.#connection(request, response);
    const { address } = this.#addressOf(request);
    const { LIMIT_BODY } = this.#limits;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      // Without a length it is counted while it is read, and for as much as it may be.
      const bytes = Number(request.headers['content-length'] ?? LIMIT_BODY);
      if (bytes > LIMIT_BODY) {
        if (bytes > TO_BE_DRAINED) response.setHeader('Connection', 'close');
        throw bodyTooLarge(LIMIT_BODY);
      }
      this.#clients.takeBytes(address, bytes);
    }
    return request.headers.accept?.includes('text/event-stream') ? this.#hold(request) : this.#clients.openRequest(address);
  }

  /** The body of a request that was let in; null when its sender went. Rejects with LIMIT_EXCEEDED. */
  body(request: IncomingMessage): Promise<Buffer | null> {
    const { LIMIT_BODY } = this.#limits;
    return readBody(request, LIMIT_BODY, () => bodyTooLarge(LIMIT_BODY));
  }

  /** Lets a WebSocket in, and counts it until it is closed. Throws LIMIT_EXCEEDED. */
  upgrade(request: IncomingMessage, socket: Duplex): void {
    this.#connection(request);
    socket.once('close', this.#hold(request));
  }

  #connection({ socket }: IncomingMessage, response?: ServerResponse): void {
    const refusal = this.#refused.get(socket);
    if (refusal === undefined) return;
    response?.setHeader('Connection', 'close');
    throw refusal;
  }

  /** Counts a connection that a proxy keeps for one client alone, until what is returned is called. */
  #hold(request: IncomingMessage): () => void {
    const { address, isProxied } = this.#addressOf(request);
    return isProxied ? this.#clients.openConnection(address) : () => undefined;
  }
}

/** LIMIT_EXCEEDED for a body of more bytes than this. */
function bodyTooLarge(max: number): Error {
  return refusedWith(413, { limit: 'LIMIT_BODY', max, message: 'The body has more bytes: send shorter documents and lists' });
}
