import { BackendError, ContentionError, DeposedError, RefusedError } from '../../../../src/errors.ts';
import type { Acknowledgement, Heartbeat } from '../../../../src/events/announcement.ts';
import type { NodeId } from '../../../../src/events/node-id.ts';
import type { Change, NewChange } from '../../../../src/registry/change.ts';
import type { Cursor } from '../../../../src/registry/cursor.ts';
import type { Term } from '../../../../src/registry/leadership.ts';
import type { NodeRecord } from '../../../../src/registry/node-record.ts';
import type {
  CleanUpResult,
  IssuedRequest,
  LivenessUpdate,
  Locked,
  Progress,
  RegistrationStore,
  RejectedMessage,
  Writes,
} from '../../../../src/registry/ports.ts';
import type { RejectedEvent } from '../../../../src/registry/registry.ts';
import { Faults } from './faults.ts';
import { Killed } from './killed.ts';
import { LivenessTable } from './liveness-table.ts';
import { MemoryChangeLog } from './memory-change-log.ts';
import { NodeLocks } from './node-locks.ts';
import { Positions } from './positions.ts';

export type StoreCall =
  | 'transact'
  | 'recordLiveness'
  | 'recordAcknowledgements'
  | 'recordRejections'
  | 'recordRequest'
  | 'loadAll'
  | 'livenessSince'
  | 'rejectedEvents'
  | 'cleanUp';

/**
 * before: BackendError before the work. after: the work ran, nothing is written, BackendError. lost: written, but the answer to COMMIT is
 * lost, BackendError. contention: ContentionError before the work. refused: the work ran, nothing is written, RefusedError. killed: as
 * `after`, but Killed. killed later: as `lost`, but Killed.
 */
export type StoreFault = 'before' | 'after' | 'lost' | 'contention' | 'refused' | 'killed' | 'killed later';

const MAX_LOCKED_NODES = 500;

/** The registrations in memory: node locks, one transaction at a time per node, numbers in commit order, positions counted once. */
export class MemoryStore implements RegistrationStore {
  readonly faults = new Faults<StoreCall, StoreFault>();
  readonly log = new MemoryChangeLog();
  readonly positions = new Positions();
  readonly requests = new Map<string, IssuedRequest>();
  readonly rejected: RejectedMessage[] = [];
  /** The node ids of each transaction, in the order in which they began. */
  readonly transactions: (readonly NodeId[])[] = [];
  /** Of the leader that was elected last. */
  term: Term = 1;
  /** A row for which this holds is refused for good (RefusedError), whatever else is in the transaction. */
  refuses: (node: NodeRecord) => boolean = () => false;
  /** Awaited under the locks, before every commit of a transaction. */
  beforeCommit: (writes: Writes) => Promise<void> = () => Promise.resolve();
  readonly #rows = new Map<NodeId, NodeRecord>();
  readonly #liveness = new LivenessTable();
  readonly #locks = new NodeLocks();

  /** What is stored of a node, its liveness joined. */
  node(nodeId: NodeId): NodeRecord | undefined {
    const row = this.#rows.get(nodeId);
    return row === undefined ? undefined : this.#liveness.join(row);
  }

  /** Everything that is stored. */
  nodes(): NodeRecord[] {
    return [...this.#rows.values()].map((row) => this.#liveness.join(row));
  }

  /** Puts rows as they are, without locks, change-log entries or faults. */
  seed(...nodes: readonly NodeRecord[]): void {
    for (const node of nodes) {
      this.#rows.set(node.nodeId, node);
      this.#liveness.delete(node.nodeId);
      this.#liveness.write(node, undefined);
    }
  }

  /** Puts a change as a transaction would: row and entry. */
  commit(...changes: readonly NewChange[]): readonly Change[] {
    return this.#commit({ nodes: changes.map(({ node }) => node), changes, processed: [], completed: [], rejected: [] }, (id) =>
      this.node(id),
    );
  }

