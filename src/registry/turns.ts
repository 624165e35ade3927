import { createHash } from 'node:crypto';
import type { NodeId } from '../events/node-id.ts';
import type { NodeRecord } from './node-record.ts';

/** How many different requests have a turn of their own; the one that was longest not asked loses it. */
const REMEMBERED = 10_000;
/** A key longer than this is kept as its hash: clients choose how long it is. */
const LONGEST = 200;

/**
 * Whose turn it is, for each request of its own. What is remembered is the instance that came first the last time, not a number: so a
 * node that comes or goes shifts nobody else's turn.
 */
export class Turns {
  readonly #last = new Map<string, NodeId>();

  /** Begins the nodes, which are in the order of their ids, behind the one that came first the last time. */
  rotate(request: string, nodes: readonly NodeRecord[]): NodeRecord[] {
    const key = request.length > LONGEST ? createHash('sha256').update(request).digest('base64') : request;
    const last = this.#last.get(key);
    const next = last === undefined ? 0 : nodes.findIndex(({ nodeId }) => nodeId > last);
    const start = Math.max(0, next);
    const [first] = nodes.slice(start, start + 1);
    if (first === undefined) return [];
    this.#last.delete(key);
    this.#last.set(key, first.nodeId);
    const [oldest] = this.#last.size > REMEMBERED ? this.#last.keys() : [];
    if (oldest !== undefined) this.#last.delete(oldest);
    return [...nodes.slice(start), ...nodes.slice(0, start)];
  }
}
