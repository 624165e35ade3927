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
  /** What was remembered before each turn that is taken on trial; null: none is. */
  #before: (readonly [key: string, last: NodeId | undefined])[] | null = null;

  /** Takes the turns back that are taken in it where it comes to null or throws. Not one within another. */
  tentatively<T>(ask: () => T | null): T | null {
    const before: [string, NodeId | undefined][] = [];
    this.#before = before;
    let outcome: T | null = null;
    try {
      outcome = ask();
    } finally {
      this.#before = null;
      if (outcome === null) for (const [key, last] of before.reverse()) this.#set(key, last);
    }
    return outcome;
  }

  /** Begins the nodes, which are in the order of their ids, behind the one that came first the last time. */
  rotate(request: string, nodes: readonly NodeRecord[]): NodeRecord[] {
    const key = request.length > LONGEST ? createHash('sha256').update(request).digest('base64') : request;
    const last = this.#last.get(key);
    const next = last === undefined ? 0 : nodes.findIndex(({ nodeId }) => nodeId > last);
    const start = Math.max(0, next);
    const [first] = nodes.slice(start, start + 1);
    if (first === undefined) return [];
    this.#before?.push([key, last]);
    this.#set(key, first.nodeId);
    const [oldest] = this.#last.size > REMEMBERED ? this.#last.keys() : [];
    if (oldest !== undefined) this.#last.delete(oldest);
    return [...nodes.slice(start), ...nodes.slice(0, start)];
  }

  /** To the end of the Map's order: the first is the one that was not asked for the longest. */
  #set(key: string, last: NodeId | undefined): void {
    this.#last.delete(key);
    if (last !== undefined) this.#last.set(key, last);
  }
}
