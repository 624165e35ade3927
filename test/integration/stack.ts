import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { inject } from 'vitest';
import { type Stack, startStack } from '../../src/local/stack.ts';
import { compiledProgram } from '../programs.ts';
import { ownConsul } from './own-consul.ts';

/** The addresses of the stack that all suites share. Nobody may stop or restart it: see `privateStack`. */
export function sharedStack() {
  const { kafka, postgres } = inject('stack');
  return { kafka, consul: ownConsul.address, postgres };
}

/** The file that Node runs for a program such as `src/main.ts`, compiled. */
export function program(source: string): string {
  return compiledProgram(inject('programs'), source);
}

/** A value of KAFKA_ENVIRONMENT that no other suite has: topics of two suites never meet. */
export function uniqueEnvironment(): string {
  return `test-${randomBytes(5).toString('hex')}`;
}

/** For tests that kill gateways: Kafka waits so long, its own minimum, for a member that is dead, instead of 15 s. */
export const SHORT_SESSION = { KAFKA_SESSION_TIMEOUT: '6s' };

/** The environment variables of a gateway on the shared stack, with topics, group and (given by `freshDatabase`) a database of its own. */
export function gatewayEnvironment(databaseUrl: string): Record<string, string> {
  const { kafka, consul } = sharedStack();
  const environment = uniqueEnvironment();
  return {
    KAFKA_BROKER_URL: kafka,
    KAFKA_ENVIRONMENT: environment,
    KAFKA_GROUP_ID: `gateway-${environment}`,
    CONSUL_HOST: consul.host,
    CONSUL_PORT: String(consul.port),
    DATABASE_URL: databaseUrl,
    SERVICE_PORT: '0',
  };
}

/**
 * Creates an empty database (about 50 ms) on the shared Postgres, or on the one given, and returns its URL. Empty on purpose:
 * the registry id is written by the first migration, and a copy of a migrated database would be the same registry.
 */
export async function freshDatabase(server: string = sharedStack().postgres): Promise<string> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const client = new Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(`create database ${name} template template0`);
  } finally {
    await client.end();
  }
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.toString();
}

export type Shared = { readonly [part in 'kafka' | 'consul' | 'postgres']?: true };

/**
 * A stack for one suite, whose services it may kill, pause and restart. What is named in `shared` comes from the shared
 * stack instead: a test of Consul alone needs no second Kafka. The caller stops it.
 */
export async function privateStack(shared: Shared = {}): Promise<Stack> {
  const folder = await mkdtemp(join(tmpdir(), 'discovery-gateway-private-'));
  const { kafka, consul, postgres } = sharedStack();
  const env: NodeJS.ProcessEnv = { ...process.env };
  for (const name of ['KAFKA_BROKER_URL', 'CONSUL_HOST', 'CONSUL_PORT', 'DATABASE_URL', 'POSTGRES_HOST']) delete env[name];
  if (shared.kafka) env['KAFKA_BROKER_URL'] = kafka;
  if (shared.consul) Object.assign(env, { CONSUL_HOST: consul.host, CONSUL_PORT: String(consul.port) });
  if (shared.postgres) env['DATABASE_URL'] = postgres;
  return startStack({ folder, temporary: true, env });
}

/** Brings back what a failed test, or a failed try of the same one, killed or paused and left so: whatever runs next starts from a whole stack. */
export async function mend({ kafka, consul, postgres }: Stack): Promise<void> {
  await Promise.all(
    [kafka, consul, postgres].map(async (service) => {
      if (!service.owned) return;
      if (service.pid === null) await service.start();
      else service.resume();
    }),
  );
}
