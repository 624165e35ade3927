import { type NodeId, toNodeId } from '../events/node-id.ts';
import { type Cursor, parseCursor, printCursor } from '../registry/cursor.ts';
import type { NodeRecord } from '../registry/node-record.ts';

/** What `Node.id` names: the node as it is, or, with a cursor, as it was right after that change. */
export interface GlobalId {
  readonly nodeId: NodeId;
  readonly cursor: Cursor | null;
}

/**
 * The id under which a client's cache keeps the record. A state that the node has left behind has an id of its own: under that of the node
 * it would overwrite, in every cache that goes by ids, what the node is now.
 */
export function globalIdOf({ nodeId, cursor }: NodeRecord, current: NodeRecord | undefined): string {
  const isPast = current !== undefined && cursor < current.cursor;
  return Buffer.from(`${isPast ? `Node@${printCursor(cursor)}` : 'Node'}:${nodeId}`, 'utf8').toString('base64url');
}

/** A text that {@link globalIdOf} made, else one that is a node id itself; null for what is neither. */
export function parseGlobalId(text: string): GlobalId | null {
  const decoded = Buffer.from(text, 'base64url').toString('utf8');
  const [, digits, id] = /^Node(?:@(\d{16}))?:(.+)$/s.exec(decoded) ?? [];
  const nodeId = id === undefined ? undefined : toNodeId(id);
  // Decoding skips whatever is not base64, so only a text that comes out the same was one of ours.
  if (nodeId !== undefined && Buffer.from(decoded, 'utf8').toString('base64url') === text) {
    const cursor = digits === undefined ? null : (parseCursor(digits) ?? null);
    if (digits === undefined || cursor !== null) return { nodeId, cursor };
  }
  const plain = toNodeId(text);
  return plain === undefined ? null : { nodeId: plain, cursor: null };
}
