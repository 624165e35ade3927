import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as applyMigrations } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { readConfig } from '../../../src/config.ts';
import { ContentionError } from '../../../src/errors.ts';
import { PostgresChangeLog } from '../../../src/postgres/change-log.ts';
import { Database } from '../../../src/postgres/database.ts';
import { migrate } from '../../../src/postgres/migrate.ts';
import { PostgresRegistrationStore } from '../../../src/postgres/registration-store.ts';
import { toCursor } from '../../../src/registry/cursor.ts';
import { nodeId } from '../../unit/consul/node-content.ts';
import { freshDatabase, gatewayEnvironment } from '../stack.ts';
import { addition } from './migrated-registry.ts';
import { nodeRecord } from './node-record.ts';

const MIGRATIONS = fileURLToPath(new URL('../../../drizzle', import.meta.url));
const journal = z.looseObject({ entries: z.array(z.looseObject({ tag: z.string() })) });
const OLD = nodeId('old');

let folder: string;
let tags: readonly string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'upgrade-'));
  await cp(MIGRATIONS, folder, { recursive: true });
  tags = journal.parse(JSON.parse(await readFile(join(MIGRATIONS, 'meta', '_journal.json'), 'utf8'))).entries.map(({ tag }) => tag);
});

afterAll(() => rm(folder, { recursive: true }));

/** A database as a version left it that had so many migrations, with a row of everything that this version kept. */
async function databaseOf(count: number) {
  const path = join(folder, 'meta', '_journal.json');
  const whole = journal.parse(JSON.parse(await readFile(join(MIGRATIONS, 'meta', '_journal.json'), 'utf8')));
  await writeFile(path, JSON.stringify({ ...whole, entries: whole.entries.slice(0, count) }));
  const config = readConfig(gatewayEnvironment(await freshDatabase())).postgres;
  const pool = new pg.Pool({ connectionString: config.url ?? undefined, max: 3 });
  await applyMigrations(drizzle({ client: pool }), { migrationsFolder: folder });
  const { liveness, accepted, ...image } = nodeRecord(OLD, { cursor: toCursor(1) });
  const { memoryPercent: _later, ...livenessThen } = liveness;
  const { aheadTime: _laterToo, ...acceptedThen } = accepted;
  const node = JSON.stringify({ ...image, liveness: livenessThen, accepted: acceptedThen });
  await pool.query(
    `insert into node_registrations (node_id, node_type, service_name, capabilities, capability_names, content_hash, said_time, cursor)
     values ($1, 'effect', 'effect-service', '{"ping": true}', '{ping}', 'hash', 17, 1)`,
    [OLD],
  );
  await pool.query("insert into node_liveness (node_id, last_seen_at, memory_mb) values ($1, '2026-11-24T12:00:00Z', 12)", [OLD]);
  await pool.query(
    `insert into registration_changes (cursor, change_type, node_id, node, reason, occurred_at)
     values (1, 'ADDED', $1, $2, 'startup', '2026-11-24T12:00:00Z')`,
    [OLD, node],
  );
  await pool.query('update registry set head = 1');
  await pool.query("insert into published_positions (publisher, cursor) values ('changes', 1)");
  await pool.query("insert into consumer_positions (topic, partition, next_offset, applied) values ('t', 0, 5, 5)");
  await pool.query(
    "insert into rejected_events (topic, partition, \"offset\", reason, error_type, rejected_at) values ('t', 0, 4, 'no JSON', 'x', now())",
  );
  await pool.query("insert into introspection_requests (correlation_id, by_operator, issued_at) values ('c', true, now())");
  return { config, pool };
}

/** Every row of every table, as JSON. */
async function everything(pool: pg.Pool): Promise<Record<string, unknown[]>> {
  const { rows } = await pool.query("select tablename from pg_tables where schemaname = 'public' order by 1");
  const tables = z.array(z.object({ tablename: z.string() })).parse(rows);
  const contents = await Promise.all(
    tables.map(async ({ tablename }) => [tablename, (await pool.query(`select to_jsonb(t) as row from ${tablename} t`)).rows]),
  );
  return Object.fromEntries(contents);
}

it.each([1, 2, 3, 4, 5])('should keep every row of the version that had %d migrations, and go on with them', async (count) => {
  expect(tags.length).toBeGreaterThan(count);
  const { config, pool } = await databaseOf(count);
  const database = new Database(config, () => undefined);
  try {
    const before = await everything(pool);
    await migrate(config);
    expect(await everything(pool)).toMatchObject(before);

    const store = new PostgresRegistrationStore(database, config);
    const log = new PostgresChangeLog(database, config);
    const { nodes, head } = await store.loadAll((node) => node);
    expect(head).toBe(1);
    expect(nodes).toMatchObject([{ nodeId: OLD, serviceName: 'effect-service', capabilities: ['ping'], contentHash: 'hash' }]);
    expect(nodes).toMatchObject([{ accepted: { time: 17, aheadTime: 0 }, liveness: { memoryMb: 12, memoryPercent: null } }]);
    await store.transact([nodeId('new')], [], async () => addition(nodeRecord(nodeId('new'))));
    expect(await log.readAfter(toCursor(0), 10)).toMatchObject([
      { cursor: 1, nodeId: OLD, node: nodeRecord(OLD, { cursor: toCursor(1) }) },
      { cursor: 2, nodeId: 'new' },
    ]);
  } finally {
    await Promise.all([database.close(), pool.end()]);
  }
});

it('should give way to who reads a table for long, as a backup does, and not hold up everybody behind it', async () => {
  const { config, pool } = await databaseOf(5);
  const backup = await pool.connect();
  try {
    await backup.query('begin; lock table registration_changes in access share mode');
    await expect(migrate(config)).rejects.toThrow(ContentionError);
    await backup.query('rollback');
    await migrate(config);
    const { rows } = await pool.query('select traceparent from registration_changes');
    expect(rows).toEqual([{ traceparent: null }]);
  } finally {
    backup.release();
    await pool.end();
  }
});
