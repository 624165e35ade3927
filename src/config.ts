import { hostname } from 'node:os';
import { z } from 'zod';
import { authConfig, authProblems, authVariables } from './config/auth.ts';
import { claimsConfig, claimsProblems, claimsVariables } from './config/claims.ts';
import { consulConfig, consulVariables } from './config/consul.ts';
import { httpConfig, httpVariables } from './config/http.ts';
import { kafkaConfig, kafkaProblems, kafkaVariables } from './config/kafka.ts';
import { limitConfig, limitVariables } from './config/limits.ts';
import { databasePlace, postgresConfig, postgresProblems, postgresVariables } from './config/postgres.ts';
import { probingConfig, probingProblems, probingVariables } from './config/probing.ts';
import { registryConfig, registryVariables } from './config/registry.ts';
import { tracingConfig, tracingVariables } from './config/tracing.ts';
import { trustedDocumentsConfig, trustedDocumentsProblems, trustedDocumentsVariables } from './config/trusted-documents.ts';
import { duration, optional } from './config/values.ts';
import { defaultSnapshotPath } from './snapshot/default-path.ts';

/** Every variable that the gateway reads. `.env.example` lists the same, which a test checks. */
export const environment = z.object({
  GATEWAY_ID: optional,
  ...httpVariables.shape,
  ...authVariables.shape,
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  ...kafkaVariables.shape,
  ...consulVariables.shape,
  ...postgresVariables.shape,
  ...registryVariables.shape,
  ...limitVariables.shape,
  ...trustedDocumentsVariables.shape,
  ...claimsVariables.shape,
  ...probingVariables.shape,
  ...tracingVariables.shape,
  SNAPSHOT_FILE: optional,
  SNAPSHOT_INTERVAL: duration('30s'),
});

export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `The configuration has ${problems.length} problem${problems.length === 1 ? '' : 's'}:\n${problems.map((problem) => `  - ${problem}`).join('\n')}\nSee .env.example for every variable and its default.`,
    );
    this.problems = problems;
  }
}

export type Config = ReturnType<typeof readConfig>;

/**
 * The configuration from environment variables. Beside them it reads the files of signing keys and certificates, and nothing else.
 * Intervals are milliseconds.
 * Throws ConfigurationError with every problem at once.
 */
export function readConfig(env: NodeJS.ProcessEnv) {
  // An empty variable counts as absent: that is how compose files and shells leave them out.
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = environment.safeParse(present);
  const problems: string[] = [];
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const name = issue.path.join('.');
      problems.push(
        present[name] === undefined ? `${name} is missing${HINTS[name] ? `: ${HINTS[name]}` : ''}` : `${name}: ${issue.message}`,
      );
    }
  }
  const gatewayId = gatewayIdOf(parsed.data);
  problems.push(
    ...postgresProblems(present),
    ...kafkaProblems(present, parsed.data),
    ...trustedDocumentsProblems(present),
    ...probingProblems(parsed.data),
    ...authProblems(present, parsed.data),
    ...claimsProblems(parsed.data, gatewayId),
  );
  if (!parsed.success || problems.length > 0) throw new ConfigurationError(problems);
  const e = parsed.data;
  const http = httpConfig(e);
  return {
    gatewayId,
    environment: e.KAFKA_ENVIRONMENT,
    logLevel: e.LOG_LEVEL,
    http,
    auth: authConfig(e, http),
    kafka: kafkaConfig(e, gatewayId),
    consul: consulConfig(e),
    postgres: postgresConfig(e),
    registry: registryConfig(e),
    limits: limitConfig(present),
    trustedDocuments: trustedDocumentsConfig(e),
    claims: claimsConfig(e),
    probing: probingConfig(e),
    tracing: tracingConfig(e),
    snapshot: {
      file: e.SNAPSHOT_FILE === 'none' ? null : (e.SNAPSHOT_FILE ?? defaultSnapshotPath(present, gatewayId, databasePlace(e))),
      interval: e.SNAPSHOT_INTERVAL,
    },
  };
}

function gatewayIdOf(e: z.output<typeof environment> | undefined): string {
  return e?.GATEWAY_ID ?? `gateway-${hostname()}-${e?.SERVICE_PORT}`;
}

const HINTS: Readonly<Record<string, string>> = {
  KAFKA_BROKER_URL: 'where Kafka listens, such as 127.0.0.1:9092',
  CONSUL_HOST: 'where the Consul agent listens, such as 127.0.0.1',
};
