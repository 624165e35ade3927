import { hostname } from 'node:os';
import { claimsConfig, claimsVariables } from '../../config/claims.ts';
import { type KafkaConfig, kafkaConfig, kafkaProblems, kafkaVariables } from '../../config/kafka.ts';
import { security } from '../../kafka/client.ts';
import type { NodeIntrospectionOptions } from '../../node/index.ts';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';

/** What is said of the service on the command line. */
export interface Announced {
  readonly name: string;
  readonly type: string;
  readonly version?: string | undefined;
  readonly nodeId?: string | undefined;
  readonly capabilities: readonly string[];
  /** Name → URL. */
  readonly endpoints: Readonly<Record<string, string>>;
}

/** How the service is announced: what was said of it, and Kafka from the gateway's own variables. Throws CliError. */
export function nodeOptions(announced: Announced, env: NodeJS.ProcessEnv) {
  const { name, type, version, capabilities, endpoints } = announced;
  const kafka = kafkaOf(env);
  const nodeId = announced.nodeId ?? nodeIdOf(announced);
  const [introspection, heartbeat, acknowledgement] = [
    kafka.topics.introspection[0],
    kafka.topics.heartbeat[0],
    kafka.topics.acknowledgement[0],
  ];
  return {
    kafka: { brokers: kafka.brokers, clientId: nodeId, ...security(kafka) },
    nodeId,
    nodeType: type,
    nodeName: name,
    serviceName: name,
    nodeVersion: version,
    capabilities,
    operations: [],
    endpoints,
    environment: environmentOf(env),
    topics: {
      ...(introspection === undefined ? {} : { introspection }),
      ...(heartbeat === undefined ? {} : { heartbeat }),
      ...(acknowledgement === undefined ? {} : { acknowledgement }),
      requests: kafka.topics.request,
      accepted: kafka.topics.accepted,
    },
    signing: signingOf(env),
  } satisfies NodeIntrospectionOptions;
}

/** The same in each life of the service on this machine, and another for each that runs beside it. */
function nodeIdOf({ name, endpoints }: Announced): string {
  const url = endpoints['api'] ?? endpoints['health'] ?? Object.values(endpoints)[0];
  const port = url !== undefined && URL.canParse(url) ? new URL(url).port : '';
  return [name, hostname(), ...(port === '' ? [] : [port])].join('-');
}

function kafkaOf(env: NodeJS.ProcessEnv): KafkaConfig {
  const present = presentIn(env);
  const parsed = kafkaVariables.safeParse(present);
  const problems = [
    ...(parsed.success
      ? []
      : parsed.error.issues.map(({ path, message }) =>
          present[path.join('.')] === undefined ? `${path.join('.')} is missing` : `${path.join('.')}: ${message}`,
        )),
    ...kafkaProblems(present, parsed.data),
  ];
  if (!parsed.success || problems.length > 0) {
    throw new CliError(
      EXIT.usage,
      `The variables for Kafka are wrong: ${problems.join('; ')}. They are those of the gateway: docs/configuration.md, or --env-file`,
    );
  }
  return kafkaConfig(parsed.data, 'dgw-announce');
}

function environmentOf(env: NodeJS.ProcessEnv): string {
  return env['KAFKA_ENVIRONMENT'] || 'dev';
}

/** The key that SELF_SIGNING_KEY names, as gateways use it for themselves. */
function signingOf(env: NodeJS.ProcessEnv) {
  const parsed = claimsVariables.safeParse(presentIn(env));
  const secret = parsed.success ? claimsConfig(parsed.data).selfSecret : null;
  if (secret !== null) return secret;
  if (!env['SELF_SIGNING_KEY']) return undefined;
  throw new CliError(
    EXIT.usage,
    'SELF_SIGNING_KEY names no key that can be had from SIGNING_KEYS_FILE or SELF_SIGNING_KEY_FILE: docs/claims.md',
  );
}

/** An empty variable counts as absent. */
function presentIn(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
}
