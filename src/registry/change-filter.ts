import type { Change, ChangeEvent, ChangeFilter, LoggedChangeType } from './change.ts';
import type { Cursor } from './cursor.ts';
import { canonicalName } from './names.ts';
import type { NodeRecord } from './node-record.ts';
import { WantedTypes } from './wanted-types.ts';

/** Turns entries of the log into what a subscriber with this filter sees; null: nothing. */
export type ChangeView = (change: Change) => ChangeEvent | null;

interface Image {
  readonly type: string;
  readonly capabilities: readonly string[];
}

/** An absent or null condition is none. */
export function nodeCondition(filter: ChangeFilter | null): (nodeId: string, image: Image) => boolean {
  const nodeIds = filter?.nodeIds == null ? null : new Set(filter.nodeIds);
  const types = filter?.nodeTypes == null ? null : new WantedTypes(filter.nodeTypes);
  const capabilities = filter?.anyCapability == null ? null : new Set(filter.anyCapability.map(canonicalName));
  return (nodeId, image) =>
    (nodeIds === null || nodeIds.has(nodeId)) &&
    (types === null || types.include(image.type)) &&
    (capabilities === null || image.capabilities.some((name) => capabilities.has(canonicalName(name))));
}

/**
 * A node that starts to match arrives as ADDED, one that stops matching once more as REMOVED with reason `filter`: to its subscriber the
 * filtered set behaves like a registry of its own.
 */
export function changeView(filter: ChangeFilter | null): ChangeView {
  const matches = nodeCondition(filter);
  const types = filter?.changeTypes == null ? null : new Set<string>(filter.changeTypes);
  return (change) => {
    const now = matches(change.nodeId, change.node);
    const before = change.before !== null && matches(change.nodeId, change.before);
    if (!now && !before) return null;
    const event = now
      ? eventOf(change, change.before !== null && !before && change.type !== 'REMOVED' ? 'ADDED' : change.type, change.reason)
      : eventOf(change, 'REMOVED', 'filter');
    return types === null || types.has(event.type) ? event : null;
  };
}

function eventOf(change: Change, type: LoggedChangeType, reason: string): ChangeEvent {
  return { ...change, type, reason };
}

export function bookmark(cursor: Cursor, occurredAt: number): ChangeEvent {
  return {
    cursor,
    type: 'BOOKMARK',
    nodeId: null,
    node: null,
    reason: null,
    changedFields: [],
    correlationId: null,
    operator: null,
    occurredAt,
  };
}

/** A node as part of a snapshot, with the cursor of its latest change. */
export function snapshotOf(node: NodeRecord): ChangeEvent {
  return {
    cursor: node.cursor,
    type: 'SNAPSHOT',
    nodeId: node.nodeId,
    node,
    reason: null,
    changedFields: [],
    correlationId: null,
    operator: null,
    occurredAt: node.updatedAt,
  };
}
