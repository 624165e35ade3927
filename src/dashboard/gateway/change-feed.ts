import * as z from 'zod/mini';
import * as documents from '../../dashboard-documents.ts';
import type { Cell } from './cell.ts';
import { type FeedEvent, feedEvent } from './change-shape.ts';
import type { Fault } from './fault.ts';
import type { Gateway } from './gateway.ts';
import { type Link, lost, patience, waiting } from './link.ts';
import type { Pause } from './pause.ts';

export const REGISTRATION_CHANGES = {
  document: documents.REGISTRATION_CHANGES,
  answer: z.object({ registrationChanges: feedEvent }),
};

export interface ChangeFeedParts {
  readonly gateway: Pick<Gateway, 'follow'>;
  readonly link: Cell<Link>;
  readonly pause: Pause;
  /** In the order of the log. */
  readonly deliver: (event: FeedEvent) => void;
  /** A snapshot follows, and what is not in it has left meanwhile. `isOtherLog`: cursors of before mean nothing any more. */
  readonly begin: (isOtherLog: boolean) => void;
  readonly refused: (message: string) => void;
  readonly now: () => number;
  readonly random: () => number;
}

const MENDS: ReadonlySet<string> = new Set(['CURSOR_EXPIRED', 'CURSOR_INVALID', 'SUBSCRIBER_TOO_SLOW']);

/** Every change of the registry, once and in order, through breaks of the connection and restarts of the gateway. */
export class ChangeFeed {
  readonly #parts: ChangeFeedParts;
  #cursor: string | null = null;
  #stop: (() => void) | null = null;
  /** Grows with each start, so that what a former one waits for comes to nothing. */
  #life = 0;
  #tries = 0;

  constructor(parts: ChangeFeedParts) {
    this.#parts = parts;
  }

  /** Takes up behind the last cursor, or begins with a snapshot. Ends what runs. */
  start(): void {
    this.stop();
    const life = ++this.#life;
    if (this.#cursor === null) this.#parts.begin(false);
    this.#stop = this.#parts.gateway.follow(
      REGISTRATION_CHANGES,
      { after: this.#cursor, snapshot: true },
      ({ registrationChanges }) => this.#take(registrationChanges),
      (fault) => this.#ended(fault, life),
    );
  }

  stop(): void {
    this.#life += 1;
    this.#stop?.();
    this.#stop = null;
  }

  /** Forgets where it was: another token may see another registry. */
  forget(): void {
    this.stop();
    this.#cursor = null;
  }

  #take(event: FeedEvent): void {
    // What arrives twice is told once.
    if (this.#cursor !== null && event.cursor <= this.#cursor && event.type !== 'BOOKMARK') return;
    this.#cursor = event.cursor;
    this.#tries = 0;
    this.#parts.deliver(event);
  }

  #ended(fault: Fault, life: number): void {
    if (life !== this.#life) return;
    const { link, now, random, pause } = this.#parts;
    if (fault.wantsToken) {
      link.set({ state: 'refused', since: now() });
      this.#parts.refused(fault.message);
      return;
    }
    if (fault.code === 'CURSOR_EXPIRED' || fault.code === 'CURSOR_INVALID') {
      this.#cursor = null;
      this.#parts.begin(fault.code === 'CURSOR_INVALID');
    }
    const duration = patience(this.#tries, random);
    this.#tries += 1;
    // What a new subscription mends at once is no loss to speak of.
    if (!MENDS.has(fault.code)) link.set(waiting(lost(link.get(), now(), fault.message), now(), duration));
    void pause.wait(duration).then(() => {
      if (life === this.#life) this.start();
    });
  }
}
