import { setMaxListeners } from 'node:events';
import type { EachBatchPayload, Kafka } from 'kafkajs';
import type { KafkaConfig } from '../config/kafka.ts';
import { delay } from '../delay.ts';
import { EitherSignal } from '../either-signal.ts';
import { type Backend, messageOf } from '../errors.ts';
import type { Meaning } from '../events/event-kind.ts';
import type { Log } from '../log.ts';
import { unlessAborted } from '../unless-aborted.ts';
import { withAdmin } from './admin.ts';
import { type BatchHooks, BatchWork } from './batch-work.ts';
import { GroupMember, isGroupLoading } from './group-member.ts';
import { type GroupWatch, watchGroup } from './group-watch.ts';
import { OffsetCommits } from './offset-commits.ts';
import { type Blocker, Pauses } from './pauses.ts';
import { Progress, partitionKey } from './progress.ts';
import { type RestartReason, Restarts } from './stall.ts';
import { consumedTopics, type KnownTopics } from './topics.ts';

/** Partitions worked on side by side: introspections do not wait for heartbeats. */
const CONCURRENT_PARTITIONS = 4;
/** A consumer that stopped is started again after this. Milliseconds. */
const RESTART_AFTER = 1000;
/** Topics that were missing are looked for this often. Milliseconds. */
const TOPIC_CHECK = 30_000;
/** kafkajs notices new partitions of a topic when it asks for metadata, which it does every 5 min by default. Milliseconds. */
const METADATA_MAX_AGE = 30_000;
/** Back ends that are away, or back, are looked for this often. Milliseconds. */
const PAUSE_LOOK = 200;

export interface ConsumerHooks extends BatchHooks {
  /** The consumer hears (again) from this moment on. */
  readonly onHearing: () => void;
  /** Restarts do not help although Kafka answers: only a new process can. Called each time it is tried again in vain. */
  readonly onHopeless: (error: Error) => void;
  /** The call that shows whether Kafka answers, behind its circuit. */
  readonly ask: <T>(call: () => Promise<T>) => Promise<T>;
  /** Which back end must come back before messages of a kind can be worked off. */
  readonly blocker: Blocker;
}

/** The in-process consumer: creates topics, joins the group, parses, hands batches on, commits after the work, and comes back from crashes. */
export class NodeConsumer {
  readonly #kafka: Kafka;
  readonly #config: KafkaConfig;
  readonly #hooks: ConsumerHooks;
  readonly #log: Log;
  readonly #meanings: ReadonlyMap<string, Meaning>;
  readonly #topics: KnownTopics;
  readonly #pauses: Pauses;
  readonly #progress: Progress;
  readonly #restarts: Restarts;
  readonly #batchWork: BatchWork;
  #member: GroupMember | null = null;

