import { Broadcast } from './broadcast.ts';
import type { Change } from './change.ts';
import { type Cursor, toCursor } from './cursor.ts';
import type { ChangeLog, RegistrationStore } from './ports.ts';
import type { RegistryView } from './view.ts';

/** Entries kept in memory for subscribers: at 2 KB each some 20 MB. A subscriber further behind is too slow. */
const RECENT = 10_000;
const PAGE = 500;
/** Without a notification the log is read this often: a missed one costs delay, not data. Milliseconds. */
const POLL = 1000;

/**
 * Follows the change log from this gateway's own position, keeps the registry in memory current, and holds the recent entries from which
 * every subscriber reads at its own pace: one buffer for all, none per subscriber.
 */
export class ChangeFeed {
  readonly #log: ChangeLog;
  readonly #store: RegistrationStore;
  readonly #view: RegistryView;
  readonly #onError: (error: unknown) => void;
  readonly #recent: Change[] = [];
  /** Everything after this is in `#recent`. */
  #recentFrom = toCursor(0);
  readonly #woken = new Broadcast();
  readonly #arrived = new Broadcast();
  #isBehind = false;
  #hasHeartbeats = false;
  #lastTickAt = 0;
  #lastReadAt: number | null = null;
  #restores = 0;
  #mark: string | null = null;
  readonly #now: () => number;

  constructor(
    parts: { readonly log: ChangeLog; readonly store: RegistrationStore; readonly view: RegistryView; readonly now: () => number },
    onError: (error: unknown) => void,
  ) {
    this.#log = parts.log;
    this.#store = parts.store;
    this.#view = parts.view;
    this.#now = parts.now;
    this.#onError = onError;
  }

  /** Where this gateway stands in the log. */
  head(): Cursor {
    return this.#view.head();
  }

  /** When the log was last read to its end, milliseconds since 1970; null: never yet. */
  lastReadAt(): number | null {
    return this.#lastReadAt;
  }

  /** How often the log was found set back to before this gateway's position, as after a restore of Postgres. */
  restores(): number {
    return this.#restores;
  }

  /** Loads the registry from Postgres. Throws BackendError. */
  async load(): Promise<void> {
    const { mark } = await this.#store.livenessSince(null);
    const { nodes, head } = await this.#store.loadAll();
    this.#mark = mark;
    this.#view.load(nodes, head);
    this.#recent.length = 0;
    this.#recentFrom = head;
    this.#lastReadAt = this.#now();
    this.#arrived.send();
  }

  /** Something was committed: read on. */
  wake(): void {
    this.#isBehind = true;
    this.#woken.send();
  }

  /** Heartbeats were stored: read them too. */
  wakeForHeartbeats(): void {
    this.#hasHeartbeats = true;
    this.wake();
  }

  /** Reads on whenever woken, and every second, until the signal aborts. Outages are reported and retried. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#isBehind = false;
      try {
        await this.#readOn();
      } catch (error) {
        this.#onError(error);
      }
      if (!this.#isBehind) await this.#woken.wait(POLL, signal);
    }
    this.#arrived.send();
  }

  /** Resolves when entries arrived after the call, the time is over (milliseconds), or the signal aborts. */
  arrival(timeout: number, signal: AbortSignal): Promise<void> {
    return this.#arrived.wait(timeout, signal);
  }

  /** The entries after the cursor that are in memory; null when memory does not reach back that far. */
  recentAfter(cursor: Cursor, limit: number): readonly Change[] | null {
    if (cursor < this.#recentFrom) return null;
    // Entries are numbered without holes from #recentFrom on, so the place follows from the number; a hole would only mean a longer search.
    let start = Math.min(cursor - this.#recentFrom, this.#recent.length);
    while (start > 0 && (this.#recent[start - 1]?.cursor ?? 0) > cursor) start -= 1;
    return this.#recent.slice(start, start + limit);
  }

  async #readOn(): Promise<void> {
    // A timer may fire a little early by the wall clock, and the clock may be put back.
    const isTick = Math.abs(this.#now() - this.#lastTickAt) >= POLL - 50;
    for (;;) {
      const position = this.#view.head();
      const changes = await this.#log.readAfter(position, PAGE);
      const isAsExpected = changes[0] === undefined ? !isTick : changes[0].cursor === position + 1;
      if (!isAsExpected) {
        const { head, floor } = await this.#log.bounds();
        // The log was trimmed past this gateway, or Postgres was restored to an earlier state: start from what it holds now.
        if (floor > position || head < position) {
          // Before the load, which wakes the subscribers that look at it.
          if (head < position) this.#restores += 1;
          await this.load();
          continue;
        }
      }
      if (changes.length > 0) this.#take(changes);
      if (changes.length < PAGE) break;
    }
    if (isTick || this.#hasHeartbeats) {
      this.#hasHeartbeats = false;
      const { updates, mark } = await this.#store.livenessSince(this.#mark);
      this.#mark = mark;
      this.#view.applyLiveness(updates);
    }
    this.#lastReadAt = this.#now();
    if (isTick) this.#lastTickAt = this.#lastReadAt;
  }

  #take(changes: readonly Change[]): void {
    this.#view.apply(changes);
    this.#recent.push(...changes);
    if (this.#recent.length > RECENT) {
      // Half at once, so that the cost of moving the rest is paid once per 5,000 entries.
      const dropped = this.#recent.splice(0, this.#recent.length - RECENT / 2);
      this.#recentFrom = dropped.at(-1)?.cursor ?? this.#recentFrom;
    }
    this.#arrived.send();
  }
}
