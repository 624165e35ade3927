import { Cell } from '../gateway/cell.ts';
import type { FeedEvent } from '../gateway/change-shape.ts';
import type { FleetNode } from '../gateway/node-shape.ts';
import type { Change } from './change.ts';
import { applyEvents, beginSnapshot, EMPTY_FLEET, type Fleet, MARK_LASTS, withHistory, withNodes, withoutOldMarks } from './fleet.ts';

export interface FleetStoreParts {
  /** Calls back before the next picture, or soon where there is none. */
  readonly nextFrame: (callback: () => void) => void;
  readonly now: () => number;
}

/** The fleet, changed once per picture however many events arrive meanwhile. */
export class FleetStore {
  readonly fleet = new Cell<Fleet>(EMPTY_FLEET);
  readonly #parts: FleetStoreParts;
  #waiting: FeedEvent[] = [];
  #sweeps: ReturnType<typeof setTimeout> | null = null;

  constructor(parts: FleetStoreParts) {
    this.#parts = parts;
  }

  deliver(event: FeedEvent): void {
    this.#waiting.push(event);
    if (this.#waiting.length === 1) this.#parts.nextFrame(() => this.#flush());
  }

  begin(isOtherLog: boolean): void {
    this.#flush();
    this.fleet.set(beginSnapshot(this.fleet.get(), isOtherLog));
  }

  addHistory(earlier: readonly Change[]): void {
    this.fleet.set(withHistory(this.fleet.get(), earlier));
  }

  addNodes(asked: readonly FleetNode[]): void {
    this.fleet.set(withNodes(this.fleet.get(), asked));
  }

  /** Another viewer may see another registry. */
  forget(): void {
    this.#waiting = [];
    this.fleet.set(EMPTY_FLEET);
  }

  #flush(): void {
    const events = this.#waiting;
    if (events.length === 0) return;
    this.#waiting = [];
    const { now } = this.#parts;
    this.fleet.set(applyEvents(withoutOldMarks(this.fleet.get(), now()), events, now()));
    this.#sweepLater();
  }

  /** So that who left goes, and a tint fades, also where nothing else happens. */
  #sweepLater(): void {
    if (this.#sweeps !== null || this.fleet.get().marks.size === 0) return;
    this.#sweeps = setTimeout(() => {
      this.#sweeps = null;
      this.fleet.set(withoutOldMarks(this.fleet.get(), this.#parts.now()));
      this.#sweepLater();
    }, MARK_LASTS / 4);
  }
}
