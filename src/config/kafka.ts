import { z } from 'zod';
import { caFile } from './ca-file.ts';
import { duration, flag, list, number, optional } from './values.ts';

/** What a broker accepts by default (`group.min.session.timeout.ms`). Milliseconds. */
const MIN_SESSION_TIMEOUT = 6000;

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

export const kafkaVariables = z.object({
  KAFKA_BROKER_URL: brokers,
  KAFKA_ENVIRONMENT: z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/, 'must be letters, digits, - or _: it is part of topic names')
    .default('dev'),
  KAFKA_GROUP_ID: z.string().default('discovery-gateway'),
  KAFKA_SESSION_TIMEOUT: duration('15s', MIN_SESSION_TIMEOUT),
  KAFKA_STALL_TIMEOUT: duration('30s'),
  KAFKA_SSL: flag(false),
  KAFKA_SSL_CA_FILE: caFile,
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
});

export type KafkaConfig = ReturnType<typeof kafkaConfig>;

export function kafkaConfig(e: z.output<typeof kafkaVariables>, clientId: string) {
  const topic = (name: string) => name.replaceAll('{env}', e.KAFKA_ENVIRONMENT);
  return {
    brokers: e.KAFKA_BROKER_URL,
    clientId,
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
  };
}

/** What no single variable can be blamed for. */
export function kafkaProblems(present: NodeJS.ProcessEnv, e: z.output<typeof kafkaVariables> | undefined): readonly string[] {
  const problems: string[] = [];
  if (
    present['KAFKA_SASL_MECHANISM'] !== undefined &&
    (present['KAFKA_SASL_USERNAME'] === undefined || present['KAFKA_SASL_PASSWORD'] === undefined)
  ) {
    problems.push('KAFKA_SASL_MECHANISM needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD');
  }
  if (e !== undefined && e.KAFKA_STALL_TIMEOUT <= e.KAFKA_SESSION_TIMEOUT) {
    problems.push('KAFKA_STALL_TIMEOUT must be longer than KAFKA_SESSION_TIMEOUT: a rebalance may wait as long for a dead member');
  }
  return problems;
}
