import { createClient } from 'graphql-ws/client';
import { z } from 'zod';
import { gatewayError, result, statusAnswer, understood } from './answers.ts';
import { REGISTRY_STATUS } from './documents.ts';
import { type DiscoveryError, RegistryUnavailable } from './errors.ts';
import { gatewaySocket } from './gateway-socket.ts';

export interface Operation {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** What comes of an operation. Nothing comes once the session has ended. */
export interface OperationEvents {
  /** Must not throw. */
  next(data: unknown): void;
  /** The gateway ended it with an error; nothing follows. */
  failed(error: DiscoveryError): void;
  /** The gateway ended it; nothing follows. */
  completed(): void;
}

/** How a connection ended. */
export interface Closure {
  /** The WebSocket's close code; null where there was none, such as for a connection that was refused. */
  readonly code: number | null;
  readonly reason: string;
}

export interface GatewayStatus {
  /** Until when the gateway's answers are known to be right, where it says that they may be old. Milliseconds since 1970. */
  readonly staleSince: number | null;
  /** Where the change log stands. */
  readonly cursor: string;
}

export interface SessionOptions {
  /** `ws://…` or `wss://…`. */
  readonly url: string;
  /** Sent as a bearer token. */
  readonly token: string | null;
  /** How long connecting may take, until the gateway has acknowledged it. Milliseconds. */
  readonly connectTimeout: number;
  /** Gives up connecting. */
  readonly signal: AbortSignal;
  readonly now: () => number;
}

/** Why no session came about. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';
  readonly closure: Closure;

  constructor(url: string, closure: Closure) {
    super(`${url}: ${closure.reason || `closed with ${closure.code}`}`);
    this.closure = closure;
  }
}

const closeEvent = z.object({ code: z.number(), reason: z.string() });
const errorEvent = z.object({ message: z.string() });

/** One connection to one gateway, which carries any number of operations. It never connects again: who opened it opens the next. */
export class Session {
  readonly url: string;
  /** Resolves when it is over, whoever ended it. */
  readonly ended: Promise<Closure>;
  readonly #client: ReturnType<typeof createClient>;
  readonly #now: () => number;
  #heardAt: number;
  #isConnected = false;
  #isOver = false;
  #end: (closure: Closure) => void = () => undefined;

  private constructor({ url, token, connectTimeout, now }: SessionOptions, connected: (session: Session) => void) {
    this.url = url;
    this.#now = now;
    this.#heardAt = now();
    this.ended = new Promise((resolve) => {
      this.#end = (closure) => {
        this.#isOver = true;
        resolve(closure);
      };
    });
    const over = (closure: Closure) => {
      this.#end(closure);
      // Keeps the stock client from connecting again by itself, as it does after a normal closure.
      this.#dispose();
    };
    this.#client = createClient({
      url,
      webSocketImpl: gatewaySocket(connectTimeout),
      connectionParams: token === null ? {} : { authorization: `Bearer ${token}` },
      lazy: false,
      retryAttempts: 0,
      // `over` hears of it.
      onNonLazyError: () => undefined,
      on: {
        connected: () => {
          this.#isConnected = true;
          connected(this);
        },
        message: () => {
          this.#heardAt = this.#now();
        },
        error: (error) => over({ code: null, reason: errorEvent.safeParse(error).data?.message ?? 'the connection failed' }),
        closed: (event) => over(closeEvent.safeParse(event).data ?? { code: null, reason: 'the connection was closed' }),
      },
    });
  }

  /** Throws ConnectError. */
  static async open(options: SessionOptions): Promise<Session> {
    const { url, connectTimeout, signal } = options;
    let end: () => void = () => undefined;
    const connected = new Promise<Session>((resolve, reject) => {
      const attempt = new Session(options, resolve);
      const giveUp = (why: string) => attempt.close(why);
      const stop = () => giveUp('not needed any more');
      const timer = setTimeout(() => giveUp(`not acknowledged within ${connectTimeout} ms`), connectTimeout);
      signal.addEventListener('abort', stop);
      end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', stop);
      };
      void attempt.ended.then((closure) => reject(new ConnectError(url, closure)));
    });
    return connected.finally(end);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** When the gateway was last heard. Milliseconds since 1970. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** Returns what ends it. */
  run({ query, variables = {} }: Operation, events: OperationEvents): () => void {
    // The stock client would connect again for it.
    if (this.#isOver) return () => undefined;
    let isDone = false;
    const once = (tell: () => void) => {
      if (isDone || this.#isOver) return;
      isDone = true;
      tell();
    };
    const unsubscribe = this.#client.subscribe(
      { query, variables: { ...variables } },
      {
        next: (answer) => {
          if (isDone || this.#isOver) return;
          const { data, errors } = result.parse(answer);
          if (errors === undefined) return events.next(data);
          once(() => events.failed(gatewayError(errors)));
          release();
        },
        // Anything but a list is the end of the connection, which everybody hears of by `ended`.
        error: (errors) => {
          if (Array.isArray(errors)) once(() => events.failed(gatewayError(errors)));
        },
        complete: () => once(() => events.completed()),
      },
    );
    const release = () => {
      isDone = true;
      // Not while messages are handed out: where the operation's end came with the same bytes, the stock client (6.4) would count the operation off
      // twice, and close the connection under the others.
      setImmediate(unsubscribe);
    };
    return release;
  }

  /** The answer's data. Throws DiscoveryError, which is RegistryUnavailable when there is no answer within `timeout` milliseconds. */
  ask(operation: Operation, timeout: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const lost = (why: string) => {
        end();
        reject(new RegistryUnavailable(`${this.url} did not answer: ${why}`));
      };
      const timer = setTimeout(() => lost(`not within ${timeout} ms`), timeout);
      const end = this.run(operation, {
        next: (data) => {
          clearTimeout(timer);
          end();
          resolve(data);
        },
        failed: (error) => {
          clearTimeout(timer);
          reject(error);
        },
        completed: () => {
          clearTimeout(timer);
          lost('the operation ended without an answer');
        },
      });
      void this.ended.then(({ reason }) => {
        clearTimeout(timer);
        lost(`the connection ended: ${reason}`);
      });
    });
  }

  /** Throws as `ask`. */
  async status(timeout: number): Promise<GatewayStatus> {
    const { registryStatus } = understood(statusAnswer, await this.ask({ query: REGISTRY_STATUS }, timeout));
    return { staleSince: registryStatus.stale ? registryStatus.asOf.getTime() : null, cursor: registryStatus.cursor };
  }

  /** Ends it at once for this side; the peer is told. */
  close(reason = 'closed by the client'): void {
    if (this.#isOver) return;
    this.#end({ code: null, reason });
    this.#dispose();
    if (!this.#isConnected) this.#client.terminate();
  }

  #dispose(): void {
    // Rejects with how a connection failed that was being made: `ended` has told that.
    Promise.resolve(this.#client.dispose()).catch(() => undefined);
  }
}
