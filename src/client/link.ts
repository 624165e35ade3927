import { type BackoffLimits, backoff } from './backoff.ts';
import type { ClientLogger } from './client-logger.ts';
import { clientClosed, DiscoveryError, messageOf, RegistryUnavailable } from './errors.ts';
import { pause } from './pause.ts';
import { ConnectError, type GatewayStatus, type Operation, Session, type SessionOptions } from './session.ts';

/** What a gateway says with its close codes: no token or a wrong one; one that has expired, or may not even read. */
const REFUSALS: ReadonlyMap<number | null, string> = new Map([
  [4401, 'UNAUTHENTICATED'],
  [4403, 'FORBIDDEN'],
]);
/** A connection that lasted as long counts as good: what ends it later is a first failure. Milliseconds. */
const STABLE = 5000;
/** How often a function may hand out tokens that are refused, before that is final. */
const TOKEN_TRIES = 3;

/** Who lives on the connection. None of these may throw. */
export interface Follower {
  /** There is a connection, anew or again. */
  connected(session: Session): void;
  /** It is gone, and the gateway was last heard then. Milliseconds since 1970. */
  lost(heardAt: number): void;
  /** Until when the gateway's answers are right where it says that they may be old, else null. */
  aged(staleSince: number | null): void;
  /** Each gateway has been tried since the last connection, or the start, and none is to be had; goes on trying. */
  unreachable(): void;
  /** No gateway accepts the token; goes on trying while somebody follows. */
  refused(error: DiscoveryError): void;
}

export interface LinkOptions {
  /** WebSocket URLs of gateways of one registry, in the order in which they are tried. */
  readonly urls: readonly string[];
  readonly token: string | null | (() => string | Promise<string>);
  readonly backoff: BackoffLimits;
  /** Milliseconds. */
  readonly connectTimeout: number;
  /** How often the gateway is asked for its status; one that does not answer within half of that is left. Milliseconds. */
  readonly keepAlive: number;
  readonly logger: ClientLogger;
  readonly now: () => number;
  readonly random: () => number;
  /** Default: a WebSocket. */
  readonly open?: (options: SessionOptions) => Promise<Session>;
}

/** The one connection to the registry: to one gateway at a time, and to the next when that is lost, as long as somebody follows. */
export class Link {
  readonly #options: LinkOptions;
  readonly #followers = new Set<Follower>();
  /** Aborted when nobody follows any more; replaced when somebody does. */
  #needed = new AbortController();
  #isRunning = false;
  #isClosed = false;
  #session: Session | null = null;
  #status: GatewayStatus | null = null;
  #next = 0;
  /** In a row, over all gateways. */
  #failures = 0;
  /** Refused tokens in a row. */
  #refusals = 0;
  /** Why each gateway could not be had the last time that it was tried. */
  readonly #reasons = new Map<string, string>();

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** The connection, while there is one. */
  get session(): Session | null {
    return this.#session === null || this.#session.isOver ? null : this.#session;
  }

