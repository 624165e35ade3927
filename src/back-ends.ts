import { randomUUID } from 'node:crypto';
import { Circuit, guarded } from './circuit.ts';
import type { Config } from './config.ts';
import { AgentCatalog } from './consul/agent-catalog.ts';
import { CheckWriter } from './consul/check-writer.ts';
import { ExternalCatalog } from './consul/external-catalog.ts';
import { PlacedCatalog } from './consul/placed-catalog.ts';
import { EndpointProbe } from './consul/probe.ts';
import type { Backend } from './errors.ts';
import type { NodeId } from './events/node-id.ts';
import { signingKey } from './events/signature.ts';
import { createKafka, createSendingKafka } from './kafka/client.ts';
import { Complaints } from './kafka/complaints.ts';
import { KafkaMessenger } from './kafka/producer.ts';
import { KnownTopics } from './kafka/topics.ts';
import type { Log } from './log.ts';
import { PostgresChangeLog } from './postgres/change-log.ts';
import { Database } from './postgres/database.ts';
import { GatewayRoster } from './postgres/gateway-roster.ts';
import { PostgresLeadership } from './postgres/leadership.ts';
import { PostgresPublishedPosition } from './postgres/published-position.ts';
import { PostgresRegistrationStore } from './postgres/registration-store.ts';
import { readClock } from './postgres/sql/read-clock.ts';
import type { NodeRecord } from './registry/node-record.ts';
import { SharedClock } from './shared-clock.ts';
import type { Tracer } from './tracer.ts';

/** Consul's own minimum, which it applies silently. Milliseconds. */
const CONSUL_MINIMUM_DEREGISTER = 60_000;

const STORE_CALLS = [
  'transact',
  'recordLiveness',
  'recordAcknowledgements',
  'recordRejections',
  'recordRequest',
  'loadAll',
  'readNode',
  'livenessSince',
  'rejectedEvents',
  'cleanUp',
] as const;

export type BackEnds = ReturnType<typeof connectBackEnds>;

/**
 * Kafka, Consul and Postgres, each behind its circuit. Nothing is connected before it is used. `registryId` is known once Postgres, or a
 * snapshot, has told it; `onStep` hears that the time of all gateways was set; `inMemory` tells the nodes that need not be read again.
 */
export function connectBackEnds(
  config: Config,
  registryId: () => string,
  onStep: () => void,
  log: Log,
  inMemory?: (nodeId: NodeId) => NodeRecord | undefined,
  tracer: Tracer | null = null,
) {
  const circuit = (backend: Backend) =>
    new Circuit(backend, Date.now, (position) => log.warn({ backend, circuit: position }, 'a circuit changed'));
  const circuits = { kafka: circuit('kafka'), consul: circuit('consul'), postgres: circuit('postgres') };

  const database = new Database(config.postgres, (error) => log.warn({ error: error.message }, 'a Postgres connection broke'));
  const clock = new SharedClock({
    ask: () => circuits.postgres.run(() => database.run(readClock)),
    monotonic: () => performance.now(),
    wall: Date.now,
    onStep: (milliseconds) => {
      log.warn({ milliseconds }, "this gateway's time was set to that of Postgres");
      onStep();
    },
  });
  const store = guarded(new PostgresRegistrationStore(database, config.postgres, inMemory), circuits.postgres, STORE_CALLS);
  const postgresLog = new PostgresChangeLog(database, config.postgres);
  const changeLog = guarded(postgresLog, circuits.postgres, ['readAfter', 'readAt', 'latestOf', 'bounds']);
  const leadership = new PostgresLeadership(config.postgres, () => performance.now(), log);
  const position = new PostgresPublishedPosition(database);

  if (config.consul.mode === 'agent' && config.consul.deregisterCriticalAfter < CONSUL_MINIMUM_DEREGISTER) {
    log.warn({ configured: config.consul.deregisterCriticalAfter }, 'Consul raises CONSUL_DEREGISTER_CRITICAL_AFTER to one minute');
  }
  const configured = { mode: config.consul.mode, virtualNodes: config.consul.virtualNodes, probes: config.consul.probes };
  const roster = new GatewayRoster({
    database,
    processId: randomUUID(),
    gatewayId: config.gatewayId,
    configured,
    term: () => leadership.term(),
  });
  const placement = () => roster.placement();
  const agent = new AgentCatalog({ config: config.consul, registryId });
  const external = new ExternalCatalog({ config: config.consul, registryId, placement, wholeEvery: config.registry.reconcileInterval });
  const placed = new PlacedCatalog({ agent, external, placement, log });
  const catalog = guarded(placed, circuits.consul, ['register', 'deregister', 'exists', 'standing', 'entry', 'owned']);
  const checkWriter = new CheckWriter({ config: config.consul, registryId, log });
  const checkProbe = new EndpointProbe({ timeout: config.consul.checkTimeout, rules: config.claims.endpoints, keepAlive: true });
  const probe = new EndpointProbe({ timeout: config.registry.probeTimeout, rules: config.claims.endpoints });

  const complaints = new Complaints(config.kafka, log, () => performance.now());
  const kafka = createKafka(config.kafka, complaints);
  const topics = new KnownTopics();
  const { selfSecret } = config.claims;
  const signer = selfSecret === null ? null : signingKey(selfSecret);
  const producer = new KafkaMessenger(createSendingKafka(config.kafka, complaints), config.kafka, registryId, topics, log, signer, tracer);
  const messenger = guarded(producer, circuits.kafka, ['requestIntrospection', 'accept', 'publishChanges', 'deadLetter']);

  return {
    circuits,
    clock,
    store,
    changeLog,
    leadership,
    position,
    catalog,
    external,
    checkWriter,
    checkProbe,
    roster: guarded(roster, circuits.postgres, ['beat']),
    probe,
    kafka,
    complaints,
    topics,
    producer,
    messenger,
    /** The first of them whose circuit is not closed; null when all answer. */
    away: (backends: readonly Backend[]) => backends.find((backend) => circuits[backend].position() !== 'closed') ?? null,
    /** Asked past the circuit, to learn that it may close. Throws while it does not answer. */
    ask: { consul: () => placed.exists(config.gatewayId), postgres: () => postgresLog.bounds() },
    async disconnect(): Promise<void> {
      probe.close();
      checkProbe.close();
      await Promise.all([producer.disconnect(), database.close()]);
    },
    /** At the very end: what still runs fails from here on. */
    close: () => {
      placed.close();
      checkWriter.close();
    },
  };
}
