import pg from 'pg';
import type { PostgresConfig } from '../config/postgres.ts';
import { delay } from '../delay.ts';
import type { NodeId } from '../events/node-id.ts';
import type { Change } from '../registry/change.ts';
import { type Cursor, toCursor } from '../registry/cursor.ts';
import type { ChangeLog } from '../registry/ports.ts';
import { asBackendError, clientOptions, type Database } from './database.ts';
import { readBounds, readChangesAfter, readChangesAt, readChangesOfAfter, readLatestChanges } from './sql/read-changes.ts';
import { CHANGES_CHANNEL } from './sql/write-changes.ts';

const RECONNECT_MIN = 200;
const RECONNECT_MAX = 5000;

/** The change log in Postgres, with LISTEN on a connection of its own. */
export class PostgresChangeLog implements ChangeLog {
  readonly #database: Database;
  readonly #config: PostgresConfig;

  constructor(database: Database, config: PostgresConfig) {
    this.#database = database;
    this.#config = config;
  }

  readAfter(after: Cursor, limit: number, nodeIds: readonly string[] | null = null): Promise<readonly Change[]> {
    return this.#database.run((connection) =>
      nodeIds === null ? readChangesAfter(connection, after, limit) : readChangesOfAfter(connection, nodeIds, after, limit),
    );
  }

  readAt(cursors: readonly Cursor[]): Promise<readonly Change[]> {
    return this.#database.run((connection) => readChangesAt(connection, cursors));
  }

  async latestOf(nodeIds: readonly NodeId[], first: number): Promise<ReadonlyMap<NodeId, readonly Change[]>> {
    const changes = await this.#database.run((connection) => readLatestChanges(connection, nodeIds, first));
    return groupByNode(changes);
  }

  bounds(): Promise<{ readonly head: Cursor; readonly floor: Cursor }> {
    return this.#database.run(readBounds);
  }

  async follow(onWake: (head: Cursor | null) => void, onError: (error: Error) => void, signal: AbortSignal): Promise<void> {
    let wait = RECONNECT_MIN;
    while (!signal.aborted) {
      try {
        await this.#listen((head) => {
          wait = RECONNECT_MIN;
          onWake(head);
        }, signal);
      } catch (error) {
        onError(asBackendError(error));
      }
      // Jitter keeps many gateways from returning to a restarted server in step.
      await delay(wait * (0.5 + Math.random()), signal);
      wait = Math.min(wait * 2, RECONNECT_MAX);
    }
  }

  /** Until the connection ends (throws) or the signal aborts (returns). */
  async #listen(onWake: (head: Cursor | null) => void, signal: AbortSignal): Promise<void> {
    const client = new pg.Client(clientOptions(this.#config));
    const ended = new Promise<void>((resolve, reject) => {
      client.on('error', reject);
      client.on('end', () => (signal.aborted ? resolve() : reject(new Error('the listening connection ended'))));
    });
    // Awaited below; until then a rejection has its handler here.
    ended.catch(() => undefined);
    const stop = () => void client.end().catch(() => undefined);
    signal.addEventListener('abort', stop, { once: true });
    try {
      await client.connect();
      client.on('notification', ({ payload = '' }) => onWake(headIn(payload)));
      await client.query(`listen ${CHANGES_CHANNEL}`);
      onWake(null);
      await ended;
    } finally {
      signal.removeEventListener('abort', stop);
      await client.end().catch(() => undefined);
    }
  }
}

/** null: a gateway of an earlier version says no number. */
function headIn(payload: string): Cursor | null {
  return /^\d+$/.test(payload) ? toCursor(Number(payload)) : null;
}

function groupByNode(changes: readonly Change[]): Map<NodeId, Change[]> {
  const groups = new Map<NodeId, Change[]>();
  for (const change of changes) {
    const group = groups.get(change.nodeId);
    if (group === undefined) groups.set(change.nodeId, [change]);
    else group.push(change);
  }
  return groups;
}
