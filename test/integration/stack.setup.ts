import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { buildPage } from '../../src/local/page/build.ts';
import { lineProgress } from '../../src/local/progress.ts';
import { startStack } from '../../src/local/stack.ts';
import { compilePrograms } from '../programs.ts';
import { startConsulAgent } from './consul-agent.ts';

export type ConsulAddress = {
  readonly host: string;
  readonly port: number;
  readonly dnsPort: number | null;
  /** Whether it was started here: nobody else's services are in it. */
  readonly owned: boolean;
};

/** Where the shared Kafka, Consul and Postgres of a test run are. */
export type StackAddresses = {
  /** `host:port`, comma-separated: what KAFKA_BROKER_URL takes. */
  readonly kafka: string;
  /** One for each file that runs at a time, which takes one that is free. What suites share in Kafka and Postgres has names of its own; in Consul they register the same ids. */
  readonly consuls: readonly ConsulAddress[];
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
  const progress = lineProgress((line) => process.stderr.write(line), Date.now);
  await Promise.all([
    compilePrograms(programs),
    buildPage({ root: project.vitest.config.root, progress, signal: new AbortController().signal }),
  ]);
  const stack = await startStack({ folder, temporary: true, env: process.env, progress });
  const { kafka, consul, postgres } = stack;
  if (postgres.url === null) {
    await stack.stop();
    throw new Error('The tests make a database for each suite: give them DATABASE_URL (of a user who may) instead of POSTGRES_HOST');
  }
  const further = await Promise.all(
    Array.from({ length: project.config.maxWorkers - 1 }, (_, index) => startConsulAgent(join(folder, `consul-${index + 2}`))),
  ).catch(async (error: unknown) => {
    await stack.stop();
    throw error;
  });
  project.provide('programs', programs);
  project.provide('stack', {
    kafka: kafka.url,
    consuls: [consul, ...further].map(({ host, port, dnsPort, owned }) => ({ host, port, dnsPort, owned })),
    postgres: postgres.url,
  });
  return async () => {
    // The folder goes with the stack.
    await Promise.all(further.map((agent) => agent.stop()));
    await stack.stop();
  };
}
