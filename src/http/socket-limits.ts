import { WebSocket } from 'ws';
import type { ErrorMask } from '../graphql/errors.ts';
import type { Clients } from './clients.ts';

/** graphql-transport-ws: too many of something. Its clients do not try again by themselves. */
const TOO_MANY = 4429;
/** Milliseconds that a socket which says too much has to take its close message. */
const LAST_WORDS = 250;
/** Bytes that a message counts for at least: handling it costs something, however short it is. */
const SHORTEST = 500;

export interface SocketLimitsOptions {
  readonly clients: Clients;
  readonly maskError: ErrorMask;
  /** Whose bytes its messages are. */
  readonly address: string;
  /** Unlike that of every other socket. */
  readonly key: string;
}

/** How much one WebSocket may say, and how fast it is listened to. */
export class SocketLimits {
  readonly #socket: WebSocket;
  readonly #options: SocketLimitsOptions;
  #lastBytes = 0;

  constructor(socket: WebSocket, options: SocketLimitsOptions) {
    this.#socket = socket;
    this.#options = options;
  }

  /** Whether a message or a ping may be handled. One that is too many closes the socket: nothing more is read of it. */
  mayTalk(bytes: number): boolean {
    const { clients, maskError, address, key } = this.#options;
    if (this.#socket.readyState !== WebSocket.OPEN) return false;
    this.#lastBytes = bytes;
    try {
      clients.takeMessage(key);
    } catch (error) {
      this.#socket.close(TOO_MANY, closeReason(`LIMIT_MESSAGE_RATE: ${maskError(error).message}`));
      this.#socket.pause();
      setTimeout(() => this.#socket.terminate(), LAST_WORDS).unref();
      return false;
    }
    this.hold(clients.waitForBytes(address, Math.max(bytes, SHORTEST)));
    return true;
  }

  /** The last message was refused to this client: it is listened to again once it should have read that. */
  refused(client: string): void {
    this.hold(this.#options.clients.waitAfterRefusal(client, this.#lastBytes));
  }

  /** Reads nothing of the socket for so many milliseconds: what it says meanwhile waits on its side. */
  hold(milliseconds: number): void {
    if (milliseconds <= 0 || this.#socket.isPaused) return;
    this.#socket.pause();
    setTimeout(() => this.#socket.resume(), milliseconds).unref();
  }
}

/** As much of a sentence as fits into a close message: 123 bytes. */
function closeReason(message: string): string {
  return Buffer.from(message)
    .subarray(0, 120)
    .toString()
    .replace(/\uFFFD$/, '');
}
