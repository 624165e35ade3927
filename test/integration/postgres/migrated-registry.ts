import pg from 'pg';
import type { PostgresConfig } from '../../../src/config/postgres.ts';
import { readConfig } from '../../../src/config.ts';
import { PostgresChangeLog } from '../../../src/postgres/change-log.ts';
import { Database } from '../../../src/postgres/database.ts';
import { migrate } from '../../../src/postgres/migrate.ts';
import { PostgresRegistrationStore } from '../../../src/postgres/registration-store.ts';
import type { NodeRecord } from '../../../src/registry/node-record.ts';
import type { Writes } from '../../../src/registry/ports.ts';
import { freshDatabase, gatewayEnvironment } from '../stack.ts';
import { newChange } from './node-record.ts';

/** One gateway's hold on the registry: connections of its own. */
export interface StoreOfOne {
  readonly store: PostgresRegistrationStore;
  readonly log: PostgresChangeLog;
  readonly database: Database;
}

/** A migrated database of its own, as several gateways see it, and as a person with SQL does. */
export interface MigratedRegistry {
  readonly config: PostgresConfig;
  /** Another gateway's store. */
  open(): StoreOfOne;
  /** Rows of any statement. */
  sql(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** Configuration variables may differ: `CHANGE_RETENTION` and the like. */
export async function migratedRegistry(variables: Readonly<Record<string, string>> = {}): Promise<MigratedRegistry> {
  const config = readConfig({ ...gatewayEnvironment(await freshDatabase()), ...variables }).postgres;
  await migrate(config);
  const pool = new pg.Pool({ connectionString: config.url ?? undefined, max: 3 });
  // A test may kill connections, these among them; the next statement opens another.
  pool.on('error', () => undefined);
  const opened: Database[] = [];
  return {
    config,
    open: () => {
      const database = new Database(config, () => undefined);
      opened.push(database);
      return { store: new PostgresRegistrationStore(database, config), log: new PostgresChangeLog(database, config), database };
    },
    sql: async (text, values = []) => (await pool.query(text, [...values])).rows,
    close: async () => {
      await Promise.all([pool.end(), ...opened.map((database) => database.close())]);
    },
  };
}

export const NO_WRITES: Writes = { nodes: [], changes: [], processed: [], completed: [], rejected: [] };

/** What the saga writes for nodes that are new. */
export function addition(...nodes: readonly NodeRecord[]): Writes {
  return { ...NO_WRITES, nodes, changes: nodes.map((node) => newChange(node)) };
}
