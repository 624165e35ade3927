import { hostname } from 'node:os';
import { z } from 'zod';
import { messageOf } from './errors.ts';
import { EndpointAllowList } from './events/endpoint-allow-list.ts';
import { defaultSnapshotPath } from './snapshot/default-path.ts';

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** What a broker accepts by default (`group.min.session.timeout.ms`). Milliseconds. */
const MIN_SESSION_TIMEOUT = 6000;

/** Durations read like Consul's: `500ms`, `30s`, `2m`, `1h`. The value, and `min`, are milliseconds. */
const duration = (fallback: string, min = 0) =>
  z
    .string()
    .default(fallback)
    .transform((text, context) => {
      const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text.trim());
      const [, amount, unit] = match ?? [];
      if (amount === undefined || (unit !== 'ms' && unit !== 's' && unit !== 'm' && unit !== 'h') || Number(amount) <= 0) {
        context.addIssue({ code: 'custom', message: `"${text}" is not a duration above zero such as 500ms, 30s or 2m` });
        return z.NEVER;
      }
      const value = Number(amount) * UNITS[unit];
      if (value >= min) return value;
      context.addIssue({ code: 'custom', message: `"${text}" is shorter than ${min / 1000}s` });
      return z.NEVER;
    });

const number = (fallback: number, min: number, max: number, whole = true) =>
  z
    .string()
    .default(String(fallback))
    .transform((text, context) => {
      const value = Number(text);
      if (text.trim() === '' || Number.isNaN(value) || (whole && !Number.isInteger(value)) || value < min || value > max) {
        context.addIssue({ code: 'custom', message: `"${text}" is not a ${whole ? 'whole ' : ''}number from ${min} to ${max}` });
        return z.NEVER;
      }
      return value;
    });

const flag = (fallback: boolean) =>
  z
    .string()
    .default(String(fallback))
    .transform((text, context) => {
      const value = text.trim().toLowerCase();
      if (value === 'true' || value === '1') return true;
      if (value === 'false' || value === '0') return false;
      context.addIssue({ code: 'custom', message: `"${text}" is neither true nor false` });
      return z.NEVER;
    });

const list = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text) =>
      text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
    );

/** Checked here, so that a wrong rule is reported with all other problems. */
const endpointRules = (fallback: string) =>
  list(fallback).transform((rules, context) => {
    try {
      return new EndpointAllowList(rules);
    } catch (error) {
      context.addIssue({ code: 'custom', message: messageOf(error) });
      return z.NEVER;
    }
  });

