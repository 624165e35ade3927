import type { GraphQLError } from 'graphql';
import type { LimitName, Limits } from '../config/limits.ts';
import { refusedWith } from '../graphql/refusal.ts';
import { TokenBuckets } from '../token-buckets.ts';
import { OpenCounts } from './open-counts.ts';

/** Characters of a document that count as one. */
const DOCUMENT_LENGTH = 1000;
/** Milliseconds that a client waits for its refusals when it gets many, in the mean. */
const REFUSAL_WAIT = 500;
/** Bytes that have to be read for a refusal and count as one more of them. */
const REFUSED_BYTES = 4000;
/** Multiples of it, without their whole part, lie as far from one another as they can, however many they are. */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;
/** Milliseconds after which a client may try again what had no room: something of its own must end first. */
const ROOM = 1000;

/**
 * What each client takes of this gateway: operations, work and new documents per second, and what it has open. A client is the key of an
 * asker (asker.ts), the same over HTTP, SSE and WebSocket, or the address of a connection of which nothing else is known yet. Whatever is
 * refused is thrown as LIMIT_EXCEEDED with the time after which to try again.
 */
export class Clients {
  readonly #limits: Limits;
  readonly #operations: TokenBuckets;
  readonly #documents: TokenBuckets;
  readonly #cost: TokenBuckets;
  readonly #bytes: TokenBuckets;
  readonly #messages: TokenBuckets;
  readonly #refusals: TokenBuckets;
  #waited = 0;
  readonly #requests = new OpenCounts();
  readonly #connections = new OpenCounts();
  readonly #subscriptions = new OpenCounts();

  /** `now`: milliseconds, from any start, never backwards. */
  constructor(limits: Limits, now: () => number) {
    this.#limits = limits;
    const { LIMIT_RATE, LIMIT_RATE_BURST, LIMIT_DOCUMENT, LIMIT_DOCUMENT_RATE, LIMIT_COST_RATE, LIMIT_COST } = limits;
    const { LIMIT_BYTE_RATE, LIMIT_BODY, LIMIT_MESSAGE, LIMIT_MESSAGE_RATE, LIMIT_REFUSAL_RATE } = limits;
    this.#operations = new TokenBuckets({ rate: LIMIT_RATE, burst: LIMIT_RATE_BURST, now });
    this.#documents = new TokenBuckets({
      rate: LIMIT_DOCUMENT_RATE,
      burst: Math.max(2 * LIMIT_DOCUMENT_RATE, LIMIT_DOCUMENT / DOCUMENT_LENGTH),
      now,
    });
    // Two of the dearest: with less, a client that is let through at all could not ask what it may.
    this.#cost = new TokenBuckets({ rate: LIMIT_COST_RATE, burst: Math.max(2 * LIMIT_COST, LIMIT_COST_RATE / 5), now });
    this.#bytes = new TokenBuckets({ rate: LIMIT_BYTE_RATE, burst: Math.max(LIMIT_BODY, LIMIT_MESSAGE, LIMIT_BYTE_RATE / 4), now });
    this.#messages = new TokenBuckets({ rate: LIMIT_MESSAGE_RATE, burst: LIMIT_MESSAGE_RATE, now });
    this.#refusals = new TokenBuckets({ rate: LIMIT_REFUSAL_RATE, burst: 2 * LIMIT_REFUSAL_RATE, now });
  }

  /** One operation begins, over whatever transport. */
  takeOperation(key: string): void {
    const wait = this.#operations.take(key);
    if (wait > 0) throw this.#tooFast('LIMIT_RATE', wait, 'operations per second');
  }

  /** A document that the gateway does not know has to be parsed and validated, which takes the longer the longer it is. */
  takeDocument(key: string, characters: number): void {
    const wait = this.#documents.take(key, Math.ceil(characters / DOCUMENT_LENGTH));
    if (wait > 0) {
      throw this.#tooFast(
        'LIMIT_DOCUMENT_RATE',
        wait,
        'new documents per second, a long one counted once for each 1,000 characters; pass what differs as variables',
      );
    }
  }

  /**
   * The work of an operation. A cheap one finds room between dear ones: a client that asks for much at once waits, and what it asks beside
   * that is answered.
   */
  takeCost(key: string, cost: number): void {
    const wait = this.#cost.take(key, cost);
    if (wait > 0) throw this.#tooFast('LIMIT_COST_RATE', wait, `cost per second, and this operation costs ${cost}`);
  }

  /** The milliseconds for which nothing more should be read of a client after so many bytes: bodies of requests, messages of sockets. */
  waitForBytes(key: string, bytes: number): number {
    return this.#bytes.take(key, bytes);
  }

  /** Bytes that have to be read of a client. */
  takeBytes(key: string, bytes: number): void {
    const wait = this.waitForBytes(key, bytes);
    if (wait > 0) throw this.#tooFast('LIMIT_BYTE_RATE', wait, `bytes per second, and this one has ${bytes}`);
  }

  /**
   * The milliseconds that a client should wait for the refusal that it is about to get: none, unless it gets many. Most of the work of a
   * refusal is reading what was asked, in so many bytes, and whoever asks again as soon as it is refused has the gateway do nothing else. Not
   * all wait for as long: they would all come back at once.
   */
  waitAfterRefusal(key: string, bytes: number): number {
    // However much it was: the first are told at once.
    const most = this.#limits.LIMIT_REFUSAL_RATE / 2;
    if (this.#refusals.take(key, Math.max(1, Math.min(1 + bytes / REFUSED_BYTES, most))) === 0) return 0;
    this.#waited += 1;
    return REFUSAL_WAIT * (0.5 + ((this.#waited * GOLDEN_RATIO) % 1));
  }

  /** A message or a ping on one socket, which has a key of its own. */
  takeMessage(socketKey: string): void {
    const wait = this.#messages.take(socketKey);
    if (wait > 0) throw this.#tooFast('LIMIT_MESSAGE_RATE', wait, 'messages per second on one socket, pings included');
  }

  /** A request is being read or answered. Returns what ends it. */
  openRequest(key: string): () => void {
    return this.#open(this.#requests, key, 'LIMIT_REQUESTS', 'requests under way');
  }

  /** A WebSocket or an event stream. Returns what ends it. */
  openConnection(key: string): () => void {
    return this.#open(this.#connections, key, 'LIMIT_CONNECTIONS', 'connections open');
  }

  /** Returns what ends it. */
  openSubscription(key: string): () => void {
    return this.#open(this.#subscriptions, key, 'LIMIT_SUBSCRIPTIONS', 'subscriptions open, on all its connections');
  }

  /** Throws where `openSubscription` would. */
  checkSubscription(key: string): void {
    this.openSubscription(key)();
  }

  #open(counts: OpenCounts, key: string, limit: LimitName, what: string): () => void {
    const max = this.#limits[limit];
    if (counts.of(key) >= max) {
      throw refusedWith(429, { limit, max, retryAfter: ROOM, message: `This client has ${max} ${what}: end one of them first` });
    }
    return counts.add(key);
  }

  #tooFast(limit: LimitName, retryAfter: number, what: string): GraphQLError {
    const max = this.#limits[limit];
    return refusedWith(429, { limit, max, retryAfter, message: `This client may have ${max} ${what}: wait, then go on more slowly` });
  }
}

/** The bytes of a body as its sender says, which is true where it was read; one in chunks can have as many as the limit allows. */
export function bytesOf(length: string | null | undefined, isInChunks: boolean, { LIMIT_BODY }: Pick<Limits, 'LIMIT_BODY'>): number {
  return Number(length ?? (isInChunks ? LIMIT_BODY : 0));
}
