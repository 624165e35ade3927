import { type ChangeAnswer, changeAnswer, understood } from './answers.ts';
import { REGISTRATION_CHANGES } from './documents.ts';
import { type DiscoveryError, passes } from './errors.ts';
import type { Verdict } from './live-operation.ts';
import type { ChangeEvent, ChangeType, RegistryEvent, RegistryNode, SnapshotEvent, WatchFilter } from './registry-event.ts';
import type { Operation, Session } from './session.ts';

export interface ChangeStreamOptions {
  readonly filter: WatchFilter;
  /** Resume behind this cursor. */
  readonly after: string | null;
  /** Begin with what stands now, where there is no `after`. */
  readonly snapshot: boolean;
  /** How long a gateway may take to say where the change log stands. Milliseconds. */
  readonly timeout: number;
  readonly emit: (event: RegistryEvent) => void;
}

/**
 * Makes one stream, without gap or repetition, of the subscriptions that carry it one after the other: keeps the position, and where the log
 * does not reach back to it any more, compares with a new snapshot.
 */
export class ChangeStream {
  readonly #options: ChangeStreamOptions;
  /** The types that are emitted; all when null. */
  readonly #types: ReadonlySet<ChangeType> | null;
  /** Behind what was last emitted or passed over; null until that is known. */
  #position: string | null;
  /** The nodes that this stream has told of and that have not left, as far as is known. */
  #nodes = new Set<string>();
  /** Collected until its bookmark arrives; null outside of a snapshot. */
  #collected: RegistryNode[] | null = null;
  #reset: SnapshotEvent['reset'] = null;
  #wantsSnapshot: boolean;
  #hasBegun = false;

  constructor(options: ChangeStreamOptions) {
    const { after, snapshot, filter } = options;
    this.#options = options;
    this.#position = after;
    this.#wantsSnapshot = after === null && snapshot;
    this.#types = filter.changeTypes === undefined ? null : new Set(filter.changeTypes);
  }

  async operation(session: Session): Promise<Operation> {
    // From now on means from the call on: a break before the first event must not lose what came in between.
    if (!this.#wantsSnapshot) this.#position ??= (await session.status(this.#options.timeout)).cursor;
    // One that was cut half-way begins anew.
    this.#collected = this.#wantsSnapshot ? [] : null;
    const after = this.#wantsSnapshot ? null : this.#position;
    return { query: REGISTRATION_CHANGES, variables: { after, snapshot: this.#wantsSnapshot, filter: this.#filter() } };
  }

  /** Throws DiscoveryError for an answer that is not understood. */
  next(data: unknown): void {
    const change = understood(changeAnswer, data).registrationChanges;
    this.#hasBegun = true;
    if (change.type === 'SNAPSHOT') {
      if (change.node !== null) this.#collected?.push(change.node);
    } else if (change.type === 'BOOKMARK') {
      this.#bookmark(change.cursor);
    } else {
      this.#change({ ...change, type: change.type });
    }
  }

  /** `end` for an error that would come again for ever. */
  failed(error: DiscoveryError): Verdict {
    const { code } = error;
    if (code === 'CURSOR_EXPIRED' || code === 'CURSOR_INVALID') {
      this.#wantsSnapshot = true;
      this.#reset = code;
      return 'again';
    }
    if (code === 'SUBSCRIBER_TOO_SLOW') return 'again';
    if (passes(error)) return 'later';
    // A rate limit passes; but what is refused from the start was asked wrongly.
    return code === 'LIMIT_EXCEEDED' && this.#hasBegun ? 'later' : 'end';
  }

  /** Who enters and who leaves is asked for in any case: without, it is not known who vanished when a snapshot is taken. */
  #filter(): WatchFilter | null {
    const { filter } = this.#options;
    if (filter.changeTypes === undefined || filter.changeTypes.length === 0) return filter;
    return { ...filter, changeTypes: [...new Set<ChangeType>([...filter.changeTypes, 'ADDED', 'REMOVED'])] };
  }

  #change({ type, nodeId, ...rest }: ChangeAnswer & { readonly type: ChangeType }): void {
    if (nodeId === null || !this.#isAhead(rest.cursor)) return;
    this.#position = rest.cursor;
    if (type === 'REMOVED') this.#nodes.delete(nodeId);
    else this.#nodes.add(nodeId);
    this.#emit({ kind: 'change', type, nodeId, ...rest });
  }

  #bookmark(cursor: string): void {
    const nodes = this.#collected;
    if (nodes === null) {
      if (this.#position !== null && cursor < this.#position) return;
      this.#position = cursor;
      this.#options.emit({ kind: 'bookmark', cursor });
      return;
    }
    if (this.#reset !== null) for (const change of this.#difference(nodes)) this.#emit(change);
    this.#options.emit({ kind: 'snapshot', cursor, nodes, reset: this.#reset });
    this.#nodes = new Set(nodes.map(({ nodeId }) => nodeId));
    this.#position = cursor;
    this.#collected = null;
    this.#reset = null;
    this.#wantsSnapshot = false;
  }

  /**
   * What is different from what this stream has told. Each change keeps the position from before the reset: whoever stops amid them and resumes
   * from there gets the whole reset again.
   */
  *#difference(nodes: readonly RegistryNode[]): Generator<ChangeEvent, void, undefined> {
    const cursor = this.#position ?? '';
    const standing = new Set(nodes.map(({ nodeId }) => nodeId));
    const occurredAt = new Date();
    const common = { kind: 'change', cursor, reason: 'reset', changedFields: [], correlationId: null } as const;
    for (const nodeId of this.#nodes) {
      if (!standing.has(nodeId)) yield { ...common, type: 'REMOVED', nodeId, node: null, occurredAt };
    }
    for (const node of nodes) {
      // In another log the same cursor may stand for another change.
      if (this.#reset === 'CURSOR_EXPIRED' && !this.#isAhead(node.cursor)) continue;
      const type = this.#nodes.has(node.nodeId) ? 'MODIFIED' : 'ADDED';
      yield { ...common, type, nodeId: node.nodeId, node, occurredAt: node.updatedAt };
    }
  }

  /** Cursors are compared as text. */
  #isAhead(cursor: string): boolean {
    return this.#position === null || cursor > this.#position;
  }

  #emit(change: ChangeEvent): void {
    if (this.#types === null || this.#types.has(change.type)) this.#options.emit(change);
  }
}
