import { type Admin, Kafka, logLevel } from 'kafkajs';
import type { KafkaConfig } from '../../config/kafka.ts';
import { messageOf } from '../../errors.ts';
import { security } from '../../kafka/client.ts';
import { within } from '../../node/deadline.ts';
import { KAFKA_TLS } from '../../tls-fault.ts';
import { readCa } from './ca-file.ts';
import { type Finding, findingsOf } from './finding.ts';
import { checkTopics } from './kafka-topics.ts';
import { placeOf, reach, speaksTls, type Tls, type Trouble } from './reach.ts';
import { seedSocket } from './seed-socket.ts';

const { ok, warning, fault } = findingsOf('kafka');

/** Milliseconds. */
const CONNECT_TIMEOUT = 3000;
const REQUEST_TIMEOUT = 5000;
const DEADLINE = 8000;

interface Seed {
  readonly host: string;
  readonly port: number;
}

/** The brokers, their advertised listeners, the topics and the group, as far as they can be looked at without changing anything. */
export async function checkKafka(config: KafkaConfig, now: number): Promise<Finding[]> {
  const { tls, fault: caFault } = readCa(KAFKA_TLS, config.ssl?.caFile ?? null, now);
  if (caFault !== null) return [caFault];
  const { seeds, findings } = await reachSeeds(config, config.ssl === null ? null : tls);
  const [seed] = seeds;
  if (seed === undefined) return findings;
  const cluster = await describe(config, seed);
  if ('level' in cluster) return [...findings, cluster];
  const { brokers, controller, clusterId } = cluster;
  const listeners = await Promise.all(brokers.map((broker) => checkListener(config, tls, seed, broker)));
  const unreachable = listeners.filter((finding) => finding !== null);
  if (unreachable.length > 0) return [...findings, ...unreachable];
  const size = `${brokers.length} broker${brokers.length === 1 ? '' : 's'}`;
  findings.push(ok(`cluster ${clusterId} of ${size} answers at ${brokers.map(({ host, port }) => placeOf(host, port)).join(', ')}`));
  if (controller === null)
    findings.push(warning('the cluster has no controller at the moment', 'look at the brokers: without one no topic can be created'));
  // Those of KAFKA_BROKER_URL need not all be there.
  const kafka = client(
    config,
    brokers.map(({ host, port }) => placeOf(host, port)),
  );
  const admin = kafka.admin({ retry: { retries: 1 } });
  try {
    await within(DEADLINE, 'connecting to Kafka', admin.connect());
    return [...findings, ...(await within(3 * DEADLINE, 'looking at topics', checkTopics(admin, kafka, config, brokers.length)))];
  } finally {
    await admin.disconnect();
  }
}

/** The brokers of KAFKA_BROKER_URL: one that answers is enough to begin with. */
async function reachSeeds({ brokers, ssl }: KafkaConfig, tls: Tls | null) {
  const findings: Finding[] = [];
  const tried = await Promise.all(
    brokers.map(async (broker) => {
      const match = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(broker);
      const [, host = '', port = ''] = match ?? [];
      if (match === null || Number(port) > 65_535)
        return { seed: null, problem: fault(`KAFKA_BROKER_URL: "${broker}" has no port`, 'write host:port, such as 127.0.0.1:9092') };
      const trouble = await reach(host, Number(port), tls);
      return { seed: { host, port: Number(port) }, problem: trouble === null ? null : seedFault(trouble, ssl !== null) };
    }),
  );
  const seeds = tried.flatMap(({ seed, problem }): Seed[] => (problem === null && seed !== null ? [seed] : []));
  for (const { problem } of tried) {
    if (problem === null) continue;
    // With another one to begin with, the gateway starts all the same.
    findings.push(seeds.length > 0 ? { ...problem, level: 'warning' } : problem);
  }
  return { seeds, findings };
}