/** `host:port`, with or without a scheme, separated by commas. */
const brokers = z.string().transform((text, context) => {
  const addresses = text
    .split(',')
    .map((broker) => broker.trim().replace(/^[a-z_+]+:\/\//i, ''))
    .filter((broker) => broker !== '');
  if (addresses.length > 0) return addresses;
  context.addIssue({ code: 'custom', message: `"${text}" names no broker such as 127.0.0.1:9092` });
  return z.NEVER;
});

const optional = z.string().optional();

/** Every variable that the gateway reads. `.env.example` lists the same, which a test checks. */
const environment = z.object({
  GATEWAY_ID: optional,
  SERVICE_HOST: z.string().default('127.0.0.1'),
  SERVICE_PORT: number(8080, 0, 65_535),
  LOCAL_IP: optional,
  ALLOWED_ORIGINS: list(''),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),

  KAFKA_BROKER_URL: brokers,
  KAFKA_ENVIRONMENT: z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/, 'must be letters, digits, - or _: it is part of topic names')
    .default('dev'),
  KAFKA_GROUP_ID: z.string().default('discovery-gateway'),
  KAFKA_SESSION_TIMEOUT: duration('15s', MIN_SESSION_TIMEOUT),
  KAFKA_STALL_TIMEOUT: duration('30s'),
  KAFKA_SSL: flag(false),
  KAFKA_SSL_CA_FILE: optional,
  KAFKA_SASL_MECHANISM: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).optional(),
  KAFKA_SASL_USERNAME: optional,
  KAFKA_SASL_PASSWORD: optional,
  KAFKA_CREATE_TOPICS: flag(true),
  KAFKA_REPLICATION_FACTOR: number(-1, -1, 9),
  KAFKA_INTROSPECTION_TOPICS: list('{env}.omninode_bridge.onex.evt.node-introspection.v1,onex.evt.platform.node-introspection.v1'),
  KAFKA_HEARTBEAT_TOPICS: list('{env}.omninode_bridge.onex.evt.node-heartbeat.v1,onex.evt.platform.node-heartbeat.v1'),
  KAFKA_ACKNOWLEDGEMENT_TOPICS: list('onex.cmd.platform.node-registration-acked.v1'),
  KAFKA_REQUEST_TOPICS: list(
    '{env}.omninode_bridge.onex.evt.registry-request-introspection.v1,onex.evt.platform.registry-request-introspection.v1,onex.cmd.platform.request-introspection.v1',
  ),
  KAFKA_ACCEPTED_TOPICS: list(
    '{env}.omninode_bridge.onex.evt.node-registration-accepted.v1,onex.evt.platform.node-registration-accepted.v1',
  ),
  KAFKA_CHANGES_TOPIC: z.string().default('{env}.omninode_bridge.onex.evt.registration-changed.v1'),
  KAFKA_DEAD_LETTER_TOPIC: z.string().default('{env}.omninode_bridge.onex.dlq.registry.v1'),

  CONSUL_HOST: z.string(),
  CONSUL_PORT: number(8500, 1, 65_535),
  CONSUL_HTTP_TOKEN: optional,
  CONSUL_SSL: flag(false),
  CONSUL_CA_FILE: optional,
  CONSUL_CHECK_INTERVAL: duration('30s'),
  CONSUL_CHECK_TIMEOUT: duration('10s'),
  CONSUL_SUCCESS_BEFORE_PASSING: number(2, 0, 100),
  CONSUL_FAILURES_BEFORE_CRITICAL: number(3, 0, 100),
  CONSUL_DEREGISTER_CRITICAL_AFTER: duration('90s'),

  DATABASE_URL: optional,
  POSTGRES_HOST: optional,
  POSTGRES_PORT: number(5432, 1, 65_535),
  POSTGRES_DATABASE: optional,
  POSTGRES_DB: optional,
  POSTGRES_USER: z.string().default('postgres'),
  POSTGRES_PASSWORD: optional,
  POSTGRES_SSL: flag(false),
  POSTGRES_SSL_CA_FILE: optional,
  POSTGRES_POOL_SIZE: number(10, 2, 200),

  NODE_TTL_HOURS: number(24, 0.001, 8760, false),
  CLEANUP_INTERVAL_HOURS: number(1, 0.001, 168, false),
  HEARTBEAT_TIMEOUT_SECONDS: number(90, 1, 86_400),
  RECONCILE_INTERVAL: duration('60s'),
  CHANGE_RETENTION: duration('168h'),
  CHANGE_RETENTION_COUNT: number(1_000_000, 1000, 1_000_000_000),
  REJECTED_RETENTION: duration('168h'),
  REMOVED_RETENTION: duration('336h'),
  PROBE_TIMEOUT: duration('1s'),
  BOOKMARK_INTERVAL: duration('15s'),
  ENDPOINT_ALLOW: endpointRules('*'),
  SNAPSHOT_FILE: optional,
  SNAPSHOT_INTERVAL: duration('30s'),
});

/** Addresses to listen on that nobody can connect to. */
const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

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
export type KafkaConfig = Config['kafka'];
export type ConsulConfig = Config['consul'];
export type PostgresConfig = Config['postgres'];
export type RegistryConfig = Config['registry'];

