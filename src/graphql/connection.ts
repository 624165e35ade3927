import { GatewayError } from '../errors.ts';
import { type NodeId, toNodeId } from '../events/node-id.ts';
import type { Cursor } from '../registry/cursor.ts';
import type { NodeRecord } from '../registry/node-record.ts';
import { boundedCount, LIMITS } from './limits.ts';

export interface PageArguments {
  readonly first?: number | null;
  readonly after?: string | null;
  readonly last?: number | null;
  readonly before?: string | null;
}

export interface NodeEdge {
  readonly cursor: string;
  readonly node: NodeRecord;
}

export interface PageInfo {
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly startCursor: string | null;
  readonly endCursor: string | null;
}

export interface NodePage {
  readonly edges: readonly NodeEdge[];
  readonly pageInfo: PageInfo;
  readonly totalCount: number;
  readonly cursor: Cursor;
}

/**
 * One page of nodes that are sorted by node id (by UTF-16 code units, as `<` compares). A page is found by its place in that order,
 * so paging goes on even when the node that a cursor names has gone meanwhile. `head` is where the change log stood when `nodes` was
 * read. Throws BAD_USER_INPUT, LIMIT_EXCEEDED, and CURSOR_INVALID for a cursor that is none.
 */
export function pageOf(nodes: readonly NodeRecord[], args: PageArguments, head: Cursor): NodePage {
  const { first, last } = pageSize(args);
  let start = isGiven(args.after) ? placeOf(nodes, parseNodeCursor('after', args.after), 'after') : 0;
  let end = isGiven(args.before) ? placeOf(nodes, parseNodeCursor('before', args.before), 'before') : nodes.length;
  if (first !== null) end = Math.min(end, start + first);
  if (last !== null) start = Math.max(start, end - last);
  const edges = nodes.slice(start, Math.max(start, end)).map((node) => ({ cursor: printNodeCursor(node.nodeId), node }));
  return {
    edges,
    pageInfo: {
      hasNextPage: end < nodes.length,
      hasPreviousPage: start > 0,
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    totalCount: nodes.length,
    cursor: head,
  };
}

function pageSize({ first, last }: PageArguments): { readonly first: number | null; readonly last: number | null } {
  if (isGiven(first) && isGiven(last)) {
    throw new GatewayError('BAD_USER_INPUT', 'first and last cannot go together: pass the one for the direction you page in', {
      argument: 'last',
    });
  }
  if (isGiven(last)) return { first: null, last: boundedCount('last', last, 0, LIMITS.nodes.max) };
  return { first: boundedCount('first', first ?? LIMITS.nodes.fallback, 0, LIMITS.nodes.max), last: null };
}

/** The index of the first node behind the id (`after`), or not before it (`before`). */
function placeOf(nodes: readonly NodeRecord[], id: NodeId, side: 'after' | 'before'): number {
  let low = 0;
  let high = nodes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const candidate = nodes[middle]?.nodeId;
    if (candidate !== undefined && (candidate < id || (side === 'after' && candidate === id))) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Marks a cursor of a page, so that no other opaque text of this API (`Node.id`, say) passes for one and leads to a wrong page. */
const PLACE = 'place:';

export function printNodeCursor(nodeId: NodeId): string {
  return Buffer.from(`${PLACE}${nodeId}`, 'utf8').toString('base64url');
}

function parseNodeCursor(argument: string, text: string): NodeId {
  // Decoding skips whatever is not base64, so only a text that comes out the same was one of ours.
  const nodeId = toNodeId(Buffer.from(text, 'base64url').toString('utf8').slice(PLACE.length));
  if (nodeId === undefined || printNodeCursor(nodeId) !== text) {
    throw new GatewayError('CURSOR_INVALID', `${argument} is not a cursor of a page of nodes: pass an edge's cursor, or leave it out`, {
      argument,
    });
  }
  return nodeId;
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}
