import { accessSync, constants } from 'node:fs';
import { z } from 'zod';
import { type ConsulConfig, consulConfig, consulVariables } from '../../config/consul.ts';
import { type HttpConfig, httpConfig, httpVariables } from '../../config/http.ts';
import { type KafkaConfig, kafkaConfig, kafkaVariables } from '../../config/kafka.ts';
import { type PostgresConfig, postgresConfig, postgresProblems, postgresVariables } from '../../config/postgres.ts';
import { ConfigurationError, environment, readConfig } from '../../config.ts';
import { messageOf } from '../../errors.ts';
import { maskSecrets } from '../../log.ts';
import { contradictions } from './contradictions.ts';
import { type Finding, findingsOf } from './finding.ts';
import { misspelled } from './misspelled.ts';

/** What can be read of a configuration: one part may be usable where another is not. */
export interface Readable {
  readonly findings: readonly Finding[];
  readonly environment: string | null;
  readonly gatewayId: string | null;
  readonly kafka: KafkaConfig | null;
  readonly consul: ConsulConfig | null;
  readonly postgres: PostgresConfig | null;
  readonly http: HttpConfig | null;
  /** Undefined: it is not known. Null: none is wanted. */
  readonly snapshotFile: string | null | undefined;
}

const { ok, fault } = findingsOf('configuration');
const REMEDY = 'docs/configuration.md has every variable with its form and default';

/** Reads the variables as the gateway does, and says every problem at once. */
export function checkConfiguration(env: NodeJS.ProcessEnv): Readable {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const findings: Finding[] = [
    ...unreadableFiles(present),
    ...contradictions(present),
    ...misspelled(present, Object.keys(environment.shape)),
  ];
  let whole: ReturnType<typeof readConfig> | null = null;
  try {
    whole = readConfig(env);
    if (!findings.some(({ level }) => level === 'fault')) findings.unshift(ok('the variables are whole and fit together'));
  } catch (error) {
    const problems = error instanceof ConfigurationError ? error.problems : [messageOf(error)];
    findings.unshift(...problems.map((problem) => fault(maskSecrets(problem), REMEDY)));
  }
  const kafka = kafkaVariables.safeParse(present);
  const consul = consulVariables.safeParse(present);
  const postgres = postgresVariables.safeParse(present);
  const http = httpVariables.safeParse(present);
  return {
    findings,
    environment: kafka.success ? kafka.data.KAFKA_ENVIRONMENT : null,
    gatewayId: whole?.gatewayId ?? null,
    kafka: kafka.success ? kafkaConfig(kafka.data, 'dgw-doctor') : null,
    consul: consul.success ? consulConfig(consul.data) : null,
    postgres: postgres.success && postgresProblems(present).length === 0 ? postgresConfig(postgres.data) : null,
    http: http.success ? httpConfig(http.data) : null,
    snapshotFile: whole?.snapshot.file,
  };
}

const CHECKED_WITH_THE_REST: ReadonlySet<string> = new Set([
  'SIGNING_KEYS_FILE',
  'SELF_SIGNING_KEY_FILE',
  'SNAPSHOT_FILE',
  'KAFKA_SSL_CA_FILE',
  'CONSUL_CA_FILE',
  'POSTGRES_SSL_CA_FILE',
]);

/** Files that the gateway reads only when it uses them. */
function unreadableFiles(present: NodeJS.ProcessEnv): Finding[] {
  const names = Object.keys(environment.shape).filter((name) => name.endsWith('_FILE') && !CHECKED_WITH_THE_REST.has(name));
  return names.flatMap((name) => {
    const path = z.string().safeParse(present[name]).data;
    if (path === undefined) return [];
    try {
      accessSync(path, constants.R_OK);
      return [];
    } catch (error) {
      return [fault(`${name}: the file cannot be read: ${messageOf(error)}`, 'name a file that exists and that this user may read')];
    }
  });
}
