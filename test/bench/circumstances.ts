import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { Client } from 'pg';
import { z } from 'zod';
import type { Stack } from '../../src/local/stack.ts';

/** Where and on what is measured. */
export async function circumstances({ consul, postgres }: Stack) {
  const [cpu] = cpus();
  const [loadBefore = 0] = loadavg();
  return {
    date: new Date().toISOString(),
    commit: commit(),
    machine: `${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GB, ${type()} ${release()}`,
    loadBefore,
    versions: { node: process.versions.node, consul: await consulVersion(consul), postgres: await postgresVersion(postgres.url ?? '') },
  };
}

async function consulVersion({ host, port }: Stack['consul']): Promise<string> {
  const response = await fetch(`http://${host}:${port}/v1/agent/self`);
  return z.object({ Config: z.object({ Version: z.string() }) }).parse(await response.json()).Config.Version;
}

async function postgresVersion(url: string): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query("select current_setting('server_version') as version");
    return z.array(z.object({ version: z.string() })).parse(rows)[0]?.version ?? 'unknown';
  } finally {
    await client.end();
  }
}

function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  } catch {
    // A tarball is no repository.
    return 'unknown';
  }
}
