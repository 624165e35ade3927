import { WebSocket } from 'ws';
import type { Edition, EditionOperation, Editions } from '../graphql/editions.ts';
import type { EventTaker } from '../registry/audience.ts';
import type { ChangeEvent } from '../registry/change.ts';

/** A socket that holds more unsent bytes gets nothing on top, beside what its own subscriptions pull: a message of each. */
const MAX_UNSENT = 16_384;
const END = Buffer.from('}');

export interface SocketTakerOptions {
  readonly socket: Pick<WebSocket, 'readyState' | 'bufferedAmount' | 'send'>;
  readonly editions: Editions;
  readonly operation: EditionOperation;
  /** The operation's on this socket. */
  readonly id: string;
}

/** One subscription on a socket: sends what its edition says of each event, as the `next` message of graphql-transport-ws. */
export class SocketTaker implements EventTaker {
  readonly #options: SocketTakerOptions;
  readonly #key: string;
  readonly #start: Buffer;
  #edition: Edition | null = null;
  #mustPull = false;

  constructor(options: SocketTakerOptions) {
    this.#options = options;
    this.#key = options.editions.keyOf(options.operation);
    this.#start = Buffer.from(`{"id":${JSON.stringify(options.id)},"type":"next","payload":`);
  }

  join(): boolean {
    const { socket, editions, operation } = this.#options;
    if (this.#mustPull || socket.bufferedAmount > MAX_UNSENT) return false;
    this.#edition = editions.open(this.#key, operation);
    return true;
  }

  take(event: ChangeEvent): boolean {
    const { socket } = this.#options;
    if (socket.bufferedAmount > MAX_UNSENT) return false;
    // What is left of a closing socket's subscriptions ends with it.
    if (socket.readyState !== WebSocket.OPEN) return true;
    const bytes = this.#bytesOf(event);
    if (bytes === null) {
      this.#mustPull = true;
      return false;
    }
    socket.send(Buffer.concat([this.#start, bytes, END]), { binary: false });
    return true;
  }

  leave(): void {
    this.#edition = null;
    this.#options.editions.close(this.#key);
  }

  #bytesOf(event: ChangeEvent): Buffer | null {
    try {
      return this.#edition?.bytesOf(event) ?? null;
    } catch {
      // The same comes up where the event is pulled, and is told to the client and the log there.
      return null;
    }
  }
}