  async transact(
    nodeIds: readonly NodeId[],
    correlationIds: readonly string[],
    work: (locked: Locked) => Promise<Writes>,
    term?: Term,
  ): Promise<readonly Change[]> {
    if (nodeIds.length > MAX_LOCKED_NODES) throw new RangeError(`at most ${MAX_LOCKED_NODES} nodes at once, not ${nodeIds.length}`);
    this.transactions.push(nodeIds);
    return this.#meeting('transact', async (check) => {
      if (term !== undefined) this.#hold(term);
      const release = await this.#locks.acquire(nodeIds);
      try {
        const nodes = nodeIds.flatMap((id) => this.node(id) ?? []);
        const requests = correlationIds.flatMap((id) => this.requests.get(id) ?? []);
        const read = new Map(nodes.map((node) => [node.nodeId, node]));
        const writes = await work({
          nodes: read,
          requests: new Map(requests.map((request) => [request.correlationId, request])),
        });
        for (const { nodeId } of writes.nodes) if (!nodeIds.includes(nodeId)) throw new Error(`${nodeId} was written but not locked`);
        const refused = writes.nodes.find(this.refuses);
        if (refused !== undefined) throw new RefusedError('postgres', `injected: the row of ${refused.nodeId} is refused`);
        await this.beforeCommit(writes);
        check();
        return this.#commit(writes, (id) => read.get(id));
      } finally {
        release();
      }
    });
  }

  recordLiveness(heartbeats: readonly Heartbeat[], receivedAt: number, progress: Progress): Promise<void> {
    return this.#meeting('recordLiveness', async (check) => {
      check();
      for (const heartbeat of heartbeats) if (this.#rows.has(heartbeat.nodeId)) this.#liveness.heard(heartbeat, receivedAt);
      this.positions.advance(progress);
    });
  }

  recordAcknowledgements(acknowledgements: readonly Acknowledgement[], receivedAt: number, progress: Progress): Promise<void> {
    return this.#meeting('recordAcknowledgements', async (check) => {
      check();
      for (const { nodeId } of acknowledgements) this.#liveness.acknowledged(nodeId, receivedAt);
      this.positions.advance(progress);
    });
  }

  recordRejections(rejected: readonly RejectedMessage[], progress: Progress): Promise<void> {
    return this.#meeting('recordRejections', async (check) => {
      check();
      this.#reject(rejected);
      this.positions.advance(progress);
    });
  }

  recordRequest(request: IssuedRequest): Promise<void> {
    return this.#meeting('recordRequest', async (check) => {
      check();
      if (!this.requests.has(request.correlationId)) this.requests.set(request.correlationId, request);
    });
  }

  loadAll(keep = (node: NodeRecord) => node): Promise<{ readonly nodes: readonly NodeRecord[]; readonly head: Cursor }> {
    return this.#meeting('loadAll', async () => ({
      nodes: this.nodes()
        .filter(({ cursor }) => cursor > 0)
        .map(keep),
      head: this.log.head,
    }));
  }

  livenessSince(mark: string | null): Promise<{ readonly updates: readonly LivenessUpdate[]; readonly mark: string }> {
    return this.#meeting('livenessSince', async () => this.#liveness.since(mark));
  }

  rejectedEvents(first: number): Promise<readonly RejectedEvent[]> {
    return this.#meeting('rejectedEvents', async () =>
      this.rejected
        .toReversed()
        .slice(0, first)
        .map(({ position, rejection, excerpt, rejectedAt }) => ({
          ...position,
          reason: rejection.reason,
          errorType: rejection.errorType,
          excerpt,
          correlationId: rejection.correlationId,
          rejectedAt,
        })),
    );
  }

  cleanUp(_now: number, term: Term): Promise<CleanUpResult> {
    return this.#meeting('cleanUp', async () => {
      this.#hold(term);
      return { nodes: 0, rejectedEvents: 0, requests: 0, changes: 0 };
    });
  }

  #hold(term: Term): void {
    if (term !== this.term) throw new DeposedError(`term ${term} is over, this is ${this.term}`);
  }

  #commit(writes: Writes, read: (nodeId: NodeId) => NodeRecord | undefined): readonly Change[] {
    for (const node of writes.nodes) this.#liveness.write(node, read(node.nodeId));
    this.#reject(writes.rejected);
    this.positions.advance(writes);
    for (const node of writes.nodes) this.#rows.set(node.nodeId, node);
    const changes = this.log.append(writes.changes);
    for (const { nodeId, cursor } of changes) {
      const row = this.#rows.get(nodeId);
      if (row !== undefined) this.#rows.set(nodeId, { ...row, cursor });
    }
    return changes;
  }

  /** A message that is delivered again is the same row. */
  #reject(rejected: readonly RejectedMessage[]): void {
    for (const message of rejected) {
      const { topic, partition, offset } = message.position;
      const isKnown = this.rejected.some(
        ({ position }) => position.topic === topic && position.partition === partition && position.offset === offset,
      );
      if (!isKnown) this.rejected.push(message);
    }
  }

  /** The call under the fault that is planned for it. `check` stands right before the commit. */
  async #meeting<T>(call: StoreCall, work: (check: () => void) => Promise<T>): Promise<T> {
    const fault = this.faults.take(call);
    await Promise.resolve();
    if (fault === 'before') throw new BackendError('postgres', `injected: ${call} failed before the work`);
    if (fault === 'contention') throw new ContentionError('postgres', `injected: ${call} did not get its locks`);
    const result = await work(() => {
      if (fault === 'after') throw new BackendError('postgres', `injected: ${call} failed after the work`);
      if (fault === 'killed') throw new Killed(`in ${call}`);
      if (fault === 'refused') throw new RefusedError('postgres', `injected: ${call} is refused`);
    });
    if (fault === 'killed later') throw new Killed(`after ${call}`);
    if (fault === 'lost') throw new BackendError('postgres', `injected: the answer to ${call} was lost`);
    return result;
  }
}
