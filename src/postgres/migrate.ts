import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as applyMigrations } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';
import { z } from 'zod';
import type { PostgresConfig } from '../config/postgres.ts';
import { asBackendError, clientOptions } from './database.ts';

/** Any number, the same in every gateway: several may start at once, and one migrates while the others wait. */
const MIGRATION_LOCK = 7_302_651_001;

/**
 * A migration waits so long for who reads or writes a table, and everybody who comes after it waits behind it: then it gives way, and is tried
 * again. Milliseconds.
 */
const LOCK_TIMEOUT = 3000;

/**
 * Brings the database to this version's schema, under a lock across gateways. Returns the registry's id, made by the first migration.
 * Throws BackendError when Postgres does not answer, ContentionError while somebody holds a table for long, as a backup does.
 */
export async function migrate(config: PostgresConfig): Promise<string> {
  const client = new pg.Client(clientOptions(config));
  // The statement under way reports it; without a listener it would end the process as well.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await client.query(`set lock_timeout = ${LOCK_TIMEOUT}`);
    await applyMigrations(drizzle({ client }), { migrationsFolder: migrationsFolder() });
    const { rows } = await client.query('select registry_id::text from registry');
    return z.tuple([z.object({ registry_id: z.string() })]).parse(rows)[0].registry_id;
  } catch (error) {
    throw asBackendError(error);
  } finally {
    // Ends the session, and with it the lock.
    await client.end().catch(() => undefined);
  }
}

/** `drizzle/` beside `src/` and `dist/`. */
function migrationsFolder(): string {
  const folder = fileURLToPath(new URL('../../drizzle', import.meta.url));
  if (!existsSync(folder)) throw new Error(`the migrations are missing: ${folder}`);
  return folder;
}
