import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { lineProgress } from '../../src/local/progress.ts';
import { startStack } from '../../src/local/stack.ts';
import { compilePrograms } from '../programs.ts';

/** Where the shared Kafka, Consul and Postgres of a test run are. */
export type StackAddresses = {
  /** `host:port`, comma-separated: what KAFKA_BROKER_URL takes. */
  readonly kafka: string;
  readonly consul: { readonly host: string; readonly port: number; readonly dnsPort: number | null };
  /** A URL of a superuser, on a database of no meaning. */
  readonly postgres: string;
};

declare module 'vitest' {
  interface ProvidedContext {
    stack: StackAddresses;
    /** The folder of the compiled programs. */
    programs: string;
  }
}

/** One real stack for the whole run, on free ports, with data of its own; gone afterwards, whatever happened. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'discovery-gateway-test-'));
  const programs = join(folder, 'programs');
  await compilePrograms(programs);
  const stack = await startStack({
    folder,
    temporary: true,
    env: process.env,
    progress: lineProgress((line) => process.stderr.write(line), Date.now),
  });
  const { kafka, consul, postgres } = stack;
  if (postgres.url === null) {
    await stack.stop();
    throw new Error('The tests make a database for each suite: give them DATABASE_URL (of a user who may) instead of POSTGRES_HOST');
  }
  project.provide('programs', programs);
  project.provide('stack', {
    kafka: kafka.url,
    consul: { host: consul.host, port: consul.port, dnsPort: consul.dnsPort },
    postgres: postgres.url,
  });
  return () => stack.stop();
}
