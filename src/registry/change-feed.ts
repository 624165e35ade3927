import { Broadcast } from './broadcast.ts';
import type { Change } from './change.ts';
import { type Cursor, toCursor } from './cursor.ts';
import type { Freshness } from './freshness.ts';
import type { NodeRecord } from './node-record.ts';
import { type RegistryObserver, UNOBSERVED } from './observer.ts';
import type { ChangeLog, RegistrationStore, RegistrySnapshot } from './ports.ts';
import { SharedContent } from './shared-content.ts';
import type { RegistryView } from './view.ts';

/** Entries kept in memory for subscribers, of which each has what it shares with other nodes from there. A subscriber further behind is too slow. */
const RECENT = 10_000;
const PAGE = 500;
/** Without a notification the log is read this often: a missed one costs delay, not data. Milliseconds. */
const POLL = 1000;
/**
 * Between two looks for signs of life, of which the first after silence is at once: what several transactions wrote side by side is read
 * again by the look after, and with one look for each batch of a large fleet's heartbeats most of them were read again and again. Milliseconds.
 */
const LIVENESS_REST = 250;

export interface ChangeFeedParts {
  readonly log: ChangeLog;
  readonly store: RegistrationStore;
  readonly view: RegistryView;
  readonly now: () => number;
  /** Told of changes that arrived in memory. Default: nobody. */
  readonly observer?: RegistryObserver;
}

/**
 * Follows the change log from this gateway's own position, keeps the registry in memory current, and holds the recent entries from which
 * every subscriber reads at its own pace: one buffer for all, none per subscriber.
 */
export class ChangeFeed {
  readonly #log: ChangeLog;
  readonly #store: RegistrationStore;
  readonly #view: RegistryView;
  readonly #onError: (error: unknown) => void;
  readonly #shared = new SharedContent();
  readonly #recent: Change[] = [];
  /** Everything after this is in `#recent`. */
  #recentFrom = toCursor(0);
  readonly #woken = new Broadcast();
  readonly #arrived = new Broadcast();
  #isBehind = false;
  #hasHeartbeats = false;
  #lastTickAt = 0;
  #livenessAt = 0;
  #lastReadAt: number | null = null;
  /** Of the snapshot that was restored, until Postgres answers: when it was last known to be right. */
  #restoredAsOf: number | null = null;
  /** The log was found trimmed up to here, past this gateway. */
  #floor = toCursor(0);
  #restores = 0;
  #mark: string | null = null;
  readonly #now: () => number;
  readonly #observer: RegistryObserver;

