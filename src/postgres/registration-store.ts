import type { PostgresConfig } from '../config/postgres.ts';
import type { Acknowledgement, Heartbeat } from '../events/announcement.ts';
import type { NodeId } from '../events/node-id.ts';
import type { Change } from '../registry/change.ts';
import type { Cursor } from '../registry/cursor.ts';
import type { Term } from '../registry/leadership.ts';
import type { NodeRecord } from '../registry/node-record.ts';
import type {
  CleanUpResult,
  IssuedRequest,
  LivenessUpdate,
  Locked,
  Progress,
  RecordLookup,
  RegistrationStore,
  RejectedMessage,
  Writes,
} from '../registry/ports.ts';
import type { RejectedEvent } from '../registry/registry.ts';
import type { Connection, Database, Ending, Question } from './database.ts';
import { advancePositions } from './sql/advance-positions.ts';
import { holdTerm } from './sql/hold-term.ts';
import { lockNodes } from './sql/lock-nodes.ts';
import { readBounds } from './sql/read-changes.ts';
import { readAllNodes, readLivenessSince, readNodes } from './sql/read-nodes.ts';
import { readRejected, trimRejected, writeRejected } from './sql/rejected-events.ts';
import { readRequests, trimRequests, writeRequest } from './sql/requests.ts';
import { trimChanges, trimRemovedNodes } from './sql/trim.ts';
import { numberedChanges, writeChanges } from './sql/write-changes.ts';
import { copyHeartbeats, writeAcknowledgements, writeHeartbeats } from './sql/write-liveness.ts';
import { renewNodes, writeNodes } from './sql/write-nodes.ts';
import { writeSigns } from './sql/write-signs.ts';

/** An answer to a request that is older than this is an announcement like any other. */
const REQUEST_RETENTION = 24 * 3_600_000;

/** A saga that writes one of the rows waits until the statement has ended. */
const COPIED_AT_ONCE = 500;

/** The registrations in Postgres. The order in which a transaction takes its locks is the same everywhere: term, nodes, liveness, positions, numbers. */
export class PostgresRegistrationStore implements RegistrationStore, RecordLookup {
  readonly #database: Database;
  readonly #config: PostgresConfig;
  readonly #inMemory: (nodeId: NodeId) => NodeRecord | undefined;
  /** Nodes whose last heartbeat may be newer than its copy. */
  readonly #uncopied = new Set<NodeId>();

  /** `inMemory`: a node as the change log had it at its `cursor`, where that is known; it need not be read again. */
  constructor(database: Database, config: PostgresConfig, inMemory: (nodeId: NodeId) => NodeRecord | undefined = () => undefined) {
    this.#database = database;
    this.#config = config;
    this.#inMemory = inMemory;
  }

  transact(
    nodeIds: readonly NodeId[],
    correlationIds: readonly string[],
    work: (locked: Locked) => Promise<Writes>,
    term?: Term,
  ): Promise<readonly Change[]> {
    return this.#database.transactionOf(
      async (connection) => {
        // One round trip: each reads what the locks before it let it see.
        const [, , nodes, requests] = await Promise.all([
          term === undefined ? null : holdTerm(connection, term),
          lockNodes(connection, nodeIds),
          readNodes(connection, nodeIds, this.#inMemory),
          readRequests(connection, correlationIds),
        ]);
        const locked = {
          nodes: new Map(nodes.map((node) => [node.nodeId, node])),
          requests: new Map(requests.map((request) => [request.correlationId, request])),
        };
        const writes = await work(locked);
        if (writes.rejected.length > 0) await writeRejected(connection, writes.rejected);
        return { writes, read: locked.nodes };
      },
      ({ writes, read }) => endingOf(writes, read),
    );
  }

  async recordLiveness(heartbeats: readonly Heartbeat[], receivedAt: number, progress: Progress): Promise<void> {
    const latest = latestOfEach(heartbeats);
    await this.#write([...(latest.length === 0 ? [] : [writeHeartbeats(latest, receivedAt)]), ...advancePositions(progress)]);
    for (const { nodeId } of latest) this.#uncopied.add(nodeId);
  }

