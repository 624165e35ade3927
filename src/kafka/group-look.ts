import { type Admin, AssignerProtocol } from 'kafkajs';
import { partitionKey } from './progress.ts';

/** One partition as Kafka sees it. */
export interface PartitionState {
  readonly key: string;
  readonly topic: string;
  /** The first offset that is still there, and the one that the next message will get. */
  readonly low: bigint;
  readonly end: bigint;
  /** What the group has committed; null: nothing yet. */
  readonly committed: bigint | null;
}

/** What Kafka says about a consumer group and its topics, whatever its members believe. */
export interface GroupState {
  readonly memberIds: ReadonlySet<string>;
  /** Every partition that some member was given; null while the group rebalances. */
  readonly assigned: ReadonlySet<string> | null;
  readonly partitions: readonly PartitionState[];
  readonly missingTopics: readonly string[];
}

/** Asks about a group and the topics that it consumes. Throws what kafkajs throws when Kafka does not answer. */
export async function readGroup(admin: Admin, groupId: string, wanted: readonly string[]): Promise<GroupState> {
  const existing = new Set(await admin.listTopics());
  const topics = wanted.filter((topic) => existing.has(topic));
  const { groups } = await admin.describeGroups([groupId]);
  const members = groups.flatMap((group) => group.members);
  const isStable = groups.every(({ state }) => state === 'Stable');
  const committed = new Map<string, bigint>();
  for (const { topic, partitions } of topics.length === 0 ? [] : await admin.fetchOffsets({ groupId, topics: [...topics] })) {
    for (const { partition, offset } of partitions) {
      if (BigInt(offset) >= 0n) committed.set(partitionKey({ topic, partition }), BigInt(offset));
    }
  }
  const partitions: PartitionState[] = [];
  for (const topic of topics) {
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      const key = partitionKey({ topic, partition });
      partitions.push({ key, topic, low: BigInt(low), end: BigInt(high), committed: committed.get(key) ?? null });
    }
  }
  return {
    memberIds: new Set(members.map(({ memberId }) => memberId)),
    assigned: isStable ? new Set(members.flatMap(({ memberAssignment }) => partitionsOf(memberAssignment))) : null,
    partitions,
    missingTopics: wanted.filter((topic) => !existing.has(topic)),
  };
}

function partitionsOf(memberAssignment: Buffer): string[] {
  // kafkajs cannot read the empty one of a member that has nothing yet.
  if (memberAssignment.length === 0) return [];
  const decoded = AssignerProtocol.MemberAssignment.decode(memberAssignment);
  return Object.entries(decoded?.assignment ?? {}).flatMap(([topic, partitions]) =>
    partitions.map((partition) => partitionKey({ topic, partition })),
  );
}
