import { type BackoffLimits, backoff } from './backoff.ts';
import { DiscoveryError, messageOf } from './errors.ts';
import type { Follower, Link } from './link.ts';
import { pause } from './pause.ts';
import type { Operation, Session } from './session.ts';

/** What becomes of an operation that failed: begun again at once, after a while, or not at all. */
export type Verdict = 'again' | 'later' | 'end';

/** What an operation that is kept alive is about. None of these may throw but the first two, and those a DiscoveryError. */
export interface Subject {
  /** Asked for each time that it begins: on every connection, and after every failure. */
  operation(session: Session): Operation | Promise<Operation>;
  received(data: unknown): void;
  failed(error: DiscoveryError): Verdict;
  refused(error: DiscoveryError): void;
  /** The connection is gone, and the gateway was last heard then. Milliseconds since 1970. */
  lost?(heardAt: number): void;
  /** Until when the gateway's answers are right where it says that they may be old, else null. */
  aged?(staleSince: number | null): void;
  /** Each gateway was tried, and none is to be had. */
  unreachable?(): void;
}

export interface LiveOperationOptions {
  readonly link: Link;
  readonly backoff: BackoffLimits;
  readonly random: () => number;
}

/** A subscription that outlives connections: it runs on whichever there is, from `start` to `stop`. */
export class LiveOperation implements Follower {
  readonly #options: LiveOperationOptions;
  readonly #subject: Subject;
  #unfollow: (() => void) | null = null;
  #session: Session | null = null;
  /** Ends what runs at the moment, be it the operation or the wait before it. */
  #current = new AbortController();
  #isPaused = false;
  #failures = 0;

  constructor(options: LiveOperationOptions, subject: Subject) {
    this.#options = options;
    this.#subject = subject;
  }

  /** Throws DiscoveryError `CLIENT_CLOSED`. */
  start(): void {
    if (this.#unfollow !== null) return;
    // Called back from within `follow` where there is a connection already.
    this.#unfollow = () => undefined;
    this.#unfollow = this.#options.link.follow(this);
  }

  stop(): void {
    this.#current.abort();
    this.#session = null;
    this.#unfollow?.();
    this.#unfollow = null;
  }

  /** Ends the operation until `resume`; the connection stays. */
  pause(): void {
    this.#isPaused = true;
    this.#current.abort();
  }

  resume(): void {
    this.#isPaused = false;
    this.#begin(0);
  }

  connected(session: Session): void {
    this.#session = session;
    this.#failures = 0;
    this.#begin(0);
  }

  lost(heardAt: number): void {
    this.#session = null;
    this.#current.abort();
    this.#subject.lost?.(heardAt);
  }

  aged(staleSince: number | null): void {
    this.#subject.aged?.(staleSince);
  }

  unreachable(): void {
    this.#subject.unreachable?.();
  }

  refused(error: DiscoveryError): void {
    this.#subject.refused(error);
  }

  #begin(wait: number): void {
    this.#current.abort();
    if (this.#session === null || this.#isPaused) return;
    this.#current = new AbortController();
    void this.#run(this.#session, wait, this.#current.signal);
  }

  async #run(session: Session, wait: number, signal: AbortSignal): Promise<void> {
    await pause(wait, signal);
    if (signal.aborted) return;
    let operation: Operation;
    try {
      operation = await this.#subject.operation(session);
    } catch (error) {
      return this.#fail(known(error), signal);
    }
    if (signal.aborted) return;
    const release = session.run(operation, {
      next: (data) => {
        if (signal.aborted) return;
        try {
          this.#subject.received(data);
          this.#failures = 0;
        } catch (error) {
          this.#fail(known(error), signal);
        }
      },
      failed: (error) => this.#fail(error, signal),
      completed: () =>
        this.#fail(new DiscoveryError('INTERNAL_SERVER_ERROR', 'The gateway ended a subscription without saying why'), signal),
    });
    signal.addEventListener('abort', release, { once: true });
  }

  #fail(error: DiscoveryError, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#current.abort();
    const { link, backoff: limits, random } = this.#options;
    if (error.code === 'UNAUTHENTICATED' && link.canRenew) {
      link.refuse(error);
      return;
    }
    this.#failures += 1;
    const verdict = this.#subject.failed(error);
    if (verdict === 'end') this.stop();
    // A first failure of that kind is answered at once; a series of them is not.
    else this.#begin(verdict === 'again' && this.#failures === 1 ? 0 : backoff(this.#failures, limits, random));
  }
}

function known(error: unknown): DiscoveryError {
  return error instanceof DiscoveryError ? error : new DiscoveryError('UNEXPECTED_ANSWER', messageOf(error), {}, { cause: error });
}
