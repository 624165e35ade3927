import type { Identity } from './identity.ts';
import { type Accepted, type IntrospectionRequest, readAccepted, readRequest } from './incoming.ts';
import type { ReceivedMessage } from './kafka-client.ts';
import { RecentKeys } from './recent-keys.ts';
import type { NodeTopics } from './topics.ts';
import { traceOf } from './trace-context.ts';

/** One request reaches a node once per topic, seconds apart at most; 1,000 ids are hours of requests. */
const REMEMBERED = 1000;

/**
 * A request asked this long before the node started is answered by its startup announcement already. Five minutes are what the gateway
 * allows clocks to differ.
 */
const STALE_AFTER = 300_000;

export interface InboxHandlers {
  readonly onRequest: (request: IntrospectionRequest) => void;
  readonly onAccepted: (accepted: Accepted) => void;
}

/** Picks out of the request and accepted topics what concerns this node, once each. */
export class Inbox {
  readonly #identity: Identity;
  readonly #accepted: ReadonlySet<string>;
  readonly #startedAt: number;
  readonly #handlers: InboxHandlers;
  readonly #seen = new RecentKeys(REMEMBERED);

  /** `startedAt`: when this life of the node began, milliseconds since 1970. */
  constructor(identity: Identity, topics: NodeTopics, startedAt: number, handlers: InboxHandlers) {
    this.#identity = identity;
    this.#accepted = new Set(topics.accepted);
    this.#startedAt = startedAt;
    this.#handlers = handlers;
  }

  receive({ topic, message }: ReceivedMessage): void {
    if (Number(message.timestamp) < this.#startedAt - STALE_AFTER) return;
    if (this.#accepted.has(topic)) this.#receiveAccepted(message.key, message.value);
    else this.#receiveRequest(message);
  }

  #receiveRequest(message: ReceivedMessage['message']): void {
    const { value } = message;
    const request = readRequest(value);
    if (request === null || value === null || !this.#concerns(request)) return;
    // Without a correlation id, the same bytes are the same request.
    const key = request.correlationId ?? Buffer.from(value).toString('base64');
    if (this.#seen.add(`request ${key}`)) this.#handlers.onRequest({ ...request, trace: traceOf(message) });
  }

  #receiveAccepted(key: Uint8Array | null, value: Uint8Array | null): void {
    // Every node reads the events of all nodes: the key tells most of them apart without parsing.
    if (key !== null && Buffer.from(key).toString('utf8') !== this.#identity.nodeId) return;
    const accepted = readAccepted(value);
    if (accepted === null || accepted.nodeId !== this.#identity.nodeId) return;
    if (this.#seen.add(`accepted ${accepted.correlationId} ${accepted.cursor}`)) this.#handlers.onAccepted(accepted);
  }

  #concerns(request: IntrospectionRequest): boolean {
    if (request.targetNodeId !== null) return request.targetNodeId === this.#identity.nodeId;
    return request.targetNodeTypes === null || request.targetNodeTypes.map(plainType).includes(plainType(this.#identity.nodeType));
  }
}

/** The same reading of a type as the gateway's. */
function plainType(type: string): string {
  return type
    .trim()
    .toLowerCase()
    .replace(/_generic$/, '');
}
