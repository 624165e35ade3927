import * as z from 'zod/mini';
import * as documents from '../../dashboard-documents.ts';
import { pastChange } from '../gateway/change-shape.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { type Change, changeOfPast } from './change.ts';

/** A page costs some 10,000 of the 20,000 that an operation may. */
const PAGE = 500;
const WIDTH = 16;

const CHANGES = {
  document: documents.CHANGES,
  answer: z.object({ changes: z.array(pastChange) }),
};

export interface Page {
  /** Oldest first. */
  readonly changes: readonly Change[];
  /** Whether the log may hold more on that side. */
  readonly hasMore: boolean;
}

/**
 * The lines right before this cursor. Throws Fault.
 *
 * @param upTo the cursor of the oldest known line, or where the log stands
 * @param isIncluded whether the line at this cursor is wanted too
 */
export async function linesBefore(gateway: Gateway, upTo: string, isIncluded: boolean): Promise<Page> {
  const end = isIncluded ? BigInt(upTo) : BigInt(upTo) - 1n;
  const start = end - BigInt(PAGE);
  // Behind null the log begins with what it still has, which may be far behind the end.
  const after = start > 0n ? String(start).padStart(WIDTH, '0') : null;
  const { changes } = await gateway.ask(CHANGES, { after, first: PAGE });
  const limit = String(end).padStart(WIDTH, '0');
  return { changes: changes.filter(({ cursor }) => cursor <= limit).map(changeOfPast), hasMore: start > 0n };
}

/** The lines right behind this cursor; from the start of the log when null. Throws Fault. */
export async function linesAfter(gateway: Gateway, after: string | null): Promise<Page> {
  const { changes } = await gateway.ask(CHANGES, { after, first: PAGE });
  return { changes: changes.map(changeOfPast), hasMore: changes.length === PAGE };
}
