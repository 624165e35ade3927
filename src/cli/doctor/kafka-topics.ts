import { setTimeout } from 'node:timers/promises';
import type { Admin, Kafka } from 'kafkajs';
import type { KafkaConfig } from '../../config/kafka.ts';
import { messageOf } from '../../errors.ts';
import { type Finding, findingsOf } from './finding.ts';

const { ok, warning, fault } = findingsOf('kafka');

/** Topics that are named one by one. */
const SHOWN = 4;
const GROUP_TRIES = 6;
/** Milliseconds. */
const GROUP_PAUSE = 500;

/** What the legacy topics of every environment have in common. */
const MARK = '.omninode_bridge.onex.evt.node-introspection.v1';

const RIGHTS =
  'the gateway reads the topics of nodes (READ), writes to requests, accepted, changes and dead letters (WRITE), and reads its group (READ): docs/operations.md';

/** The topics, the group and the rights. Nothing is created or written. */
export async function checkTopics(admin: Admin, kafka: Kafka, config: KafkaConfig, brokers: number): Promise<Finding[]> {
  const { topics } = config;
  const wanted = [
    ...topics.introspection,
    ...topics.heartbeat,
    ...topics.acknowledgement,
    ...topics.request,
    ...topics.accepted,
    topics.changes,
    topics.deadLetter,
  ];
  const existing = new Set(await admin.listTopics());
  const missing = wanted.filter((topic) => !existing.has(topic));
  const findings: Finding[] = [];
  if (config.replicationFactor > brokers) {
    findings.push(
      fault(
        `KAFKA_REPLICATION_FACTOR is ${config.replicationFactor}, and there are ${brokers} brokers`,
        'no topic could be created: lower it',
      ),
    );
  }
  if (missing.length === 0) findings.push(ok(`all ${wanted.length} topics are there`));
  else findings.push(...(await checkMissing(admin, config, missing, wanted.length)));
  findings.push(...otherEnvironments(existing, topics.introspection));
  findings.push(await checkGroup(admin, config.groupId), await checkWriting(kafka));
  return findings;
}

async function checkMissing(admin: Admin, config: KafkaConfig, missing: readonly string[], wanted: number): Promise<Finding[]> {
  if (!config.createTopics) {
    return [fault(`${missing.length} of ${wanted} topics are missing: ${some(missing)}`, 'create them, or set KAFKA_CREATE_TOPICS=true')];
  }
  const refused: string[] = [];
  let reason = '';
  for (const topic of missing) {
    try {
      await admin.createTopics({
        topics: [{ topic, numPartitions: 1, replicationFactor: config.replicationFactor }],
        validateOnly: true,
        waitForLeaders: false,
      });
    } catch (error) {
      refused.push(topic);
      reason = saidOf(error);
    }
  }
  if (refused.length === 0) {
    return [ok(`${missing.length} of ${wanted} topics are missing, and this user may create them: the gateway does when it starts`)];
  }
  return [
    fault(
      `${refused.length} of ${wanted} topics are missing or hidden from this user, and it cannot create them (${reason}): ${some(refused)}`,
      `create them, and give this user its rights: ${RIGHTS}`,
    ),
  ];
}

/** Topics of other environments, and none of this one: most probably its name is wrong. */
function otherEnvironments(existing: ReadonlySet<string>, introspection: readonly string[]): Finding[] {
  const own = introspection.find((topic) => topic.endsWith(MARK));
  if (own === undefined || existing.has(own)) return [];
  const others = [...existing].filter((topic) => topic.endsWith(MARK)).map((topic) => topic.slice(0, -MARK.length));
  if (others.length === 0) return [];
  const some = others.slice(0, 5).join(', ');
  return [
    warning(
      `Kafka has no topics of the environment "${own.slice(0, -MARK.length)}", but of ${some}`,
      'correct KAFKA_ENVIRONMENT, unless this is the first gateway of a new environment',
    ),
  ];
}

async function checkGroup(admin: Admin, groupId: string): Promise<Finding> {
  for (let tries = 1; ; tries += 1) {
    try {
      const { groups } = await admin.describeGroups([groupId]);
      const [group] = groups;
      const members = group?.members.length ?? 0;
      if (group !== undefined && group.protocolType !== '' && group.protocolType !== 'consumer') {
        return fault(`group ${groupId} is no group of consumers but of kind ${group.protocolType}`, 'choose another KAFKA_GROUP_ID');
      }
      return ok(`group ${groupId} ${members === 0 ? 'has no member at the moment' : `has ${members} member${members === 1 ? '' : 's'}`}`);
    } catch (error) {
      // A cluster that never had a group makes the topic for them now. Of a refusal kafkajs says no more than of that.
      if (tries === GROUP_TRIES)
        return fault(`group ${groupId} cannot be looked at: ${saidOf(error)}`, `give this user READ on the group: ${RIGHTS}`);
      await setTimeout(GROUP_PAUSE);
    }
  }
}

/** A producer without duplicates is refused an id where it may write to no topic at all (Kafka 2.8 and later). Nothing is written. */
async function checkWriting(kafka: Kafka): Promise<Finding> {
  const producer = kafka.producer({ idempotent: true, retry: { retries: 1 } });
  try {
    await producer.connect();
    return ok('this user may write');
  } catch (error) {
    return fault(`this user may write to no topic: ${saidOf(error)}`, `give it WRITE: ${RIGHTS}`);
  } finally {
    await producer.disconnect();
  }
}

function some(topics: readonly string[]): string {
  const shown = topics.slice(0, SHOWN).join(', ');
  return topics.length > SHOWN ? `${shown} and ${topics.length - SHOWN} more` : shown;
}

/** kafkajs puts the broker's own words into the errors of one error. */
function saidOf(error: unknown): string {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors)
    ? error.errors.map(messageOf).join(', ')
    : messageOf(error);
}
