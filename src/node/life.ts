import type { Announcer } from './announcer.ts';
import { pause, within } from './deadline.ts';
import { messageOf } from './error-message.ts';
import type { Accepted, IntrospectionRequest } from './incoming.ts';
import type { NodeLogger } from './node-logger.ts';
import { type Occasion, OwedAnnouncement } from './owed-announcement.ts';
import type { Publisher } from './publisher.ts';
import type { TraceContext } from './trace-context.ts';

export interface LifeParts {
  readonly announcer: Announcer;
  readonly publisher: Publisher;
  /** Listens until the signal aborts, then resolves with everything closed. */
  readonly listen: (handlers: LifeHandlers, signal: AbortSignal) => Promise<void>;
  readonly onAccepted: (accepted: Accepted) => void;
  /** Milliseconds, all three. */
  readonly heartbeatInterval: number;
  readonly broadcastJitter: number;
  readonly stopTimeout: number;
  readonly random: () => number;
  readonly logger: NodeLogger;
}

export interface LifeHandlers {
  readonly onRequest: (request: IntrospectionRequest) => void;
  readonly onAccepted: (accepted: Accepted) => void;
}

/** One life of a node, from its first message to its goodbye: everything that runs in between, and nothing that outlives it. */
export class Life {
  readonly #parts: LifeParts;
  readonly #end = new AbortController();
  readonly #owed: OwedAnnouncement;
  #tasks: Promise<unknown> | null = null;

  constructor(parts: LifeParts) {
    this.#parts = parts;
    this.#owed = new OwedAnnouncement((occasion) => parts.announcer.announce(occasion), parts.random, this.#end.signal);
  }

  /** Announces the start, then heartbeats and listens. Whether the announcement went out at once. */
  begin(trace: TraceContext): Promise<boolean> {
    this.#tasks ??= Promise.all([
      this.#beat(),
      this.#parts.listen(
        { onRequest: (request) => this.#onRequest(request), onAccepted: (accepted) => this.#onAccepted(accepted) },
        this.#end.signal,
      ),
    ]);
    // Whatever was cached belongs to an earlier life.
    return this.announce({ reason: 'startup', fresh: true, trace });
  }

  /** Announces once. Whether Kafka took it. */
  publish(occasion: Occasion): Promise<boolean> {
    return this.#parts.announcer.announce(occasion);
  }

  /** Announces, and goes on trying when that fails. */
  announce(occasion: Occasion): Promise<boolean> {
    return this.#owed.announce(occasion);
  }

  /** Announces what changed, if anything did. False only when that failed. */
  async announceChange(fresh: boolean, trace: TraceContext = {}): Promise<boolean> {
    const reason = await this.#parts.announcer.changeToAnnounce(fresh);
    return reason === null || this.#end.signal.aborted || this.announce({ reason, fresh: false, trace });
  }

  /** Says goodbye and closes everything, in bounded time. Never throws. */
  async finish(trace: TraceContext): Promise<void> {
    const { announcer, publisher, stopTimeout, logger } = this.#parts;
    this.#end.abort();
    try {
      // Without a connection nobody was told that the node is here, and nobody could be told that it goes.
      if (publisher.connected) await within(stopTimeout * 0.6, 'saying goodbye', announcer.goodbye(trace));
    } catch (error) {
      logger.warn({ error: messageOf(error) }, 'could not say goodbye: the gateway will miss the heartbeats instead');
    }
    try {
      const ended = Promise.all([publisher.close(stopTimeout * 0.4), this.#owed.settled(), this.#tasks]);
      await within(stopTimeout * 0.4, 'closing', ended);
    } catch (error) {
      logger.debug({ error: messageOf(error) }, 'the connections to Kafka did not close in time');
    }
  }

  async #beat(): Promise<void> {
    const { announcer, publisher, heartbeatInterval, random } = this.#parts;
    const { signal } = this.#end;
    // Nodes that started together do not beat together.
    await pause(heartbeatInterval * (0.5 + random() / 2), signal);
    while (!signal.aborted) {
      // Before the announcement a heartbeat says nothing to anybody; while Kafka hangs, more of them would only pile up.
      if (announcer.announced && publisher.pending < 2) {
        await announcer.heartbeat();
        await this.announceChange(false);
      }
      await pause(heartbeatInterval, signal);
    }
  }

  #onRequest(request: IntrospectionRequest): void {
    if (this.#end.signal.aborted) return;
    this.#answer(request).catch((error: unknown) => this.#parts.logger.warn({ error: messageOf(error) }, 'a request was not answered'));
  }

  async #answer({ targetNodeId, correlationId, trace }: IntrospectionRequest): Promise<void> {
    const targeted = targetNodeId !== null;
    if (!targeted) await pause(this.#parts.random() * this.#parts.broadcastJitter, this.#end.signal);
    if (this.#end.signal.aborted) return;
    // Who asks one node wants to know how it is now; a broadcast must not make a whole fleet do expensive work.
    await this.announce({ reason: 'registry_request', correlationId: correlationId ?? undefined, fresh: targeted, trace });
  }

  #onAccepted(accepted: Accepted): void {
    if (this.#end.signal.aborted) return;
    this.#parts.announcer
      .acknowledge(accepted)
      .catch((error: unknown) => this.#parts.logger.warn({ error: messageOf(error) }, 'a registration was not acknowledged'));
    this.#parts.onAccepted(accepted);
  }
}
