import { readFileSync } from 'node:fs';
import type pg from 'pg';
import { z } from 'zod';
import { gatewayVersion } from '../../version.ts';
import { type Finding, findingsOf } from './finding.ts';

const { ok, warning, fault } = findingsOf('postgres');

/** Drizzle's list of the migrations of this version, with the time by which it orders them. */
const journal = z.object({ entries: z.array(z.object({ tag: z.string(), when: z.number() })) });
const applied = z.array(z.object({ created_at: z.coerce.number() }));
const found = z.tuple([z.object({ migrations: z.string().nullable(), registry: z.string().nullable() })]);
const registry = z.array(z.object({ registry_id: z.string() }));

export interface Migrations {
  readonly findings: readonly Finding[];
  readonly registryId: string | null;
}

/** How far the database is from what this version expects. */
export async function checkMigrations(client: pg.Client): Promise<Migrations> {
  const { entries } = journal.parse(JSON.parse(readFileSync(new URL('../../../drizzle/meta/_journal.json', import.meta.url), 'utf8')));
  const version = gatewayVersion();
  const [tables] = found.parse(
    (
      await client.query(
        `select to_regclass('drizzle.__drizzle_migrations')::text as migrations, to_regclass('registry')::text as registry`,
      )
    ).rows,
  );
  if (tables.migrations === null) {
    const finding =
      tables.registry === null
        ? ok('the database is empty: the gateway makes its tables when it starts')
        : fault(
            'the database has a table "registry" and no list of migrations',
            'it belongs to another program: give the gateway a database of its own',
          );
    return { findings: [finding], registryId: null };
  }
  const rows = applied.parse((await client.query('select created_at from drizzle.__drizzle_migrations')).rows);
  const times = new Set(rows.map(({ created_at: time }) => time));
  const newest = entries.reduce((latest, { when }) => Math.max(latest, when), 0);
  const newer = [...times].filter((time) => time > newest);
  const pending = entries.filter(({ when }) => !times.has(when));
  const findings: Finding[] = [];
  if (newer.length > 0) {
    findings.push(
      fault(
        `the database was migrated by a newer version: it has ${newer.length} migration${newer.length === 1 ? '' : 's'} that version ${version} does not know`,
        'run the newer version here as well, and its dgw; amid an upgrade, or after a step back to this version, it is meant: migrations only add',
      ),
    );
  } else if (pending.length > 0) {
    findings.push(
      warning(
        `${pending.length} of ${entries.length} migrations are still to come: ${pending.map(({ tag }) => tag).join(', ')}`,
        'the gateway applies them when it starts: nothing has to be done',
      ),
    );
  } else {
    findings.push(ok(`the migrations are those of version ${version}`));
  }
  const ids = tables.registry === null ? [] : registry.parse((await client.query('select registry_id::text from registry')).rows);
  return { findings, registryId: ids[0]?.registry_id ?? null };
}