  constructor(kafka: Kafka, config: KafkaConfig, topics: KnownTopics, hooks: ConsumerHooks, log: Log) {
    this.#topics = topics;
    this.#kafka = kafka;
    this.#config = config;
    this.#hooks = hooks;
    this.#log = log;
    this.#meanings = consumedTopics(config);
    this.#progress = new Progress(hooks.now);
    this.#restarts = new Restarts(config.stallTimeout, hooks.now());
    this.#pauses = new Pauses(this.#meanings, hooks.blocker, (meaning, by) => this.#onPause(meaning, by));
    this.#batchWork = new BatchWork({
      hooks,
      meanings: this.#meanings,
      pauses: this.#pauses,
      pause: () => this.#pause(),
      progress: this.#progress,
      restarts: this.#restarts,
      heartbeatInterval: this.#heartbeatInterval(),
      log,
    });
  }

  /** Whether the consumer is a member of its group and fetches. */
  isRunning(): boolean {
    return this.#member?.isIn() ?? false;
  }

  /** Whether heartbeats of nodes are heard: not while they wait for Postgres. */
  isHearing(): boolean {
    return this.isRunning() && !this.#config.topics.heartbeat.some((topic) => this.#pauses.isPaused(topic));
  }

  /** The back ends for which the consumer pauses, or part of it. */
  waitsFor(): readonly Backend[] {
    return this.#pauses.waitsFor();
  }

  /** How often the consumer was started anew, by why. */
  restarts(): ReadonlyMap<RestartReason, number> {
    return this.#restarts.counts();
  }

  /** Messages of the assigned partitions that are not worked off; null while not a member. */
  lag(): number | null {
    return this.isRunning() ? this.#progress.lag() : null;
  }

  /** Consumes until the signal aborts. An outage, a crash of kafkajs or a standstill is logged, and the consumer starts again. */
  async run(signal: AbortSignal): Promise<void> {
    const pausing = setInterval(() => this.#pause(), PAUSE_LOOK);
    try {
      while (!signal.aborted) {
        const topics = await unlessAborted(this.#prepare(), signal);
        if (topics !== null) {
          const reason = await this.#consume(topics, signal);
          if (reason !== null) this.#restarted(reason);
        }
        await delay(RESTART_AFTER, signal);
      }
    } finally {
      clearInterval(pausing);
    }
  }

  #restarted(reason: RestartReason): void {
    if (reason === 'new_topic') this.#restarts.excuse(this.#hooks.now());
    if (!this.#restarts.restarted(reason, this.#hooks.now())) return;
    const { groupId } = this.#config;
    this.#hooks.onHopeless(
      new Error(
        `The Kafka consumer does not work although Kafka answers, and starting it again does not help (group ${groupId}, last reason: ${reason}). The log above says what kafkajs met; a new process may help, and what is not worked off stays in Kafka.`,
      ),
    );
  }

  /** The topics to consume; null while Kafka is away or has none of them, which no restart changes. */
  async #prepare(): Promise<readonly string[] | null> {
    try {
      await this.#lookForTopics();
    } catch (error) {
      this.#restarts.excuse(this.#hooks.now());
      this.#log.warn({ error: messageOf(error) }, 'cannot start the Kafka consumer, will try again');
      return null;
    }
    const topics = [...this.#meanings.keys()].filter((topic) => this.#topics.has(topic));
    const missing = [...this.#meanings.keys()].filter((topic) => !this.#topics.has(topic));
    if (missing.length > 0) this.#log.warn({ missing }, 'topics are missing, will look for them again');
    if (topics.length > 0) return topics;
    this.#restarts.excuse(this.#hooks.now());
    return null;
  }

  /** Until the signal aborts (null), or the consumer has to be started anew (why). */
  async #consume(topics: readonly string[], signal: AbortSignal): Promise<RestartReason | null> {
    const { groupId, sessionTimeout } = this.#config;
    const consumer = this.#kafka.consumer({
      groupId,
      sessionTimeout,
      // Members that do not come back in time are left behind in a rebalance: the others wait for them no longer than for dead ones.
      rebalanceTimeout: sessionTimeout,
      heartbeatInterval: this.#heartbeatInterval(),
      maxBytesPerPartition: 1_048_576,
      maxWaitTimeInMs: 500,
      metadataMaxAge: METADATA_MAX_AGE,
      allowAutoTopicCreation: false,
      // One way back from a crash, with a new consumer: kafkajs' own restart can fail, and says nothing then.
      retry: { restartOnFailure: async () => false },
    });
    const commits = new OffsetCommits(consumer, (error) =>
      this.#log.warn({ error: messageOf(error) }, 'could not commit offsets, their messages will come again'),
    );
    const ended = new AbortController();
    const either = new EitherSignal(signal, ended.signal);
    const stop = either.signal;
    // Every batch in work listens to it.
    setMaxListeners(0, stop);
    let reason: RestartReason | null = null;
    const end = (why: RestartReason) => {
      if (!stop.aborted) reason = why;
      ended.abort();
    };
    const member = new GroupMember(
      consumer,
      this.#log,
      () => {
        commits.forget();
        this.#progress.forget();
        this.#pause();
        this.#hooks.onHearing();
        this.#log.info({ group: groupId, partitions: member.assigned.size }, 'joined the consumer group');
      },
      (error) => {
        if (isGroupLoading(error))
          this.#log.info({ group: groupId }, 'Kafka has just started and still loads the consumer group, will try again');
        else this.#log.warn({ error: error.message }, 'the Kafka consumer crashed, will start it again');
        end('crash');
      },
    );
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
      // Markers of transactions and gaps of compaction end here, and nobody is handed them.
      if (payload.batchSize === 0) this.#progress.reached(partitionKey(payload), BigInt(payload.lastOffset) + 1n);
    });
    this.#member = member;
    this.#progress.forget();
    this.#pauses.forget();
    const eachBatch = (payload: EachBatchPayload) => this.#batchWork.workOff(payload, commits, stop);
    const config = { autoCommit: false, eachBatchAutoResolve: false, partitionsConsumedConcurrently: CONCURRENT_PARTITIONS, eachBatch };
    void member.start(topics, config).catch((error: unknown) => {
      if (stop.aborted) return;
      this.#log.warn({ error: messageOf(error) }, 'the Kafka consumer could not start, will try again');
      end('error');
    });
    try {
      await Promise.all([
        this.#untilTopicAppears(topics.length === this.#meanings.size, stop).then((hasAppeared) => {
          if (hasAppeared) end('new_topic');
        }),
        watchGroup(this.#groupWatch(member, topics), stop).then((stall) => {
          if (stall !== null) end(stall);
        }),
      ]);
    } finally {
      end('error');
      this.#member = null;
      // What is finished is committed before the group hears that this member leaves.
      await commits.flush();
      await member.leave();
      either.end();
    }
    return reason;
  }

  #groupWatch(member: GroupMember, topics: readonly string[]): GroupWatch {
    return {
      kafka: this.#kafka,
      groupId: this.#config.groupId,
      topics,
      patience: this.#config.stallTimeout,
      member,
      progress: this.#progress,
      isPaused: (topic) => this.#pauses.isPaused(topic),
      restarts: this.#restarts,
      now: this.#hooks.now,
      log: this.#log,
    };
  }

  /** Keeps the membership with some to spare. Milliseconds. */
  #heartbeatInterval(): number {
    return Math.floor(this.#config.sessionTimeout / 5);
  }

  #lookForTopics(): Promise<boolean> {
    return this.#hooks.ask(() => withAdmin(this.#kafka, (admin) => this.#topics.look(admin, this.#config, this.#log)));
  }

  async #untilTopicAppears(isComplete: boolean, signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      await delay(TOPIC_CHECK, signal);
      if (signal.aborted || isComplete) continue;
      try {
        if (await this.#lookForTopics()) return true;
      } catch (error) {
        this.#log.warn({ error: messageOf(error) }, 'could not look for topics that were missing');
      }
    }
    return false;
  }

  #onPause(meaning: Meaning, by: Backend | null): void {
    if (by !== null) {
      this.#log.warn({ messages: meaning, backend: by }, 'pausing the consumer until the back end is back, it stays in its group');
      return;
    }
    this.#log.info({ messages: meaning }, 'resuming the consumer');
    if (meaning === 'heartbeat') this.#hooks.onHearing();
  }

  #pause(): void {
    this.#pauses.look();
    const member = this.#member;
    if (member === null || !member.isIn()) return;
    try {
      this.#pauses.apply(member.consumer, [...this.#meanings.keys()]);
    } catch (error) {
      this.#log.debug({ error: messageOf(error) }, 'the consumer is about to stop and cannot be paused or resumed');
    }
  }
}
