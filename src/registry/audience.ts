import type { Change, ChangeEvent, ChangeFilter } from './change.ts';
import type { ChangeFeed } from './change-feed.ts';
import { bookmark, type ChangeView, changeView } from './change-filter.ts';
import type { Cursor } from './cursor.ts';
import { type RegistryObserver, UNOBSERVED } from './observer.ts';
import type { Clock } from './ports.ts';

const PAGE = 500;
/** Milliseconds of handing out in one turn of the event loop: whoever asks something meanwhile waits no longer. */
const TURN = 2;

/**
 * A subscriber that takes each event when it comes, instead of pulling it: thousands of pulls for one change cost more than sending it.
 * None of it throws.
 */
export interface EventTaker {
  /** Whether it takes events from now on. If so, `leave` follows. */
  join(): boolean;
  /** Takes the event, or refuses it with false: then it has not had it, and pulls it. Subscribers with equal filters get the same object. */
  take(event: ChangeEvent): boolean;
  leave(): void;
}

export interface AudienceParts {
  readonly feed: ChangeFeed;
  readonly now: Clock;
  /** Milliseconds, from any start, never backwards. Default: `performance.now`. */
  readonly monotonic?: () => number;
  /** A bookmark is handed out after this much silence. Milliseconds. */
  readonly bookmarkInterval: number;
  /** Told of changes that everybody was handed. Default: nobody. */
  readonly observer?: RegistryObserver;
}

export interface Seat {
  readonly taker: EventTaker;
  readonly filter: ChangeFilter | null;
  /** The head of the feed: it has had everything up to there. */
  readonly position: Cursor;
  readonly signal: AbortSignal;
}

interface Member {
  readonly taker: EventTaker;
  readonly joinedAt: Cursor;
  /** Sends it back to pulling. */
  readonly release: (position: Cursor) => void;
  readonly fail: (error: unknown) => void;
}

/** Those whose events are the same. */
interface Group {
  readonly view: ChangeView;
  readonly members: Set<Member>;
  silentSince: number;
}

/**
 * The subscribers that have had everything. One pass over the feed serves all of them, so that a change is looked at once for each
 * filter. Whoever does not take an event leaves, and pulls from the last one that it has had.
 */
export class Audience {
  readonly #parts: AudienceParts;
  readonly #groups = new Map<string, Group>();
  /** Of this state of the log; after a restore of Postgres other changes follow its cursors. */
  readonly #restores: number;
  /** Up to here every member has had everything. */
  #position: Cursor;
  #pass: AbortController | null = null;

  constructor(parts: AudienceParts) {
    this.#parts = parts;
    this.#restores = parts.feed.restores();
    this.#position = parts.feed.head();
  }

  /** Whether the log was set back since. Its members leave then, and nobody else may join. */
  isOver(): boolean {
    return this.#parts.feed.restores() !== this.#restores;
  }

  /** Lasts until the taker refuses an event or the signal aborts. Resolves with the position from which to pull on. */
  join({ taker, filter, position, signal }: Seat): Promise<Cursor> {
    return new Promise((resolve, reject) => {
      const key = JSON.stringify(filter);
      const group = this.#groupOf(key, filter);
      const leave = () => {
        group.members.delete(member);
        signal.removeEventListener('abort', stop);
        taker.leave();
        if (group.members.size === 0) this.#close(key, group);
      };
      const member: Member = {
        taker,
        joinedAt: position,
        release: (from) => {
          leave();
          resolve(from);
        },
        fail: (error) => {
          leave();
          reject(error);
        },
      };
      const stop = () => member.release(position);
      group.members.add(member);
      signal.addEventListener('abort', stop, { once: true });
      if (this.#pass === null) this.#begin(position);
    });
  }

  #groupOf(key: string, filter: ChangeFilter | null): Group {
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { view: changeView(filter), members: new Set(), silentSince: this.#parts.now() };
      this.#groups.set(key, group);
    }
    return group;
  }

  #close(key: string, group: Group): void {
    if (this.#groups.get(key) === group) this.#groups.delete(key);
    if (this.#groups.size > 0) return;
    this.#pass?.abort();
    this.#pass = null;
  }

  #begin(position: Cursor): void {
    const pass = new AbortController();
    this.#pass = pass;
    this.#position = position;
    this.#follow(pass.signal).catch((error: unknown) => {
      for (const member of this.#members()) member.fail(error);
    });
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { feed, monotonic = () => performance.now() } = this.#parts;
    const turn = new Turn(monotonic);
    for (;;) {
      await this.#handOutBookmarks(turn, signal);
      if (signal.aborted) return;
      const changes = this.isOver() ? null : feed.recentAfter(this.#position, PAGE);
      if (changes === null) {
        // Each of them says by itself why it cannot go on from there.
        for (const member of this.#members()) member.release(this.#positionOf(member));
        return;
      }
      for (const change of changes) {
        await this.#handOutChange(change, turn, signal);
        if (signal.aborted) return;
        this.#position = change.cursor;
      }
      if (changes.length > 0) continue;
      // In the same turn as the look at the feed: what comes later wakes it.
      await feed.arrival(this.#untilBookmark(), signal);
      turn.begin();
    }
  }

  async #handOutChange(change: Change, turn: Turn, signal: AbortSignal): Promise<void> {
    for (const group of this.#groups.values()) {
      const event = group.view(change);
      if (event !== null) await this.#handOut(event, group, turn, signal);
      else if (turn.isOver()) await turn.next();
      if (signal.aborted) return;
    }
    const { now, observer = UNOBSERVED } = this.#parts;
    observer.arrived('subscribers', [change], now());
  }

  async #handOutBookmarks(turn: Turn, signal: AbortSignal): Promise<void> {
    const { now, bookmarkInterval } = this.#parts;
    for (const group of this.#groups.values()) {
      const silence = now() - group.silentSince;
      // Below zero the clock was put back: how long it has been silent is not known.
      if (silence >= 0 && silence < bookmarkInterval) continue;
      await this.#handOut(bookmark(this.#position, now()), group, turn, signal);
      if (signal.aborted) return;
    }
  }

  #untilBookmark(): number {
    const { now, bookmarkInterval } = this.#parts;
    let oldest = now();
    for (const { silentSince } of this.#groups.values()) oldest = Math.min(oldest, silentSince);
    return Math.max(0, bookmarkInterval - (now() - oldest));
  }

  /** Whoever joins meanwhile has had the event already, or gets it, too. */
  async #handOut(event: ChangeEvent, group: Group, turn: Turn, signal: AbortSignal): Promise<void> {
    for (const member of group.members) {
      const isBehind = event.type === 'BOOKMARK' ? member.joinedAt <= event.cursor : member.joinedAt < event.cursor;
      if (!isBehind) continue;
      if (!member.taker.take(event)) member.release(this.#positionOf(member));
      if (turn.isOver()) await turn.next();
      if (signal.aborted) return;
    }
    group.silentSince = this.#parts.now();
  }

  #positionOf({ joinedAt }: Member): Cursor {
    return joinedAt > this.#position ? joinedAt : this.#position;
  }

  #members(): Member[] {
    return [...this.#groups.values()].flatMap(({ members }) => [...members]);
  }
}

/** A piece of work between which and the next others are answered. */
class Turn {
  readonly #monotonic: () => number;
  #endsAt = 0;

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
    this.begin();
  }

  begin(): void {
    this.#endsAt = this.#monotonic() + TURN;
  }

  isOver(): boolean {
    return this.#monotonic() >= this.#endsAt;
  }

  async next(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.begin();
  }
}
