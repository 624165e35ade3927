import { readFileSync } from 'node:fs';
import { DrizzleQueryError } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import type { PostgresConfig } from '../config/postgres.ts';
import { BackendError, ContentionError, messageOf, RefusedError } from '../errors.ts';

/** What a statement runs on: a connection of the pool, or the one that a transaction holds. */
export type Connection = NodePgDatabase;

/** A hung server is given up on after this; the server's own limits (below) end a statement before. Milliseconds. */
const QUERY_TIMEOUT = 15_000;

/**
 * SQLSTATE classes of data that Postgres will never take, however often it is sent: data exception, integrity constraint violation,
 * program limit exceeded.
 */
const REFUSED = /^(22|23|54)/;
/** Lock not available, deadlock, serialization failure. */
const CONTENTION = /^(55P03|40P01|40001)$/;

/** The pool, and the two ways to use it. Errors leave as BackendError or RefusedError. */
export class Database {
  readonly #pool: pg.Pool;
  readonly #pooled: Connection;

  constructor(config: PostgresConfig, onError: (error: Error) => void) {
    this.#pool = new pg.Pool({ ...clientOptions(config), max: config.poolSize, query_timeout: QUERY_TIMEOUT });
    // Without listeners a connection that breaks while no statement runs on it, idle or amid a transaction, would end the process.
    this.#pool.on('error', onError);
    this.#pool.on('connect', (client) => client.on('error', onError));
    this.#pooled = drizzle({ client: this.#pool });
  }

  /** One statement (or several that need no common transaction) on any connection. */
  async run<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    try {
      return await work(this.#pooled);
    } catch (error) {
      throw asBackendError(error);
    }
  }

  /**
   * A transaction with timeouts of its own. When `work` throws, nothing is written; what it throws itself passes as it is. When COMMIT
   * fails, nothing is written either, except that a COMMIT whose answer was lost may have succeeded: both are a BackendError.
   */
  async transaction<T>(
    work: (connection: Connection) => Promise<T>,
    mode: 'read committed' | 'repeatable read' = 'read committed',
  ): Promise<T> {
    let client: pg.PoolClient | undefined;
    try {
      client = await this.#pool.connect();
      await client.query(
        `begin isolation level ${mode}; set local lock_timeout = '5s'; set local statement_timeout = '10s'; set local idle_in_transaction_session_timeout = '20s'`,
      );
    } catch (error) {
      client?.release(true);
      throw asBackendError(error);
    }
    let result: T;
    try {
      result = await work(drizzle({ client }));
    } catch (error) {
      await rollBack(client);
      throw error instanceof DrizzleQueryError ? asBackendError(error) : error;
    }
    try {
      await client.query('commit');
    } catch (error) {
      client.release(true);
      throw asBackendError(error);
    }
    client.release();
    return result;
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

/** Connection options that every kind of connection to this Postgres shares. */
export function clientOptions(config: PostgresConfig): pg.ClientConfig {
  return {
    ...(config.url === null
      ? {
          host: config.host ?? undefined,
          port: config.port,
          database: config.database,
          user: config.user,
          password: config.password ?? undefined,
        }
      : { connectionString: config.url }),
    ssl: config.ssl === null ? undefined : { ca: config.ssl.caFile === null ? undefined : readFileSync(config.ssl.caFile, 'utf8') },
    connectionTimeoutMillis: 5000,
    keepAlive: true,
    application_name: 'discovery-gateway',
  };
}

/** Whatever `pg` or Drizzle threw, as one of the gateway's errors. */
export function asBackendError(error: unknown): BackendError | RefusedError {
  if (error instanceof BackendError || error instanceof RefusedError) return error;
  // Drizzle wraps the driver's error.
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof pg.DatabaseError && cause.code !== undefined) {
    const message = `${cause.message} (SQLSTATE ${cause.code})`;
    if (REFUSED.test(cause.code)) return new RefusedError('postgres', message, { cause });
    if (CONTENTION.test(cause.code)) return new ContentionError('postgres', message, { cause });
  }
  return new BackendError('postgres', `Postgres: ${messageOf(cause)}`, { cause });
}

/** A connection that cannot even roll back is gone or hangs, and must not go back into the pool: its end rolls back. */
async function rollBack(client: pg.PoolClient): Promise<void> {
  try {
    await client.query('rollback');
    client.release();
  } catch {
    client.release(true);
  }
}
