/** Why a consumer is started anew: kafkajs gave it up, or nothing moves. */
export type RestartReason = 'crash' | 'not_member' | 'no_progress' | 'topic_missing' | 'new_topic' | 'error';

/** What Kafka says about the group, beside what this gateway has worked off. */
export interface GroupLook {
  /** Kafka counts this gateway among the members of its group. */
  readonly isMember: boolean;
  /** A batch has been in work for as long as a look takes, or longer: that is slow, not still. */
  readonly isBusy: boolean;
  /** Subscribed topics that are no more. */
  readonly missingTopics: readonly string[];
  /** Partitions that have more than was worked off, of those that this gateway should work on now, with how far it is. */
  readonly lagging: ReadonlyMap<string, string>;
}

type StallReason = 'not_member' | 'no_progress' | 'topic_missing';

interface Still {
  readonly value: string;
  readonly since: number;
}

/**
 * Whether a consumer sits there silently: something is wrong at every look and nothing of it has moved for the whole of the patience.
 * Looks that Kafka does not answer say nothing: patience begins anew. Times are milliseconds of any one clock.
 */
export class StallWatch {
  readonly #patience: number;
  #still = new Map<string, Still>();

  constructor(patience: number) {
    this.#patience = patience;
  }

  /** Kafka did not answer, or a new consumer starts. */
  reset(): void {
    this.#still.clear();
  }

  /** What has been wrong for longer than the patience; null: nothing. */
  look({ isMember, isBusy, missingTopics, lagging }: GroupLook, now: number): StallReason | null {
    const wrong = new Map<string, { reason: StallReason; value: string }>();
    if (!isBusy) {
      if (!isMember) wrong.set('membership', { reason: 'not_member', value: '' });
      for (const topic of missingTopics) wrong.set(`topic ${topic}`, { reason: 'topic_missing', value: '' });
      for (const [partition, position] of lagging) wrong.set(`partition ${partition}`, { reason: 'no_progress', value: position });
    }
    const still = new Map<string, Still>();
    let found: StallReason | null = null;
    for (const [what, { reason, value }] of wrong) {
      const before = this.#still.get(what);
      const since = before?.value === value ? before.since : now;
      still.set(what, { value, since });
      if (now - since >= this.#patience) found ??= reason;
    }
    this.#still = still;
    return found;
  }
}

/** So many restarts in a row that do not help, over at least as many times the patience, and the process is given up. */
const HOPELESS = 3;

/** Counts restarts of the consumer, and those in a row after which it did not work while Kafka answered. */
export class Restarts {
  readonly #patience: number;
  readonly #counts = new Map<RestartReason, number>();
  #inVain = 0;
  #workedAt: number;

  constructor(patience: number, now: number) {
    this.#patience = patience;
    this.#workedAt = now;
  }

  /** Since the gateway started. */
  counts(): ReadonlyMap<RestartReason, number> {
    return this.#counts;
  }

  /** The consumer worked, or Kafka was away and nobody could have. */
  excuse(now: number): void {
    this.#inVain = 0;
    this.#workedAt = now;
  }

  /** Returns whether restarts are no help any more. */
  restarted(reason: RestartReason, now: number): boolean {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
    this.#inVain += 1;
    return this.#inVain >= HOPELESS && now - this.#workedAt >= HOPELESS * this.#patience;
  }
}