  constructor(parts: ChangeFeedParts, onError: (error: unknown) => void) {
    this.#log = parts.log;
    this.#store = parts.store;
    this.#view = parts.view;
    this.#now = parts.now;
    this.#observer = parts.observer ?? UNOBSERVED;
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

  /** Where what memory holds comes from, and until when it is known to be right; null: nothing was loaded yet. */
  freshness(): Freshness | null {
    if (this.#lastReadAt !== null) return { source: 'LIVE', asOf: this.#lastReadAt };
    return this.#restoredAsOf === null ? null : { source: 'SNAPSHOT', asOf: this.#restoredAsOf };
  }

  /** Up to here the log was trimmed before this gateway had read it; 0 where that never happened. */
  floor(): Cursor {
    return this.#floor;
  }

  /** How often the log was found set back to before this gateway's position, as after a restore of Postgres. */
  restores(): number {
    return this.#restores;
  }

  /** Shows a snapshot until Postgres answers. The first `load` after it goes on where it ends. */
  restore({ nodes, cursor, asOf }: RegistrySnapshot): void {
    this.#view.load(this.#sharing(nodes), cursor);
    this.#recent.length = 0;
    this.#recentFrom = cursor;
    this.#restoredAsOf = asOf;
    this.#arrived.send();
  }

  /** The restored snapshot is of another registry: nothing of it counts, and no cursor that was given out from it. */
  discard(): void {
    this.#restoredAsOf = null;
    this.#restores += 1;
    this.#view.load([], toCursor(0));
    this.#recent.length = 0;
    this.#recentFrom = toCursor(0);
    this.#arrived.send();
  }

  /** Loads the registry from Postgres; subscribers of a restored snapshot get every entry since. Throws BackendError. */
  async load(): Promise<void> {
    const { mark } = await this.#store.livenessSince(null);
    const { nodes, head } = await this.#store.loadAll((node) => this.#shared.of(node, undefined));
    const position = this.#view.head();
    const missed = this.#restoredAsOf === null ? null : await this.#missed(position, head);
    this.#restoredAsOf = null;
    this.#mark = mark;
    this.#view.load(nodes, head);
    this.#recent.length = 0;
    this.#recent.push(...(missed ?? []));
    this.#recentFrom = missed === null ? head : position;
    this.#lastReadAt = this.#now();
    this.#arrived.send();
  }

  /** The entries between the two positions; null where they are too many for memory, or the log does not hold them (any more). */
  async #missed(position: Cursor, head: Cursor): Promise<Change[] | null> {
    const { floor } = await this.#log.bounds();
    if (this.#isCutOff(position, { head, floor }) || head - position > RECENT) return null;
    const missed: Change[] = [];
    for (let from = position; from < head; ) {
      const page = await this.#log.readAfter(from, Math.min(PAGE, head - from));
      // Trimmed since the look at its bounds.
      if (page[0]?.cursor !== from + 1) return null;
      missed.push(...page);
      from = page.at(-1)?.cursor ?? head;
    }
    return missed;
  }

  /** Whether the log no longer leads on from the position: trimmed past it, or set back to before it, as after a restore of Postgres. */
  #isCutOff(position: Cursor, { head, floor }: { readonly head: Cursor; readonly floor: Cursor }): boolean {
    if (floor <= position && position <= head) return false;
    // Before the load that follows, which wakes the subscribers that look at it.
    if (head < position) this.#restores += 1;
    else this.#floor = floor;
    return true;
  }

  /** Something was committed: read on. */
  wake(): void {
    this.#isBehind = true;
    this.#woken.send();
  }

  /** The log ends there now (null: nobody knows): read on, unless this gateway has it already, as it has what it commits itself. */
  heard(head: Cursor | null): void {
    if (head === null || head > this.#view.head()) this.wake();
  }

  /**
   * These entries, in their order, were committed by this gateway. Where they come right after its position nothing lies between, since
   * numbers are in the order of commits, and they are taken as they are; otherwise the log is read on.
   */
  committed(changes: readonly Change[]): void {
    const [first] = changes;
    const isNext = first !== undefined && first.cursor === this.#view.head() + 1 && this.#lastReadAt !== null;
    if (isNext) this.#take(changes);
    else this.wake();
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
      if (!this.#isBehind) await this.#woken.wait(this.#hasHeartbeats ? LIVENESS_REST : POLL, signal);
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
        const bounds = await this.#log.bounds();
        // Start from what it holds now.
        if (this.#isCutOff(position, bounds)) {
          await this.load();
          continue;
        }
      }
      // This gateway's own entries may have come meanwhile.
      const fresh = changes.filter(({ cursor }) => cursor > this.#view.head());
      if (fresh.length > 0) this.#take(fresh);
      if (changes.length < PAGE) break;
    }
    const isRested = Math.abs(this.#now() - this.#livenessAt) >= LIVENESS_REST;
    if (isTick || (this.#hasHeartbeats && isRested)) {
      this.#hasHeartbeats = false;
      this.#livenessAt = this.#now();
      const { updates, mark } = await this.#store.livenessSince(this.#mark);
      this.#mark = mark;
      this.#view.applyLiveness(updates);
    }
    this.#lastReadAt = this.#now();
    if (isTick) this.#lastTickAt = this.#lastReadAt;
  }

  *#sharing(nodes: Iterable<NodeRecord>): Generator<NodeRecord, void, undefined> {
    for (const node of nodes) yield this.#shared.of(node, undefined);
  }

  #take(arrived: readonly Change[]): void {
    const changes = arrived.map((change) => this.#shared.in(change, this.#view.at(change.nodeId)));
    this.#view.apply(changes);
    this.#observer.arrived('memory', changes, this.#now());
    this.#recent.push(...changes);
    if (this.#recent.length > RECENT) {
      // Half at once, so that the cost of moving the rest is paid once per 5,000 entries.
      const dropped = this.#recent.splice(0, this.#recent.length - RECENT / 2);
      this.#recentFrom = dropped.at(-1)?.cursor ?? this.#recentFrom;
    }
    this.#arrived.send();
  }
}
