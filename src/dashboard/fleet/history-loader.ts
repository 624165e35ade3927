import { Cell } from '../gateway/cell.ts';
import { Fault } from '../gateway/fault.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { FleetStore } from './fleet-store.ts';
import { linesBefore } from './history.ts';

export interface Reach {
  /** Whether the log may hold earlier lines than the page does. */
  readonly hasMore: boolean;
  readonly isLoading: boolean;
  readonly fault: Fault | null;
}

/** Lines that are loaded of the past at most, without being asked for one by one. */
const MOST_LINES = 10_000;

/** Brings lines of the past, page by page, as far back as somebody looks. */
export class HistoryLoader {
  readonly reach = new Cell<Reach>({ hasMore: true, isLoading: false, fault: null });
  readonly #gateway: Gateway;
  readonly #store: FleetStore;

  constructor(gateway: Gateway, store: FleetStore) {
    this.#gateway = gateway;
    this.#store = store;
  }

  /** Until there is a line from before this moment (milliseconds since 1970), or no more to be had. Never rejects. */
  async reachBackTo(moment: number): Promise<void> {
    for (;;) {
      const { changes } = this.#store.fleet.get();
      const first = changes[0];
      if (changes.length >= MOST_LINES || (first !== undefined && first.occurredAt <= moment)) return;
      if (!(await this.more())) return;
    }
  }

  /** One page. Never rejects. @returns whether there may be more */
  async more(): Promise<boolean> {
    const { isLoading, hasMore } = this.reach.get();
    const { changes, cursor, isWhole } = this.#store.fleet.get();
    // Only once it is known where the live lines begin.
    if (isLoading || !hasMore || !isWhole || cursor === null) return false;
    const first = changes[0];
    this.reach.set({ hasMore, isLoading: true, fault: null });
    try {
      const page = await linesBefore(this.#gateway, first?.cursor ?? cursor, first === undefined);
      this.#store.addHistory(page.changes);
      this.reach.set({ hasMore: page.hasMore && page.changes.length > 0, isLoading: false, fault: null });
      return page.hasMore && page.changes.length > 0;
    } catch (error) {
      const fault = error instanceof Fault ? error : new Fault('INTERNAL', String(error));
      // The log does not reach back that far: what is there is all.
      const isEnd = fault.code === 'CURSOR_EXPIRED';
      this.reach.set({ hasMore: !isEnd, isLoading: false, fault: isEnd ? null : fault });
      return false;
    }
  }

  forget(): void {
    this.reach.set({ hasMore: true, isLoading: false, fault: null });
  }
}