/**
 * The configuration from environment variables. Reads nothing else. Intervals are milliseconds.
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
  if (present['DATABASE_URL'] === undefined && present['POSTGRES_HOST'] === undefined) {
    problems.push('DATABASE_URL or POSTGRES_HOST is missing: where Postgres listens');
  }
  if (present['DATABASE_URL'] !== undefined && !/^postgres(ql)?:\/\//.test(present['DATABASE_URL'] ?? '')) {
    problems.push('DATABASE_URL must start with postgres:// or postgresql://');
  }
  if (
    present['KAFKA_SASL_MECHANISM'] !== undefined &&
    (present['KAFKA_SASL_USERNAME'] === undefined || present['KAFKA_SASL_PASSWORD'] === undefined)
  ) {
    problems.push('KAFKA_SASL_MECHANISM needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD');
  }
  if (parsed.success && parsed.data.KAFKA_STALL_TIMEOUT <= parsed.data.KAFKA_SESSION_TIMEOUT) {
    problems.push('KAFKA_STALL_TIMEOUT must be longer than KAFKA_SESSION_TIMEOUT: a rebalance may wait as long for a dead member');
  }
  if (!parsed.success || problems.length > 0) throw new ConfigurationError(problems);
  const e = parsed.data;
  const topic = (name: string) => name.replaceAll('{env}', e.KAFKA_ENVIRONMENT);
  const gatewayId = e.GATEWAY_ID ?? `gateway-${hostname()}-${e.SERVICE_PORT}`;
  return {
    gatewayId,
    environment: e.KAFKA_ENVIRONMENT,
    logLevel: e.LOG_LEVEL,
    http: {
      host: e.SERVICE_HOST,
      port: e.SERVICE_PORT,
      advertisedHost: e.LOCAL_IP ?? (WILDCARDS.has(e.SERVICE_HOST) ? hostname() : e.SERVICE_HOST),
      allowedOrigins: e.ALLOWED_ORIGINS,
    },
    kafka: {
      brokers: e.KAFKA_BROKER_URL,
      clientId: gatewayId,
      groupId: e.KAFKA_GROUP_ID,
      sessionTimeout: e.KAFKA_SESSION_TIMEOUT,
      stallTimeout: e.KAFKA_STALL_TIMEOUT,
      ssl: e.KAFKA_SSL ? { caFile: e.KAFKA_SSL_CA_FILE ?? null } : null,
      sasl:
        e.KAFKA_SASL_MECHANISM === undefined
          ? null
          : { mechanism: e.KAFKA_SASL_MECHANISM, username: e.KAFKA_SASL_USERNAME ?? '', password: e.KAFKA_SASL_PASSWORD ?? '' },
      createTopics: e.KAFKA_CREATE_TOPICS,
      replicationFactor: e.KAFKA_REPLICATION_FACTOR,
      topics: {
        introspection: e.KAFKA_INTROSPECTION_TOPICS.map(topic),
        heartbeat: e.KAFKA_HEARTBEAT_TOPICS.map(topic),
        acknowledgement: e.KAFKA_ACKNOWLEDGEMENT_TOPICS.map(topic),
        request: e.KAFKA_REQUEST_TOPICS.map(topic),
        accepted: e.KAFKA_ACCEPTED_TOPICS.map(topic),
        changes: topic(e.KAFKA_CHANGES_TOPIC),
        deadLetter: topic(e.KAFKA_DEAD_LETTER_TOPIC),
      },
    },
    consul: {
      host: e.CONSUL_HOST,
      port: e.CONSUL_PORT,
      token: e.CONSUL_HTTP_TOKEN ?? null,
      secure: e.CONSUL_SSL,
      caFile: e.CONSUL_CA_FILE ?? null,
      checkInterval: e.CONSUL_CHECK_INTERVAL,
      checkTimeout: e.CONSUL_CHECK_TIMEOUT,
      successBeforePassing: e.CONSUL_SUCCESS_BEFORE_PASSING,
      failuresBeforeCritical: e.CONSUL_FAILURES_BEFORE_CRITICAL,
      deregisterCriticalAfter: e.CONSUL_DEREGISTER_CRITICAL_AFTER,
    },
    postgres: {
      url: e.DATABASE_URL ?? null,
      host: e.POSTGRES_HOST ?? null,
      port: e.POSTGRES_PORT,
      database: e.POSTGRES_DATABASE ?? e.POSTGRES_DB ?? 'omninode_bridge',
      user: e.POSTGRES_USER,
      password: e.POSTGRES_PASSWORD ?? null,
      ssl: e.POSTGRES_SSL ? { caFile: e.POSTGRES_SSL_CA_FILE ?? null } : null,
      poolSize: e.POSTGRES_POOL_SIZE,
      changeRetention: e.CHANGE_RETENTION,
      changeRetentionCount: e.CHANGE_RETENTION_COUNT,
      rejectedRetention: e.REJECTED_RETENTION,
      removedRetention: e.REMOVED_RETENTION,
    },
    registry: {
      leaseSeconds: e.NODE_TTL_HOURS * 3600,
      cleanUpInterval: e.CLEANUP_INTERVAL_HOURS * UNITS.h,
      heartbeatTimeout: e.HEARTBEAT_TIMEOUT_SECONDS * 1000,
      reconcileInterval: e.RECONCILE_INTERVAL,
      probeTimeout: e.PROBE_TIMEOUT,
      bookmarkInterval: e.BOOKMARK_INTERVAL,
      endpointAllow: e.ENDPOINT_ALLOW,
    },
    snapshot: {
      file: e.SNAPSHOT_FILE === 'none' ? null : (e.SNAPSHOT_FILE ?? defaultSnapshotPath(present, gatewayId, databasePlace(e))),
      interval: e.SNAPSHOT_INTERVAL,
    },
  };
}

/** Which database it is, without who asks it. */
function databasePlace({
  DATABASE_URL,
  POSTGRES_HOST,
  POSTGRES_PORT,
  POSTGRES_DATABASE,
  POSTGRES_DB,
}: z.infer<typeof environment>): string {
  if (DATABASE_URL === undefined || !URL.canParse(DATABASE_URL))
    return `${POSTGRES_HOST}:${POSTGRES_PORT}/${POSTGRES_DATABASE ?? POSTGRES_DB}`;
  const { host, pathname } = new URL(DATABASE_URL);
  return `${host}${pathname}`;
}

const HINTS: Readonly<Record<string, string>> = {
  KAFKA_BROKER_URL: 'where Kafka listens, such as 127.0.0.1:9092',
  CONSUL_HOST: 'where the Consul agent listens, such as 127.0.0.1',
};
