import type { Consumer, ConsumerRunConfig } from 'kafkajs';
import { atMost } from '../at-most.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { partitionKey } from './progress.ts';

/** kafkajs waits for the group and for brokers while it leaves; the wait for it is bounded, and the session timeout does the rest. Milliseconds. */
const LEAVE_DEADLINE = 1500;

/** One kafkajs consumer, from its start until it has left its group. */
export class GroupMember {
  readonly consumer: Consumer;
  readonly #log: Log;
  #phase: 'out' | 'joining' | 'in' = 'out';
  #isLeaving = false;
  #memberId: string | null = null;
  #assigned: ReadonlySet<string> = new Set();

  constructor(consumer: Consumer, log: Log, onJoin: (member: GroupMember) => void, onCrash: (error: Error) => void) {
    this.consumer = consumer;
    this.#log = log;
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      this.#phase = 'in';
      this.#memberId = payload.memberId;
      this.#assigned = new Set(
        Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
          partitions.map((partition) => partitionKey({ topic, partition })),
        ),
      );
      if (!this.#isLeaving) onJoin(this);
      // kafkajs counts as running, and can leave, only after this event.
      else setImmediate(() => void this.#disconnect());
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      this.#phase = 'out';
      if (!this.#isLeaving) onCrash(payload.error);
    });
  }

  /** The id that Kafka gave it last; null: it has not joined yet. */
  get memberId(): string | null {
    return this.#memberId;
  }

  /** The partitions that it was given. */
  get assigned(): ReadonlySet<string> {
    return this.#assigned;
  }

  isIn(): boolean {
    return this.#phase === 'in' && !this.#isLeaving;
  }

  /** Resolves after the first join, however long that takes. Throws what kafkajs throws. */
  async start(topics: readonly string[], config: ConsumerRunConfig): Promise<void> {
    await this.consumer.connect();
    if (!this.#isLeaving) await this.consumer.subscribe({ topics: [...topics], fromBeginning: true });
    if (this.#isLeaving) {
      await this.#disconnect();
      return;
    }
    this.#phase = 'joining';
    await this.consumer.run(config);
  }

  /** Leaves the group. Returns after a bounded time, also when it could not. */
  async leave(): Promise<void> {
    this.#isLeaving = true;
    // Told to stop while it joins for the first time, kafkajs forgets the one who joins, who then holds partitions for ever: it leaves
    // when it has joined.
    if (this.#phase === 'joining') return;
    await atMost(LEAVE_DEADLINE, this.#disconnect());
  }

  async #disconnect(): Promise<void> {
    try {
      await this.consumer.disconnect();
    } catch (error) {
      this.#log.warn({ error: messageOf(error) }, 'could not leave the consumer group cleanly');
    }
  }
}

/** A broker that has just started reads what it knows of a group before it serves it: nothing is wrong. */
export function isGroupLoading(error: Error): boolean {
  return 'type' in error && error.type === 'GROUP_LOAD_IN_PROGRESS';
}