function seedFault({ kind, what, remedy }: Trouble, isSecure: boolean): Finding {
  const remedies: Readonly<Record<Trouble['kind'], string>> = {
    name: 'correct the host in KAFKA_BROKER_URL, or the DNS of this machine',
    refused: 'start Kafka, or correct host and port in KAFKA_BROKER_URL',
    silent: 'correct the host in KAFKA_BROKER_URL, or let this machine through the firewall',
    plain: 'set KAFKA_SSL=false, or name the port of the TLS listener in KAFKA_BROKER_URL',
    certificate: '',
    other: isSecure ? 'look at the listeners of the broker, and at KAFKA_SSL' : 'look at the listeners of the broker',
  };
  return fault(`KAFKA_BROKER_URL: ${what}`, remedy ?? remedies[kind]);
}

/** What the cluster says of itself; a fault where the broker does not speak as configured, or does not let us in. */
async function describe(config: KafkaConfig, seed: Seed) {
  const place = placeOf(seed.host, seed.port);
  try {
    return await onSeed(config, seed, (admin) => admin.describeCluster());
  } catch (error) {
    const said = messageOf(error);
    if (error instanceof Error && error.name === 'KafkaJSSASLAuthenticationError') {
      return fault(
        `${place} does not let ${config.sasl?.username ?? 'us'} in: ${said}`,
        'correct KAFKA_SASL_MECHANISM (it must be enabled at that listener), KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD',
      );
    }
    if (config.ssl === null && (await speaksTls(seed.host, seed.port))) {
      return fault(`${place} speaks TLS, and KAFKA_SSL is false`, 'set KAFKA_SSL=true, and KAFKA_SSL_CA_FILE where the CA is your own');
    }
    if (config.sasl === null) {
      return fault(
        `${place} accepts connections, but does not answer as Kafka does: ${said}`,
        'it may be another service, or a listener that asks for a login (KAFKA_SASL_MECHANISM and its companions)',
      );
    }
    return fault(
      `${place} accepts connections, but no login: ${said}`,
      'it may be another service, or a listener without SASL (then leave KAFKA_SASL_MECHANISM out)',
    );
  }
}

/** What a broker says of where it is counts more than KAFKA_BROKER_URL, which is only where to begin. */
async function checkListener(
  config: KafkaConfig,
  tls: Tls,
  seed: Seed,
  broker: Seed & { readonly nodeId: number },
): Promise<Finding | null> {
  const trouble = await reach(broker.host, broker.port, config.ssl === null ? null : tls);
  if (trouble === null) return null;
  const said = placeOf(broker.host, broker.port);
  return fault(
    `broker ${broker.nodeId} advertises ${said}, and from here ${trouble.what}`,
    `${placeOf(seed.host, seed.port)} answers, but clients go on to what advertised.listeners of that broker says: set it to an address that this machine reaches`,
  );
}

/** Work on the one broker, whatever address it advertises. */
async function onSeed<T>(config: KafkaConfig, seed: Seed, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = client(config, [placeOf(seed.host, seed.port)], seed).admin({ retry: { retries: 0 } });
  try {
    await within(DEADLINE, 'the first answer', admin.connect());
    return await within(DEADLINE, 'an answer', work(admin));
  } catch (error) {
    // kafkajs wraps what the broker said into how often it was tried.
    throw rootOf(error);
  } finally {
    await admin.disconnect();
  }
}

function client(config: KafkaConfig, brokers: readonly string[], seed?: Seed): Kafka {
  return new Kafka({
    clientId: config.clientId,
    brokers: [...brokers],
    ...security(config),
    ...(seed === undefined ? {} : { socketFactory: seedSocket(seed) }),
    connectionTimeout: CONNECT_TIMEOUT,
    authenticationTimeout: REQUEST_TIMEOUT,
    requestTimeout: REQUEST_TIMEOUT,
    retry: { retries: 0 },
    logLevel: logLevel.NOTHING,
  });
}

function rootOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? rootOf(error.cause) : error;
}
