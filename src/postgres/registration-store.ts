import type { PostgresConfig } from '../config/postgres.ts';
import type { Acknowledgement, Heartbeat } from '../events/announcement.ts';
import type { NodeId } from '../events/node-id.ts';
import type { Change } from '../registry/change.ts';
import { type Cursor, toCursor } from '../registry/cursor.ts';
import type { Term } from '../registry/leadership.ts';
import type { NodeRecord } from '../registry/node-record.ts';
import type {
  CleanUpResult,
  IssuedRequest,
  LivenessUpdate,
  Locked,
  Progress,
  RegistrationStore,
  RejectedMessage,
  Writes,
} from '../registry/ports.ts';
import type { RejectedEvent } from '../registry/registry.ts';
import type { Connection, Database } from './database.ts';
import { advancePositions } from './sql/advance-positions.ts';
import { holdTerm } from './sql/hold-term.ts';
import { lockNodes } from './sql/lock-nodes.ts';
import { readBounds } from './sql/read-changes.ts';
import { readAllNodes, readLivenessSince, readNodes } from './sql/read-nodes.ts';
import { readRejected, trimRejected, writeRejected } from './sql/rejected-events.ts';
import { readRequests, trimRequests, writeRequest } from './sql/requests.ts';
import { trimChanges, trimRemovedNodes } from './sql/trim.ts';
import { takeNumbers, writeChanges } from './sql/write-changes.ts';
import { copyHeartbeats, writeAcknowledgements, writeHeartbeats } from './sql/write-liveness.ts';
import { writeNodes, writeNodesLiveness } from './sql/write-nodes.ts';

/** An answer to a request that is older than this is an announcement like any other. */
const REQUEST_RETENTION = 24 * 3_600_000;

/** The registrations in Postgres. The order in which a transaction takes its locks is the same everywhere: term, nodes, liveness, positions, numbers. */
export class PostgresRegistrationStore implements RegistrationStore {
  readonly #database: Database;
  readonly #config: PostgresConfig;

  constructor(database: Database, config: PostgresConfig) {
    this.#database = database;
    this.#config = config;
  }

  transact(
    nodeIds: readonly NodeId[],
    correlationIds: readonly string[],
    work: (locked: Locked) => Promise<Writes>,
    term?: Term,
  ): Promise<readonly Change[]> {
    return this.#database.transaction(async (connection) => {
      if (term !== undefined) await holdTerm(connection, term);
      await lockNodes(connection, nodeIds);
      const nodes = await readNodes(connection, nodeIds);
      const requests = await readRequests(connection, correlationIds);
      const locked = {
        nodes: new Map(nodes.map((node) => [node.nodeId, node])),
        requests: new Map(requests.map((request) => [request.correlationId, request])),
      };
      return write(connection, await work(locked), locked.nodes);
    });
  }

  async recordLiveness(heartbeats: readonly Heartbeat[], receivedAt: number, progress: Progress): Promise<void> {
    const latest = latestOfEach(heartbeats);
    await this.#database.transaction(async (connection) => {
      if (latest.length > 0) await writeHeartbeats(connection, latest, receivedAt);
      await advancePositions(connection, progress);
    });
    if (latest.length === 0) return;
    await this.#database.run((connection) =>
      copyHeartbeats(
        connection,
        latest.map(({ nodeId }) => nodeId),
      ),
    );
  }

  async recordAcknowledgements(acknowledgements: readonly Acknowledgement[], receivedAt: number, progress: Progress): Promise<void> {
    await this.#database.transaction(async (connection) => {
      if (acknowledgements.length > 0) await writeAcknowledgements(connection, acknowledgements, receivedAt);
      await advancePositions(connection, progress);
    });
  }

  async recordRejections(rejected: readonly RejectedMessage[], progress: Progress): Promise<void> {
    await this.#database.transaction(async (connection) => {
      if (rejected.length > 0) await writeRejected(connection, rejected);
      await advancePositions(connection, progress);
    });
  }

  async recordRequest(request: IssuedRequest): Promise<void> {
    await this.#database.run((connection) => writeRequest(connection, request));
  }

  loadAll(): Promise<{ readonly nodes: readonly NodeRecord[]; readonly head: Cursor }> {
    // One snapshot for both: what the nodes show and where the log stood must belong together.
    return this.#database.transaction(async (connection) => {
      const { head } = await readBounds(connection);
      return { nodes: await readAllNodes(connection), head };
    }, 'repeatable read');
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

async function write(connection: Connection, writes: Writes, read: Locked['nodes']): Promise<readonly Change[]> {
  if (writes.nodes.length > 0) await writeNodesLiveness(connection, writes.nodes, read);
  if (writes.rejected.length > 0) await writeRejected(connection, writes.rejected);
  await advancePositions(connection, writes);
  if (writes.changes.length === 0) {
    if (writes.nodes.length > 0) await writeNodes(connection, writes.nodes);
    return [];
  }
  const before = await takeNumbers(connection, writes.changes.length);
  const latest = new Map<NodeId, Cursor>();
  const changes = writes.changes.map((change, index): Change => {
    const cursor = toCursor(before + index + 1);
    latest.set(change.nodeId, cursor);
    return { ...change, cursor, node: { ...change.node, cursor } };
  });
  await writeNodes(
    connection,
    writes.nodes.map((node) => ({ ...node, cursor: latest.get(node.nodeId) ?? node.cursor })),
  );
  await writeChanges(connection, changes);
  return changes;
}