  /** Returns what ends it. Throws DiscoveryError `CLIENT_CLOSED`. */
  follow(follower: Follower): () => void {
    if (this.#isClosed) throw clientClosed();
    this.#followers.add(follower);
    if (this.#needed.signal.aborted) this.#needed = new AbortController();
    const { session } = this;
    if (session !== null) this.#welcome(follower, session);
    if (!this.#isRunning) void this.#run();
    return () => {
      this.#followers.delete(follower);
      if (this.#followers.size === 0) this.#needed.abort();
    };
  }

  /** The answer's data. Throws DiscoveryError; RegistryUnavailable at once while there is no connection. */
  async ask(operation: Operation, timeout: number): Promise<unknown> {
    const { session } = this;
    if (session === null) throw this.unavailable();
    return session.ask(operation, timeout);
  }

  /** Says why no gateway is to be had. */
  unavailable(): RegistryUnavailable {
    const reasons = [...this.#reasons.values()];
    const why = reasons.length === 0 ? 'none has answered yet' : reasons.join('; ');
    return new RegistryUnavailable(`No gateway of ${this.#options.urls.join(', ')} can be had: ${why}`);
  }

  /** Ends the connection because of the token: what comes next brings a new one where there is a function for it. */
  refuse(error: DiscoveryError): void {
    this.#session?.close(error.message);
    this.#noteRefusal(error.code, error.message);
  }

  /** Whether another token may come from a function. */
  get canRenew(): boolean {
    return typeof this.#options.token === 'function' && this.#refusals < TOKEN_TRIES;
  }

  /** Nobody may follow any more. */
  close(): void {
    this.#isClosed = true;
    this.#followers.clear();
    this.#needed.abort();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#followers.size > 0) {
      const { signal } = this.#needed;
      const session = await this.#connect(signal);
      if (session === null) continue;
      const since = this.#options.now();
      await this.#attend(session, signal);
      if (this.#options.now() - since >= STABLE) {
        this.#failures = 0;
        this.#refusals = 0;
      } else {
        this.#failures += 1;
      }
      // Clients that lost one gateway together do not come to the next one together.
      await pause(this.#options.random() * this.#options.backoff.min, signal);
    }
    this.#isRunning = false;
  }

  /** A connection whose gateway has told its status, or null after a failure, which is told. */
  async #connect(signal: AbortSignal): Promise<Session | null> {
    const { urls, connectTimeout, now, open = Session.open, logger } = this.#options;
    await this.#wait(signal);
    if (signal.aborted) return null;
    const url = urls[this.#next % urls.length] ?? '';
    let session: Session | null = null;
    const stop = () => session?.close();
    try {
      session = await open({ url, token: await this.#token(), connectTimeout, signal, now });
      signal.addEventListener('abort', stop);
      this.#status = await session.status(connectTimeout);
      if (signal.aborted) {
        session.close();
        return null;
      }
      this.#session = session;
      this.#reasons.clear();
      logger.info({ url }, 'connected to a gateway');
      for (const follower of [...this.#followers]) this.#welcome(follower, session);
      return session;
    } catch (error) {
      session?.close();
      this.#next += 1;
      if (!signal.aborted) this.#fail(url, error);
      return null;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** Waits before each round through all gateways that follows a failed one. */
  async #wait(signal: AbortSignal): Promise<void> {
    const { urls, random, backoff: limits } = this.#options;
    if (this.#failures === 0 || this.#failures % urls.length !== 0) return;
    await pause(backoff(this.#failures / urls.length, limits, random), signal);
  }

  async #token(): Promise<string | null> {
    const { token } = this.#options;
    return typeof token === 'function' ? token() : token;
  }

  /** Follows the gateway's status until the connection ends. */
  async #attend(session: Session, signal: AbortSignal): Promise<void> {
    const { keepAlive, logger } = this.#options;
    const ending = new AbortController();
    const stop = () => session.close();
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    const ended = session.ended.finally(() => ending.abort());
    const watching = this.#watchStatus(session, keepAlive, ending.signal);
    const closure = await ended;
    await watching;
    signal.removeEventListener('abort', stop);
    this.#session = null;
    this.#status = null;
    // Whoever stops answering is not asked again before the others.
    this.#next += 1;
    if (signal.aborted) return;
    this.#reasons.set(session.url, `${session.url}: ${closure.reason || `closed with ${closure.code}`}`);
    logger.warn({ url: session.url, ...closure }, 'lost the gateway; will connect to the next');
    for (const follower of [...this.#followers]) follower.lost(session.heardAt);
    const refusal = REFUSALS.get(closure.code);
    if (refusal !== undefined) this.#noteRefusal(refusal, closure.reason);
  }

  async #watchStatus(session: Session, keepAlive: number, ending: AbortSignal): Promise<void> {
    for (;;) {
      await pause(keepAlive, ending);
      if (ending.aborted) return;
      try {
        const status = await session.status(keepAlive / 2);
        if (status.staleSince !== this.#status?.staleSince) for (const follower of [...this.#followers]) follower.aged(status.staleSince);
        this.#status = status;
      } catch (error) {
        // An error is an answer: the gateway is there.
        if (error instanceof RegistryUnavailable) session.close(error.message);
      }
    }
  }

  #welcome(follower: Follower, session: Session): void {
    follower.aged(this.#status?.staleSince ?? null);
    follower.connected(session);
  }

  #fail(url: string, error: unknown): void {
    const { urls, logger } = this.#options;
    this.#failures += 1;
    const reason = messageOf(error);
    // An outage of hours is said once, and again when it is another one.
    const level = this.#reasons.get(url) === reason ? 'debug' : 'warn';
    this.#reasons.set(url, reason);
    logger[level]({ url, error: reason }, 'cannot connect to a gateway; will try the next');
    const refusal = refusalOf(error);
    if (refusal !== undefined) this.#noteRefusal(refusal, messageOf(error));
    if (this.#failures >= urls.length) for (const follower of [...this.#followers]) follower.unreachable();
  }

  #noteRefusal(code: string, why: string): void {
    this.#refusals += 1;
    const { token, urls } = this.#options;
    const tries = typeof token === 'function' ? Math.max(TOKEN_TRIES, urls.length) : urls.length;
    if (this.#refusals < tries) return;
    const error = new DiscoveryError(code, `The gateways do not accept the token: ${why}`);
    for (const follower of [...this.#followers]) follower.refused(error);
  }
}

/** The code of an error by which a gateway refuses the token; undefined for any other. */
function refusalOf(error: unknown): string | undefined {
  if (error instanceof ConnectError) return REFUSALS.get(error.closure.code);
  if (!(error instanceof DiscoveryError)) return undefined;
  return [...REFUSALS.values()].find((code) => code === error.code);
}