  /**
   * Copies the last heartbeats that were stored since the call before into node_registrations, for readers with SQL. Not to be asked through
   * a circuit: where there is nothing to copy nothing is asked, and that would pass for an answer of Postgres.
   */
  async copyHeartbeats(): Promise<void> {
    const nodeIds = [...this.#uncopied];
    for (let done = 0; done < nodeIds.length; done += COPIED_AT_ONCE) {
      const some = nodeIds.slice(done, done + COPIED_AT_ONCE);
      for (const nodeId of some) this.#uncopied.delete(nodeId);
      try {
        await this.#database.run((connection) => copyHeartbeats(connection, some));
      } catch (error) {
        for (const nodeId of some) this.#uncopied.add(nodeId);
        throw error;
      }
    }
  }

  async recordAcknowledgements(acknowledgements: readonly Acknowledgement[], receivedAt: number, progress: Progress): Promise<void> {
    const written = acknowledgements.length === 0 ? [] : [writeAcknowledgements(acknowledgements, receivedAt)];
    await this.#write([...written, ...advancePositions(progress)]);
  }

  async recordRejections(rejected: readonly RejectedMessage[], progress: Progress): Promise<void> {
    await this.#write(advancePositions(progress), async (connection) => {
      if (rejected.length > 0) await writeRejected(connection, rejected);
    });
  }

  async recordRequest(request: IssuedRequest): Promise<void> {
    await this.#database.run((connection) => writeRequest(connection, request));
  }

  loadAll(keep = (node: NodeRecord) => node): Promise<{ readonly nodes: readonly NodeRecord[]; readonly head: Cursor }> {
    // One snapshot for both: what the nodes show and where the log stood must belong together.
    return this.#database.transaction(async (connection) => {
      const { head } = await readBounds(connection);
      return { nodes: await readAllNodes(connection, keep), head };
    }, 'repeatable read');
  }

  async readNode(nodeId: NodeId): Promise<NodeRecord | null> {
    // Whole, past what memory knows: to be compared with that.
    const [node] = await this.#database.run((connection) => readNodes(connection, [nodeId], () => undefined));
    return node ?? null;
  }

  livenessSince(mark: string | null): Promise<{ readonly updates: readonly LivenessUpdate[]; readonly mark: string }> {
    return this.#database.run((connection) => readLivenessSince(connection, mark));
  }

  rejectedEvents(first: number): Promise<readonly RejectedEvent[]> {
    return this.#database.run((connection) => readRejected(connection, first));
  }

  async cleanUp(now: number, term: Term): Promise<CleanUpResult> {
    const { changeRetention, changeRetentionCount, rejectedRetention, removedRetention } = this.#config;
    const asLeader = (trim: (connection: Connection) => Promise<number>) =>
      this.#database.transaction(async (connection) => {
        await holdTerm(connection, term);
        return trim(connection);
      });
    return {
      nodes: await asLeader((connection) => trimRemovedNodes(connection, now - removedRetention)),
      rejectedEvents: await asLeader((connection) => trimRejected(connection, now - rejectedRetention)),
      requests: await asLeader((connection) => trimRequests(connection, now - REQUEST_RETENTION)),
      changes: await asLeader((connection) => trimChanges(connection, now - changeRetention, changeRetentionCount)),
    };
  }

  /** In one transaction, behind what has to be done `first`. */
  async #write(questions: readonly Question[], first: (connection: Connection) => Promise<void> = async () => undefined): Promise<void> {
    await this.#database.transactionOf(first, () => ({ questions, result: () => undefined }));
  }
}

/** The last heartbeat of each node, with the last status that any of its heartbeats carried. */
function latestOfEach(heartbeats: readonly Heartbeat[]): Heartbeat[] {
  const latest = new Map<NodeId, Heartbeat>();
  for (const heartbeat of heartbeats) {
    const reportedHealth = heartbeat.reportedHealth ?? latest.get(heartbeat.nodeId)?.reportedHealth ?? null;
    latest.set(heartbeat.nodeId, { ...heartbeat, reportedHealth });
  }
  return [...latest.values()];
}

/** Everything in the order of the locks. */
function endingOf(writes: Writes, read: Locked['nodes']): Ending<readonly Change[]> {
  const { nodes, changes } = writes;
  const changed = new Set(changes.map(({ nodeId }) => nodeId));
  const renewed: NodeRecord[] = [];
  const whole: NodeRecord[] = [];
  for (const node of nodes) {
    const isRenewed = !changed.has(node.nodeId) && hasOnlyRenewed(node, read.get(node.nodeId));
    (isRenewed ? renewed : whole).push(node);
  }
  const questions = [...(nodes.length === 0 ? [] : writeSigns(nodes, read)), ...advancePositions(writes)];
  if (renewed.length > 0) questions.push(renewNodes(renewed));
  if (changes.length > 0) questions.push(writeChanges(changes, whole));
  else if (whole.length > 0) questions.push(writeNodes(whole));
  return { questions, result: (rows) => (changes.length === 0 ? [] : numberedChanges(changes, rows)) };
}

/** What an announcement of the same content renews. */
const RENEWED: ReadonlySet<string> = new Set<keyof NodeRecord>(['currentState', 'accepted', 'leaseSeconds', 'liveness', 'acknowledgedAt']);

/** Whether the node stands as it was read but for what is renewed. */
function hasOnlyRenewed(node: NodeRecord, before: NodeRecord | undefined): boolean {
  if (before === undefined) return false;
  return Object.keys(node).every((field) => RENEWED.has(field) || Reflect.get(node, field) === Reflect.get(before, field));
}
