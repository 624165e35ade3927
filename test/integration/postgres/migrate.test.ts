import pg from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { BackendError } from '../../../src/errors.ts';
import { freePort } from '../../../src/local/port.ts';
import { migrate } from '../../../src/postgres/migrate.ts';
import { freshDatabase, gatewayEnvironment } from '../stack.ts';
import { migratedRegistry } from './migrated-registry.ts';

describe('migrate', () => {
  it('should let five gateways that start at once agree on one registry', async () => {
    const config = readConfig(gatewayEnvironment(await freshDatabase())).postgres;
    const ids = await Promise.all(Array.from({ length: 5 }, () => migrate(config)));
    expect(new Set(ids).size).toBe(1);
    const client = new pg.Client({ connectionString: config.url ?? undefined });
    await client.connect();
    const { rows } = await client.query('select registry_id::text as id, head, floor from registry');
    await client.end();
    expect(rows).toEqual([{ id: ids[0], head: '0', floor: '0' }]);
  });

  it('should change nothing when it runs again', async () => {
    const config = readConfig(gatewayEnvironment(await freshDatabase())).postgres;
    const first = await migrate(config);
    expect(await migrate(config)).toBe(first);
  });

  it('should give every database an id of its own', async () => {
    const [one, other] = await Promise.all(
      [await freshDatabase(), await freshDatabase()].map((url) => migrate(readConfig(gatewayEnvironment(url)).postgres)),
    );
    expect(one).not.toBe(other);
  });

  it('should say that Postgres does not answer as a failure to be retried', async () => {
    const config = readConfig(gatewayEnvironment(`postgres://postgres@127.0.0.1:${await freePort(new Set())}/nothing`)).postgres;
    await expect(migrate(config)).rejects.toThrow(BackendError);
  });
});

describe('the schema', () => {
  const registry = migratedRegistry();

  afterAll(async () => (await registry).close());

  const columnsOf = async (table: string) => {
    const rows = await (await registry).sql(
      `select column_name, data_type, character_maximum_length as length, is_nullable = 'YES' as nullable, column_default
       from information_schema.columns where table_schema = 'public' and table_name = $1`,
      [table],
    );
    return new Map(rows.map(({ column_name, ...column }) => [column_name, column]));
  };

  const indexesOf = async (table: string) => {
    const rows = await (await registry).sql(`select indexname, indexdef from pg_indexes where schemaname = 'public' and tablename = $1`, [
      table,
    ]);
    return new Map(rows.map(({ indexname, indexdef }) => [indexname, String(indexdef)]));
  };

  it('should hold node_registrations with the columns that its readers rely on', async () => {
    const columns = await columnsOf('node_registrations');
    const text = (length: number, nullable = true) => ({ data_type: 'character varying', length, nullable });
    const json = { data_type: 'jsonb', nullable: false, column_default: "'{}'::jsonb" };
    const time = { data_type: 'timestamp with time zone' };
    expect(columns.get('node_id')).toMatchObject(text(255, false));
    expect(columns.get('node_type')).toMatchObject(text(100, false));
    expect(columns.get('node_name')).toMatchObject(text(255));
    expect(columns.get('node_version')).toMatchObject(text(255));
    for (const name of ['capabilities', 'endpoints', 'metadata']) expect(columns.get(name), name).toMatchObject(json);
    expect(columns.get('health_status')).toMatchObject({ ...text(50, false), column_default: "'UNKNOWN'::character varying" });
    expect(columns.get('last_heartbeat')).toMatchObject({ ...time, nullable: true });
    for (const name of ['registered_at', 'updated_at']) {
      expect(columns.get(name), name).toMatchObject({ ...time, nullable: false, column_default: 'now()' });
    }
  });

  it('should find node_registrations by id, health, type and capability names', async () => {
    const indexes = await indexesOf('node_registrations');
    expect(indexes.get('node_registrations_pkey')).toMatch(/unique index .* using btree \(node_id\)/i);
    expect(indexes.get('idx_node_registrations_health')).toMatch(/using btree \(health_status\)/i);
    expect(indexes.get('idx_node_registrations_type')).toMatch(/using btree \(node_type\)/i);
    expect([...indexes.values()]).toContainEqual(expect.stringMatching(/using gin \(capability_names\)/i));
  });

  it('should take a row of the former registry, which names only id and type', async () => {
    const { sql } = await registry;
    await sql(`insert into node_registrations (node_id, node_type) values ('plain', 'effect')`);
    const rows = await sql(`select capabilities, endpoints, metadata, health_status from node_registrations where node_id = 'plain'`);
    expect(rows).toEqual([{ capabilities: {}, endpoints: {}, metadata: {}, health_status: 'UNKNOWN' }]);
  });

  it('should number registration_changes uniquely and find them by node', async () => {
    const columns = await columnsOf('registration_changes');
    expect(columns.get('cursor')).toMatchObject({ data_type: 'bigint', nullable: false });
    expect(columns.get('node_id')).toMatchObject({ data_type: 'character varying', length: 255, nullable: false });
    const indexes = await indexesOf('registration_changes');
    expect(indexes.get('registration_changes_pkey')).toMatch(/unique index .* \(cursor\)/i);
    expect([...indexes.values()]).toContainEqual(expect.stringMatching(/\(node_id, cursor desc/i));
  });

  it('should hold one registry only', async () => {
    const { sql } = await registry;
    await expect(sql('insert into registry default values')).rejects.toThrow(/registry_pkey/);
    await expect(sql('insert into registry (singleton) values (false)')).rejects.toThrow(/registry_singleton/);
  });
});
