import type { FeedEvent } from '../gateway/change-shape.ts';
import type { FleetNode } from '../gateway/node-shape.ts';
import { type Change, changeOf } from './change.ts';

/** A node that something just happened to: its row says so for a moment. */
export interface Mark {
  readonly kind: 'arrived' | 'changed' | 'left';
  readonly reason: string | null;
  /** When the page heard of it, milliseconds since 1970. */
  readonly at: number;
}

/** How long a mark shows. Milliseconds. */
export const MARK_LASTS = 4000;
/** Lines that the page keeps, at most: some 10 MB. */
const MOST_CHANGES = 20_000;

/** All that the page knows of the nodes. A new object for each batch of changes. */
export interface Fleet {
  /** In whatever state; of those that left only what was heard or asked for. */
  readonly nodes: ReadonlyMap<string, FleetNode>;
  readonly marks: ReadonlyMap<string, Mark>;
  /** Oldest first, without a gap. */
  readonly changes: readonly Change[];
  /** Behind the newest event. */
  readonly cursor: string | null;
  /** The whole registry has been read once. */
  readonly isWhole: boolean;
  /** Ids seen since the snapshot began; null outside of one. */
  readonly rollCall: ReadonlySet<string> | null;
}

export const EMPTY_FLEET: Fleet = {
  nodes: new Map(),
  marks: new Map(),
  changes: [],
  cursor: null,
  isWhole: false,
  rollCall: null,
};

/** A snapshot follows. In another log the same cursor stands for something else, so the lines of before go. */
export function beginSnapshot(fleet: Fleet, isOtherLog: boolean): Fleet {
  const changes = isOtherLog ? [] : fleet.changes;
  return { ...fleet, changes, cursor: null, rollCall: new Set() };
}

/** @param at when they arrived, milliseconds since 1970 */
export function applyEvents(fleet: Fleet, events: readonly FeedEvent[], at: number): Fleet {
  const nodes = new Map(fleet.nodes);
  const marks = new Map(fleet.marks);
  const changes: Change[] = [];
  let { cursor, isWhole } = fleet;
  let rollCall = fleet.rollCall === null ? null : new Set(fleet.rollCall);
  let hasGap = false;
  for (const event of events) {
    cursor = event.cursor;
    if (event.type === 'BOOKMARK') {
      if (rollCall !== null) {
        // What happened between the last line and the snapshot is not known.
        const last = fleet.changes.at(-1);
        hasGap = last !== undefined && last.cursor < event.cursor && changes.length === 0;
        for (const [id, node] of nodes) {
          if (node.state === 'REGISTERED' && !rollCall.has(id)) nodes.delete(id);
        }
      }
      rollCall = null;
      isWhole = true;
      continue;
    }
    nodes.set(event.nodeId, event.node);
    rollCall?.add(event.nodeId);
    const change = changeOf(event);
    if (change === null) continue;
    changes.push(change);
    marks.set(event.nodeId, { kind: kindOf(change, fleet.nodes.get(event.nodeId)), reason: change.reason, at });
  }
  return { ...fleet, nodes, marks, changes: joined(hasGap ? [] : fleet.changes, changes), cursor, isWhole, rollCall };
}

function kindOf(change: Change, before: FleetNode | undefined): Mark['kind'] {
  if (change.type === 'REMOVED') return 'left';
  return change.type === 'ADDED' || before === undefined ? 'arrived' : 'changed';
}

function joined(before: readonly Change[], after: readonly Change[]): readonly Change[] {
  if (after.length === 0) return before;
  const first = after[0];
  const last = before.at(-1);
  // A change that history brought first is not told twice.
  const fresh =
    first !== undefined && last !== undefined && first.cursor <= last.cursor ? after.filter((one) => one.cursor > last.cursor) : after;
  const all = [...before, ...fresh];
  return all.length > MOST_CHANGES ? all.slice(-MOST_CHANGES) : all;
}

/** Lines from before the first one, oldest first. */
export function withHistory(fleet: Fleet, earlier: readonly Change[]): Fleet {
  const first = fleet.changes[0];
  const fresh = first === undefined ? earlier : earlier.filter(({ cursor }) => cursor < first.cursor);
  if (fresh.length === 0) return fleet;
  return { ...fleet, changes: [...fresh, ...fleet.changes] };
}

/** Nodes that were asked for: they count where nothing newer was heard. */
export function withNodes(fleet: Fleet, asked: readonly FleetNode[]): Fleet {
  const nodes = new Map(fleet.nodes);
  for (const node of asked) {
    const known = nodes.get(node.nodeId);
    if (known === undefined || known.cursor <= node.cursor) nodes.set(node.nodeId, node);
  }
  return { ...fleet, nodes };
}

/** Takes away the marks that have shown for long enough; the same fleet when there is none. */
export function withoutOldMarks(fleet: Fleet, now: number): Fleet {
  const marks = new Map([...fleet.marks].filter(([, { at }]) => now - at < MARK_LASTS));
  return marks.size === fleet.marks.size ? fleet : { ...fleet, marks };
}
