import { readFileSync } from 'node:fs';
import { DrizzleQueryError } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import type { PostgresConfig } from '../config/postgres.ts';
import { BackendError, ContentionError, RefusedError } from '../errors.ts';
import { explained, POSTGRES_TLS } from '../tls-fault.ts';

/** A statement that each connection parses and plans once, under its name. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

export type Row = Record<string, unknown>;

/** A prepared statement with its values, not sent yet. */
export interface Question {
  readonly statement: Statement;
  readonly values: readonly unknown[];
}

/** How a transaction ends: what it writes right before COMMIT, and what it comes to. */
export interface Ending<T> {
  readonly questions: readonly Question[];
  /** `rows`: of the last question. */
  readonly result: (rows: readonly Row[]) => T;
}

/** What a statement runs on: a connection of the pool, or the one that a transaction holds. */
export type Connection = NodePgDatabase & {
  /**
   * The rows of a prepared statement. Within a transaction it leaves at once and in the order of the calls, without waiting for the answers
   * before it: statements that do not need each other's answers cost one round trip together, and each sees what those before it did.
   * Throws BackendError, RefusedError.
   */
  ask(statement: Statement, values: readonly unknown[]): Promise<Row[]>;
};

/** A hung server is given up on after this; the server's own limits (below) end a statement before. Milliseconds. */
const QUERY_TIMEOUT = 15_000;

/**
 * Plans are kept, and many are made while the tables are empty, when reading one whole looks cheap. Every statement here reaches its rows by
 * an index, except the load of everything.
 */
const BY_INDEX =
  'set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set jit = off; set plan_cache_mode = force_generic_plan';

/**
 * SQLSTATE classes of data that Postgres will never take, however often it is sent: data exception, integrity constraint violation,
 * program limit exceeded.
 */
const REFUSED = /^(22|23|54)/;
/** Lock not available, deadlock, serialization failure. */
const CONTENTION = /^(55P03|40P01|40001)$/;

type IsolationMode = 'read committed' | 'repeatable read';

/** The pool, and the ways to use it. Errors leave as BackendError or RefusedError. */
export class Database {
  readonly #pool: pg.Pool;
  readonly #pooled: Connection;

  constructor(config: PostgresConfig, onError: (error: Error) => void) {
    this.#pool = new pg.Pool({
      ...clientOptions(config),
      max: config.poolSize,
      query_timeout: QUERY_TIMEOUT,
      pipeline: true,
    });
    // Without listeners a connection that breaks while no statement runs on it, idle or amid a transaction, would end the process.
    this.#pool.on('error', onError);
    this.#pool.on('connect', (client) => {
      client.on('error', onError);
      // A statement, since not every pooler lets the `options` of a connection pass. It leaves before all others.
      client.query(BY_INDEX).catch(onError);
    });
    this.#pooled = asConnection(drizzle({ client: this.#pool }), (statement, values) =>
      this.#pool.query({ ...statement, values: [...values] }),
    );
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
  async transaction<T>(work: (connection: Connection) => Promise<T>, mode: IsolationMode = 'read committed'): Promise<T> {
    return this.transactionOf(work, (value) => ({ questions: [], result: () => value }), mode);
  }

  /**
   * The same in two parts. `end` gets what `work` resolved to, and says what is to be written: all of it is known before the first of it is
   * sent, and COMMIT leaves right behind the last, so that the locks which they take are held for no round trip. When one of them fails,
   * COMMIT rolls back.
   */
  async transactionOf<R, T>(
    work: (connection: Connection) => Promise<R>,
    end: (result: R) => Ending<T>,
    mode: IsolationMode = 'read committed',
  ): Promise<T> {
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw asBackendError(error);
    });
    const { stream } = client.connection;
    // What is asked at once leaves in one packet: to write is most of what a statement costs this process.
    stream.cork();
    // Not waited for: what `work` asks first travels with it, and no answer counts before this one.
    const begun = client.query(
      `begin isolation level ${mode}; set local lock_timeout = '5s'; set local statement_timeout = '10s'; set local idle_in_transaction_session_timeout = '20s'`,
    );
    let isOver = false;
    const connection = asConnection(drizzle({ client }), async (statement, values) => {
      if (isOver) throw new Error(`${statement.name} was asked of a transaction that is over`);
      const [answer] = await Promise.all([client.query({ ...statement, values: [...values] }), begun]);
      return answer;
    });
    let ending: Ending<T>;
    try {
      const working = work(connection);
      stream.uncork();
      const [result] = await Promise.all([working, begun]);
      ending = end(result);
    } catch (error) {
      isOver = true;
      await rollBack(client);
      throw isOfDriver(error) ? asBackendError(error) : error;
    }
    isOver = true;
    stream.cork();
    const answers = Promise.all(ending.questions.map(({ statement, values }) => client.query({ ...statement, values: [...values] })));
    const committing = client.query('commit');
    stream.uncork();
    const [answered, committed] = await Promise.allSettled([answers, committing]);
    client.release(committed.status === 'rejected');
    if (answered.status === 'rejected') throw asBackendError(answered.reason);
    if (committed.status === 'rejected') throw asBackendError(committed.reason);
    return ending.result(answered.value.at(-1)?.rows ?? []);
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
    ssl: config.ssl ? { ca: config.caFile === null ? undefined : readFileSync(config.caFile, 'utf8') } : undefined,
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
  return new BackendError('postgres', `Postgres: ${explained(cause, POSTGRES_TLS)}`, { cause });
}

function asConnection(
  drizzled: NodePgDatabase,
  send: (statement: Statement, values: readonly unknown[]) => Promise<{ readonly rows: Row[] }>,
): Connection {
  return Object.assign(drizzled, {
    ask: async (statement: Statement, values: readonly unknown[]) => {
      try {
        return (await send(statement, values)).rows;
      } catch (error) {
        throw asBackendError(error);
      }
    },
  });
}

function isOfDriver(error: unknown): boolean {
  return error instanceof DrizzleQueryError || error instanceof pg.DatabaseError;
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
