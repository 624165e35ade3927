import { backendRead } from './backend-call.ts';
import type { ChangeEvent, ChangeFilter } from './change.ts';
import { changeView } from './change-filter.ts';
import { type Cursor, toCursor } from './cursor.ts';
import type { ChangeLog } from './ports.ts';
import { checkBounds } from './subscriptions.ts';

const PAGE = 1000;

export interface LogRange {
  /** null: from the start of what is kept. */
  readonly after: Cursor | null;
  /** How many at most. */
  readonly first: number;
  readonly filter: ChangeFilter | null;
}

/**
 * The change log from Postgres, oldest first. A filter that fits little leads through all of the log, a page at a time; `isWanted` is asked
 * before each, since whoever waited for the answer may be gone long before. Throws CURSOR_EXPIRED, CURSOR_INVALID, BACKEND_UNAVAILABLE.
 */
export async function readLog(
  log: ChangeLog,
  { after, first, filter }: LogRange,
  isWanted: () => boolean,
): Promise<readonly ChangeEvent[]> {
  const view = changeView(filter);
  const nodeIds = filter?.nodeIds ?? null;
  const isWhole = filter === null;
  const bounds = await backendRead(() => log.bounds());
  if (after !== null) checkBounds(after, bounds);
  const events: ChangeEvent[] = [];
  let position = after ?? toCursor(0);
  while (isWanted()) {
    const [from, size] = [position, isWhole ? first - events.length : PAGE];
    const page = await backendRead(() => log.readAfter(from, size, nodeIds));
    for (const change of page) {
      position = change.cursor;
      const event = view(change);
      if (event !== null) events.push(event);
      if (events.length === first) return events;
    }
    if (page.length < size) return events;
  }
  return events;
}
