import type { Admin, Batch, EachBatchPayload, Kafka } from 'kafkajs';
import type { KafkaConfig } from '../config.ts';
import { delay } from '../delay.ts';
import { BackendError, messageOf } from '../errors.ts';
import type { Meaning } from '../events/event-kind.ts';
import { excerptOf } from '../events/excerpt.ts';
import { type ParseRules, parseMessage } from '../events/parse-message.ts';
import type { Log } from '../log.ts';
import type { Incoming, IncomingBatch } from '../registry/ingest.ts';
import { unlessAborted } from '../unless-aborted.ts';
import { OffsetCommits } from './offset-commits.ts';
import { consumedTopics, type KnownTopics } from './topics.ts';

/** A dead member's partitions go to the others after this. Milliseconds. */
const SESSION_TIMEOUT = 15_000;
/** kafkajs cannot leave a group that it is still joining: the wait for it is bounded, and the session timeout does the rest. Milliseconds. */
const LEAVE_DEADLINE = 2500;
/** Work that waits for a back end keeps the group membership by this. Milliseconds. */
const KEEP_ALIVE = 3000;
/** Partitions worked on side by side: introspections do not wait for heartbeats. */
const CONCURRENT_PARTITIONS = 4;
/** A consumer that kafkajs gave up on is started again after this. Milliseconds. */
const RESTART_AFTER = 1000;
/** Topics that were missing are looked for this often. Milliseconds. */
const TOPIC_CHECK = 30_000;
/** An error that no back end explains is our own: the batch is tried again after this, loudly. Milliseconds. */
const AFTER_BUG = 5000;

export interface ConsumerHooks {
  /** Works off a batch; false when it was cut short and must be delivered again. */
  readonly process: (batch: IncomingBatch, signal: AbortSignal) => Promise<boolean>;
  /** The consumer hears (again) from this moment on. */
  readonly onHearing: () => void;
  /** The call that shows whether Kafka answers, behind its circuit. */
  readonly ask: <T>(call: () => Promise<T>) => Promise<T>;
  readonly rules: ParseRules;
}

/** The in-process consumer: creates topics, joins the group, parses, hands batches on, commits after the work, and comes back from crashes. */
export class NodeConsumer {
  readonly #kafka: Kafka;
  readonly #config: KafkaConfig;
  readonly #hooks: ConsumerHooks;
  readonly #log: Log;
  readonly #meanings: ReadonlyMap<string, Meaning>;
  readonly #topics: KnownTopics;
  #isRunning = false;
  #assigned = 0;
  readonly #lag = new Map<string, bigint>();

  constructor(kafka: Kafka, config: KafkaConfig, topics: KnownTopics, hooks: ConsumerHooks, log: Log) {
    this.#topics = topics;
    this.#kafka = kafka;
    this.#config = config;
    this.#hooks = hooks;
    this.#log = log;
    this.#meanings = consumedTopics(config);
  }

  /** Whether the consumer is a member of its group and fetches. */
  isRunning(): boolean {
    return this.#isRunning;
  }

  /** Partitions that the group gave to this gateway. */
  assignedPartitions(): number {
    return this.#assigned;
  }

  /** Messages of the assigned partitions that are not worked off; null while not a member. */
  lag(): number | null {
    return this.#isRunning ? Number([...this.#lag.values()].reduce((sum, lag) => sum + lag, 0n)) : null;
  }

