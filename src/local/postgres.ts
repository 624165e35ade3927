import { chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { exists } from './cache.ts';
import { postgresBinaries } from './postgres-binaries.ts';
import { run } from './run.ts';
import { defineService, type Service } from './service.ts';
import { reachableDataFolder, serviceUser } from './service-user.ts';
import type { Surroundings } from './surroundings.ts';

/** Finds Postgres and prepares one server on 127.0.0.1 (user `postgres`, no password), not started yet. */
export async function preparePostgres(port: number, surroundings: Surroundings): Promise<Service> {
  const user = await serviceUser();
  const binaries = await postgresBinaries(user, surroundings);
  const logs = join(surroundings.folder, 'postgres');
  await mkdir(logs, { recursive: true });
  const folder = user === null ? logs : await reachableDataFolder(logs, user);
  if (folder !== logs) {
    surroundings.progress('postgres', `its data is in ${folder}: it runs as user ${user?.name}, who cannot enter ${surroundings.folder}`);
    if (surroundings.temporary) surroundings.guard.removeAtEnd(folder);
  }
  // The files of one major version cannot be opened by another.
  const data = join(folder, `data-${binaries.major}`);
  const identity = user === null ? {} : { user: { uid: user.uid, gid: user.gid }, env: { ...process.env, HOME: '/' } };
  if (!(await exists(join(data, 'PG_VERSION')))) {
    await mkdir(data, { recursive: true, mode: 0o700 });
    if (user !== null) await chown(data, user.uid, user.gid);
    const init = ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'];
    const command = { file: join(binaries.folder, 'initdb'), args: init, cwd: '/', ...identity };
    await run(command, join(logs, 'initdb.log'), surroundings.guard, surroundings.signal);
  }
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '200',
    // In the data folder instead of /dev/shm: a killed server leaves nothing there.
    dynamic_shared_memory_type: 'mmap',
    // What is committed still survives a kill, as the system has it by then; synchronous_commit off would lose the last of it.
    ...(surroundings.temporary ? { fsync: 'off', full_page_writes: 'off' } : {}),
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return defineService(
    {
      name: 'Postgres',
      logFile: join(logs, 'postgres.log'),
      command: { file: join(binaries.folder, 'postgres'), args: ['-D', data, ...args], cwd: '/', ...identity },
      // A fast shutdown; SIGTERM would wait until every client has gone.
      stopSignal: 'SIGINT',
      stopPatience: 8000,
      startPatience: 30_000,
      // After a kill the orphaned back ends hold the shared memory for a moment, and a new server refuses to start beside them.
      startAttempts: 10,
      probe: () => probe(postgresUrl(port, 'postgres')),
    },
    surroundings.guard,
  );
}

export function postgresUrl(port: number, database: string): string {
  return `postgres://postgres@127.0.0.1:${port}/${database}`;
}

async function probe(url: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 1000, query_timeout: 2000 });
  try {
    await client.connect();
    await client.query('select 1');
  } finally {
    await client.end();
  }
}

/** Creates the database unless it exists. */
export async function ensureDatabase(url: string, name: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)} template template0`);
  } finally {
    await client.end();
  }
}
