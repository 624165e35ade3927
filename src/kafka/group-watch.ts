import type { Kafka } from 'kafkajs';
import { delay } from '../delay.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { type GroupState, readGroup } from './group-look.ts';
import type { GroupMember } from './group-member.ts';
import type { Progress } from './progress.ts';
import { type GroupLook, type Restarts, StallWatch } from './stall.ts';

/** Looks at the group are this far apart, or a sixth of the patience. Milliseconds. */
const LOOK = 5000;
/** Of one look, before Kafka counts as away. Milliseconds. */
const DEADLINE = 5000;

export interface GroupWatch {
  readonly kafka: Kafka;
  readonly groupId: string;
  /** What the consumer subscribed to. */
  readonly topics: readonly string[];
  /** How long nothing may move. Milliseconds. */
  readonly patience: number;
  readonly member: Pick<GroupMember, 'isIn' | 'memberId' | 'assigned'>;
  readonly progress: Progress;
  readonly isPaused: (topic: string) => boolean;
  readonly restarts: Restarts;
  readonly now: () => number;
  readonly log: Log;
}

/**
 * Watches a consumer from outside, with a connection of its own: what Kafka has for it, and whether it gets anywhere. Whatever kafkajs
 * believes, hangs in or loops in, the result is the same: nothing moves. Resolves with what is wrong, or null when the signal aborts.
 */
export async function watchGroup(watch: GroupWatch, signal: AbortSignal) {
  const { kafka, groupId, topics, patience, restarts, now, log } = watch;
  const interval = Math.min(LOOK, patience / 6);
  const stalls = new StallWatch(patience);
  let isBlind = false;
  while (!signal.aborted) {
    await delay(interval, signal);
    if (signal.aborted) break;
    // A new one each time: one that is kept can hang, or miss a coordinator that moved, as the consumer does.
    const admin = kafka.admin({ retry: { retries: 0 } });
    try {
      const state = await Promise.race([
        admin.connect().then(() => readGroup(admin, groupId, topics)),
        delay(DEADLINE, signal).then(() => {
          throw new Error(`no answer within ${DEADLINE} ms`);
        }),
      ]);
      isBlind = false;
      const look = lookOf(watch, state, interval);
      const stall = stalls.look(look, now());
      if (stall !== null) {
        log.error({ reason: stall, patience, ...look, lagging: Object.fromEntries(look.lagging) }, 'the Kafka consumer stands still');
        return stall;
      }
      if (look.isMember && look.lagging.size === 0 && look.missingTopics.length === 0) restarts.excuse(now());
    } catch (error) {
      stalls.reset();
      restarts.excuse(now());
      // Once: while Kafka is away others say so, but one that only refuses these questions would leave the consumer unwatched.
      if (!isBlind && !signal.aborted) log.warn({ error: messageOf(error) }, 'cannot see whether the consumer gets on, will look again');
      isBlind = true;
    } finally {
      void admin.disconnect().catch((error: unknown) => log.debug({ error: messageOf(error) }, 'could not close the look at the group'));
    }
  }
  return null;
}

/** What of the group concerns this gateway: its own partitions, and those that nobody has. */
export function lookOf(
  { member, progress, isPaused }: Pick<GroupWatch, 'member' | 'progress' | 'isPaused'>,
  { memberIds, assigned, partitions, missingTopics }: GroupState,
  interval: number,
): GroupLook {
  const isMember = member.isIn() && member.memberId !== null && memberIds.has(member.memberId);
  const lagging = new Map<string, string>();
  for (const { key, topic, low, end, committed } of partitions) {
    const isOwn = member.assigned.has(key);
    const isNobodys = assigned !== null && !assigned.has(key);
    if (isPaused(topic) || !(isOwn || isNobodys)) continue;
    const from = committed === null || committed < low ? low : committed;
    const position = isOwn ? (progress.positionOf(key) ?? from) : from;
    const failures = progress.failures(key);
    // What fails loudly and is tried again is not still: a new consumer would meet the same.
    if (position < end) lagging.set(key, failures === 0 ? `${position}` : `${position}, ${failures} failures`);
  }
  return { isMember, isBusy: progress.isBusySince(interval), missingTopics, lagging };
}
