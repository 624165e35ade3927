import type { EachBatchPayload } from 'kafkajs';
import { delay } from '../delay.ts';
import { EitherSignal } from '../either-signal.ts';
import type { Meaning } from '../events/event-kind.ts';
import type { ParseRules } from '../events/parse-message.ts';
import type { Log } from '../log.ts';
import type { IncomingBatch } from '../registry/ingest.ts';
import type { RegistryObserver } from '../registry/observer.ts';
import { readObserved } from './incoming-batch.ts';
import type { OffsetCommits } from './offset-commits.ts';
import type { Pauses } from './pauses.ts';
import { type Progress, partitionKey } from './progress.ts';
import type { Restarts } from './stall.ts';

/** An error that no back end explains is our own: the batch is tried again after this, loudly. Milliseconds. */
const AFTER_BUG = 5000;

export interface BatchHooks {
  /**
   * Works off a batch; false when it was cut short and must be delivered again. `hold` aborts when a back end that it needs is away,
   * `signal` when the batch is no longer this gateway's.
   */
  readonly process: (batch: IncomingBatch, signal: AbortSignal, hold: AbortSignal) => Promise<boolean>;
  readonly rules: ParseRules;
  readonly observer: Pick<RegistryObserver, 'received'>;
  /** Milliseconds. */
  readonly now: () => number;
}

export interface BatchWorkParts {
  readonly hooks: BatchHooks;
  readonly meanings: ReadonlyMap<string, Meaning>;
  readonly pauses: Pauses;
  /** Looks whether to pause or to resume, now. */
  readonly pause: () => void;
  readonly progress: Progress;
  readonly restarts: Restarts;
  /** Keeps the membership in the group meanwhile. Milliseconds. */
  readonly heartbeatInterval: number;
  readonly log: Log;
}

/** Works off what kafkajs fetches: parses it, hands it on, keeps the membership meanwhile, and marks it as finished after the work. */
export class BatchWork {
  readonly #parts: BatchWorkParts;

  constructor(parts: BatchWorkParts) {
    this.#parts = parts;
  }

  /** One batch. Never throws: kafkajs would call it six times and then crash, for ever. */
  async workOff(payload: EachBatchPayload, commits: OffsetCommits, signal: AbortSignal): Promise<void> {
    const { hooks, meanings, pauses, pause, progress, restarts, heartbeatInterval, log } = this.#parts;
    const { batch, heartbeat, resolveOffset, isRunning, isStale } = payload;
    pause();
    // Handed back: it comes again when its topic is resumed.
    if (signal.aborted || pauses.isPaused(batch.topic)) return;
    const lost = new AbortController();
    const either = new EitherSignal(signal, lost.signal);
    const stop = either.signal;
    const keepAlive = setInterval(() => {
      if (!isRunning() || isStale()) lost.abort();
      else heartbeat().catch(() => lost.abort());
    }, heartbeatInterval);
    const key = partitionKey(batch);
    progress.begun(key, batch);
    try {
      const incoming = readObserved(batch, meanings.get(batch.topic) ?? 'introspection', hooks);
      if (await hooks.process(incoming, stop, pauses.holdOf(batch.topic))) {
        resolveOffset(batch.lastOffset());
        progress.reached(key, BigInt(incoming.nextOffset));
        restarts.excuse(hooks.now());
        commits.finished(batch.topic, batch.partition, incoming.nextOffset);
      }
      // A rebalance is reported by the heartbeat; kafkajs rejoins on its next fetch.
    } catch (error) {
      log.error(
        { topic: batch.topic, partition: batch.partition, offset: batch.firstOffset(), error },
        'a batch failed for a reason of our own, will try it again',
      );
      progress.failed(key);
      await delay(AFTER_BUG, stop);
    } finally {
      progress.ended(key);
      clearInterval(keepAlive);
      either.end();
    }
  }
}