  /** Consumes until the signal aborts. An outage or a crash of kafkajs is logged, and the consumer starts again. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await unlessAborted(this.#prepare(), signal);
        if (signal.aborted) break;
        await this.#consume(signal);
      } catch (error) {
        this.#log.warn({ error: messageOf(error) }, 'the Kafka consumer stopped, will start it again');
      }
      this.#isRunning = false;
      this.#assigned = 0;
      await delay(RESTART_AFTER, signal);
    }
  }

  async #prepare(): Promise<void> {
    await this.#withAdmin((admin) => this.#topics.look(admin, this.#config, this.#log));
    const missing = [...this.#meanings.keys()].filter((topic) => !this.#topics.has(topic));
    if (missing.length > 0) this.#log.warn({ missing }, 'topics are missing, will look for them again');
    if (missing.length === this.#meanings.size) throw new Error('none of the node topics exists');
  }

  /** Until the signal aborts, the consumer crashes for good, or a missing topic appears. */
  async #consume(signal: AbortSignal): Promise<void> {
    const consumer = this.#kafka.consumer({
      groupId: this.#config.groupId,
      sessionTimeout: SESSION_TIMEOUT,
      heartbeatInterval: KEEP_ALIVE,
      maxBytesPerPartition: 1_048_576,
      maxWaitTimeInMs: 500,
      allowAutoTopicCreation: false,
    });
    const commits = new OffsetCommits(consumer, (error) =>
      this.#log.warn({ error: messageOf(error) }, 'could not commit offsets, their messages will come again'),
    );
    const ended = new AbortController();
    const stop = AbortSignal.any([signal, ended.signal]);
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      commits.forget();
      this.#lag.clear();
      this.#assigned = Object.values(payload.memberAssignment).flat().length;
      this.#isRunning = true;
      this.#hooks.onHearing();
      this.#log.info({ group: payload.groupId, partitions: this.#assigned }, 'joined the consumer group');
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      this.#isRunning = false;
      this.#log.warn({ error: payload.error.message, restart: payload.restart }, 'the Kafka consumer crashed, will start it again');
      // kafkajs restarts what it thinks retriable; after anything else it would sit there silently.
      if (!payload.restart) ended.abort();
    });
    const topics = [...this.#meanings.keys()].filter((topic) => this.#topics.has(topic));
    try {
      const started = (async () => {
        await consumer.connect();
        await consumer.subscribe({ topics, fromBeginning: true });
        await consumer.run({
          autoCommit: false,
          eachBatchAutoResolve: false,
          partitionsConsumedConcurrently: CONCURRENT_PARTITIONS,
          eachBatch: (payload) => this.#eachBatch(payload, commits, stop),
        });
      })();
      // Joining waits for members that are dead until their session ends: longer than a gateway may take to stop.
      await unlessAborted(started, stop);
      await this.#untilTopicAppears(topics.length === this.#meanings.size, stop);
    } finally {
      // What is finished is committed before the group hears that this member leaves.
      await commits.flush();
      const waiting = new AbortController();
      const leaving = consumer
        .disconnect()
        .catch((error: unknown) => this.#log.warn({ error: messageOf(error) }, 'could not leave the consumer group cleanly'))
        .finally(() => waiting.abort());
      await Promise.race([leaving, delay(LEAVE_DEADLINE, waiting.signal)]);
    }
  }

  async #untilTopicAppears(isComplete: boolean, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await delay(TOPIC_CHECK, signal);
      if (signal.aborted || isComplete) continue;
      if (await this.#withAdmin((admin) => this.#topics.look(admin, this.#config, this.#log))) return;
    }
  }

  /** Never throws: kafkajs would call it six times and then crash, for ever. */
  async #eachBatch(payload: EachBatchPayload, commits: OffsetCommits, signal: AbortSignal): Promise<void> {
    const { batch, heartbeat, resolveOffset, isRunning, isStale } = payload;
    const lost = new AbortController();
    const stop = AbortSignal.any([signal, lost.signal]);
    const keepAlive = setInterval(() => {
      if (!isRunning() || isStale()) lost.abort();
      else heartbeat().catch(() => lost.abort());
    }, KEEP_ALIVE);
    const key = `${batch.partition} ${batch.topic}`;
    try {
      const incoming = this.#parse(batch);
      this.#lag.set(key, BigInt(batch.highWatermark) - BigInt(batch.firstOffset() ?? batch.highWatermark));
      if (await this.#hooks.process(incoming, stop)) {
        resolveOffset(batch.lastOffset());
        this.#lag.set(key, BigInt(batch.highWatermark) - BigInt(incoming.nextOffset));
        commits.finished(batch.topic, batch.partition, incoming.nextOffset);
      }
      // A rebalance is reported by the heartbeat; kafkajs rejoins on its next fetch.
    } catch (error) {
      this.#log.error(
        { topic: batch.topic, partition: batch.partition, offset: batch.firstOffset(), error },
        'a batch failed for a reason of our own, will try it again',
      );
      await delay(AFTER_BUG, stop);
    } finally {
      clearInterval(keepAlive);
    }
  }

  #parse(batch: Batch): IncomingBatch {
    const meaning = this.#meanings.get(batch.topic) ?? 'introspection';
    const messages = batch.messages.map(({ offset, key, value, timestamp, headers }): Incoming => {
      const texts: Record<string, string> = {};
      for (const [name, header] of Object.entries(headers ?? {})) {
        const first = Array.isArray(header) ? header[0] : header;
        if (first !== undefined) texts[name] = first.toString();
      }
      return {
        position: { topic: batch.topic, partition: batch.partition, offset },
        key,
        value,
        event: parseMessage({ topic: batch.topic, key, value, headers: texts, timestamp: Number(timestamp) }, meaning, this.#hooks.rules),
        excerpt: () => excerptOf(value),
      };
    });
    return { topic: batch.topic, partition: batch.partition, messages, nextOffset: String(BigInt(batch.lastOffset()) + 1n) };
  }

  async #withAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = this.#kafka.admin({ retry: { retries: 2, initialRetryTime: 200, maxRetryTime: 1000 } });
    return this.#hooks.ask(async () => {
      try {
        await admin.connect();
        return await work(admin);
      } catch (error) {
        throw new BackendError('kafka', `Kafka: ${messageOf(error)}`, { cause: error });
      } finally {
        await admin.disconnect();
      }
    });
  }
}
