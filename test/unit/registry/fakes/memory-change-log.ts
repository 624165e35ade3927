import { BackendError } from '../../../../src/errors.ts';
import type { NodeId } from '../../../../src/events/node-id.ts';
import type { Change, NewChange } from '../../../../src/registry/change.ts';
import { type Cursor, toCursor } from '../../../../src/registry/cursor.ts';
import type { ChangeLog } from '../../../../src/registry/ports.ts';
import { Faults } from './faults.ts';

/** The change log as an array. Numbered at the moment of the commit, so that number order is commit order. */
export class MemoryChangeLog implements ChangeLog {
  /** `fail`: BackendError. */
  readonly faults = new Faults<'readAfter' | 'readAt' | 'latestOf' | 'bounds', 'fail'>();
  /** Whether commits wake followers; false: every notification is lost. */
  notifies = true;
  /** Calls of each method so far. */
  readonly calls = { readAfter: 0, readAt: 0, latestOf: 0, bounds: 0 };
  #entries: Change[] = [];
  #head = toCursor(0);
  #floor = toCursor(0);
  readonly #followers = new Set<(head: Cursor | null) => void>();

  /** Everything that is kept, oldest first. */
  get entries(): readonly Change[] {
    return this.#entries;
  }

  get head(): Cursor {
    return this.#head;
  }

  /** Numbers the changes, sets the cursor of their nodes, and notifies. */
  append(changes: readonly NewChange[]): readonly Change[] {
    const numbered = changes.map((change, index): Change => {
      const cursor = toCursor(this.#head + index + 1);
      return { ...change, cursor, node: { ...change.node, cursor } };
    });
    this.#entries.push(...numbered);
    this.#head = toCursor(this.#head + numbered.length);
    if (numbered.length > 0 && this.notifies) this.wake();
    return numbered;
  }

  /** Forgets the entries up to this cursor, as the retention does. */
  trim(upTo: number): void {
    this.#entries = this.#entries.filter(({ cursor }) => cursor > upTo);
    this.#floor = toCursor(Math.max(this.#floor, upTo));
  }

  /** As after a restore of Postgres: the log ends here, what came later never was. */
  restoreTo(head: number): void {
    this.#entries = this.#entries.filter(({ cursor }) => cursor <= head);
    this.#head = toCursor(head);
  }

  wake(): void {
    for (const follower of this.#followers) follower(this.#head);
  }

  async readAfter(after: Cursor, limit: number, nodeIds: readonly string[] | null = null): Promise<readonly Change[]> {
    this.#call('readAfter');
    const isWanted = ({ nodeId }: Change) => nodeIds?.includes(nodeId) ?? true;
    const from = this.#entries.findIndex(({ cursor }) => cursor > after);
    if (from < 0) return [];
    return nodeIds === null ? this.#entries.slice(from, from + limit) : this.#entries.slice(from).filter(isWanted).slice(0, limit);
  }

  async readAt(cursors: readonly Cursor[]): Promise<readonly Change[]> {
    this.#call('readAt');
    return this.#entries.filter(({ cursor }) => cursors.includes(cursor));
  }

  async latestOf(nodeIds: readonly NodeId[], first: number): Promise<ReadonlyMap<NodeId, readonly Change[]>> {
    this.#call('latestOf');
    const newestFirst = this.#entries.toReversed();
    const groups = nodeIds.map((id) => [id, newestFirst.filter(({ nodeId }) => nodeId === id).slice(0, first)] as const);
    return new Map(groups.filter(([, changes]) => changes.length > 0));
  }

  async bounds(): Promise<{ readonly head: Cursor; readonly floor: Cursor }> {
    this.#call('bounds');
    return { head: this.#head, floor: this.#floor };
  }

  follow(onWake: (head: Cursor | null) => void, _onError: (error: Error) => void, signal: AbortSignal): Promise<void> {
    onWake(null);
    if (signal.aborted) return Promise.resolve();
    this.#followers.add(onWake);
    return new Promise((resolve) => {
      signal.addEventListener(
        'abort',
        () => {
          this.#followers.delete(onWake);
          resolve();
        },
        { once: true },
      );
    });
  }

  #call(name: 'readAfter' | 'readAt' | 'latestOf' | 'bounds'): void {
    this.calls[name] += 1;
    if (this.faults.take(name) !== null) throw new BackendError('postgres', `injected: ${name} failed`);
  }
}
