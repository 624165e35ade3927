import { z } from 'zod';
import { caFile } from './ca-file.ts';
import { duration, flag, number, optional, UNITS } from './values.ts';

/** A hundred years: no timer waits for these, and Postgres can still count back. Milliseconds. */
const CENTURY = 876_000 * UNITS.h;

export const postgresVariables = z.object({
  DATABASE_URL: optional,
  POSTGRES_HOST: optional,
  POSTGRES_PORT: number(5432, 1, 65_535),
  POSTGRES_DATABASE: optional,
  POSTGRES_DB: optional,
  POSTGRES_USER: z.string().default('postgres'),
  POSTGRES_PASSWORD: optional,
  POSTGRES_SSL: flag(false),
  POSTGRES_SSL_CA_FILE: caFile,
  POSTGRES_POOL_SIZE: number(10, 2, 200),

  CHANGE_RETENTION: duration('168h', 0, CENTURY),
  CHANGE_RETENTION_COUNT: number(1_000_000, 1000, 1_000_000_000),
  REJECTED_RETENTION: duration('168h', 0, CENTURY),
  REMOVED_RETENTION: duration('336h', 0, CENTURY),
});

export type PostgresConfig = ReturnType<typeof postgresConfig>;

export function postgresConfig(e: z.output<typeof postgresVariables>) {
  return {
    url: e.DATABASE_URL === undefined ? null : trusting(e.DATABASE_URL, e.POSTGRES_SSL_CA_FILE),
    host: e.POSTGRES_HOST ?? null,
    port: e.POSTGRES_PORT,
    database: e.POSTGRES_DATABASE ?? e.POSTGRES_DB ?? 'omninode_bridge',
    user: e.POSTGRES_USER,
    password: e.POSTGRES_PASSWORD ?? null,
    ssl: e.POSTGRES_SSL,
    caFile: e.POSTGRES_SSL_CA_FILE ?? null,
    poolSize: e.POSTGRES_POOL_SIZE,
    changeRetention: e.CHANGE_RETENTION,
    changeRetentionCount: e.CHANGE_RETENTION_COUNT,
    rejectedRetention: e.REJECTED_RETENTION,
    removedRetention: e.REMOVED_RETENTION,
  };
}

/** Whether the URL itself asks for TLS with a certificate that is looked at: `pg` then takes all that concerns it from there. */
export function asksForTls(url: string): boolean {
  return /[?&]sslmode=(prefer|require|verify-ca|verify-full)\b/.test(url);
}

function trusting(url: string, caFile: string | undefined): string {
  if (caFile === undefined || !asksForTls(url) || /[?&]sslrootcert=/.test(url)) return url;
  return `${url}&sslrootcert=${encodeURIComponent(caFile)}`;
}

/** What no single variable can be blamed for. */
export function postgresProblems(present: NodeJS.ProcessEnv): readonly string[] {
  const problems: string[] = [];
  if (present['DATABASE_URL'] === undefined && present['POSTGRES_HOST'] === undefined) {
    problems.push('DATABASE_URL or POSTGRES_HOST is missing: where Postgres listens');
  }
  if (present['DATABASE_URL'] !== undefined && !/^postgres(ql)?:\/\//.test(present['DATABASE_URL'] ?? '')) {
    problems.push('DATABASE_URL must start with postgres:// or postgresql://');
  }
  return problems;
}

/** Which database it is, without who asks it. */
export function databasePlace({
  DATABASE_URL,
  POSTGRES_HOST,
  POSTGRES_PORT,
  POSTGRES_DATABASE,
  POSTGRES_DB,
}: z.output<typeof postgresVariables>): string {
  if (DATABASE_URL === undefined || !URL.canParse(DATABASE_URL))
    return `${POSTGRES_HOST}:${POSTGRES_PORT}/${POSTGRES_DATABASE ?? POSTGRES_DB}`;
  const { host, pathname } = new URL(DATABASE_URL);
  return `${host}${pathname}`;
}
