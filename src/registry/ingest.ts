import { ExponentialBackoff, handleWhen, retry } from 'cockatiel';
import { EitherSignal } from '../either-signal.ts';
import { BackendError, messageOf } from '../errors.ts';
import type { Acknowledgement, Heartbeat, MessagePosition, NodeEvent, Rejection } from '../events/announcement.ts';
import type { NodeId } from '../events/node-id.ts';
import type { Log } from '../log.ts';
import { traceIdOf } from '../tracer.ts';
import type { Change } from './change.ts';
import type { NodeRecord } from './node-record.ts';
import { type RegistryObserver, UNOBSERVED } from './observer.ts';
import type { Clock, Completed, DeadLetter, Messenger, Processed, RegistrationStore, RejectedMessage } from './ports.ts';
import type { RegistrationSaga } from './saga.ts';
import type { SagaItem } from './saga-groups.ts';
import type { SagaOutcome, SagaResult } from './saga-result.ts';

/** A message with what the parser made of it. */
export interface Incoming {
  readonly position: MessagePosition;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly event: NodeEvent;
  /** W3C trace context as the message's header has it, unchecked; null: none. */
  readonly traceparent: string | null;
  /** The start of the value with secrets masked; asked for when the message is rejected. */
  readonly excerpt: () => string | null;
}

export interface IncomingBatch {
  readonly topic: string;
  readonly partition: number;
  readonly messages: readonly Incoming[];
  /** The offset after the batch. */
  readonly nextOffset: string;
}

interface Rejected {
  readonly message: Incoming;
  readonly rejection: Rejection;
}

export interface IngestParts {
  readonly saga: RegistrationSaga;
  readonly store: RegistrationStore;
  readonly messenger: Messenger;
  readonly now: Clock;
  readonly log: Log;
  /** Knows the traces of messages. Default: there are none. */
  readonly observer?: Pick<RegistryObserver, 'traceparentOf'>;
  /** Something was committed: this gateway's feed reads on at once. */
  readonly onCommitted: (changes: readonly Change[]) => void;
  readonly onRenewed: (renewed: readonly { readonly node: NodeRecord; readonly correlationId: string | null }[]) => void;
  /** Signs of life were stored: heartbeats of these nodes, or acknowledgements. */
  readonly onHeartbeats: (nodeIds: readonly NodeId[]) => void;
}

/** What became of messages since the gateway started. */
export interface IngestCounts {
  applied: number;
  unchanged: number;
  superseded: number;
  rejected: number;
  heartbeat: number;
  acknowledged: number;
  ignored: number;
  /** Tries that a back end failed; every one is retried. */
  failed: number;
}

const BACKOFF = { initialDelay: 100, maxDelay: 3000 };

/**
 * Works off a batch of one partition until every message is registered, superseded or kept with a reason. A back end that is away delays
 * it; nothing is dropped and nothing is dead-lettered for it.
 */
export class Ingest {
  readonly #parts: IngestParts;
  readonly counts: IngestCounts = {
    applied: 0,
    unchanged: 0,
    superseded: 0,
    rejected: 0,
    heartbeat: 0,
    acknowledged: 0,
    ignored: 0,
    failed: 0,
  };

  constructor(parts: IngestParts) {
    this.#parts = parts;
  }

  /**
   * Returns when everything is done, or when the signal or the hold aborts: then the rest will be delivered again. Returns whether it is
   * done. The hold means that a back end is away: messages that are being rejected wait for it here, since a second delivery would put
   * the same letters into the dead-letter topic again.
   */
  async process(batch: IncomingBatch, signal: AbortSignal, hold: AbortSignal = signal): Promise<boolean> {
    const either = new EitherSignal(signal, hold);
    try {
      return await this.#process(batch, signal, either.signal);
    } finally {
      either.end();
    }
  }

  async #process(batch: IncomingBatch, signal: AbortSignal, cut: AbortSignal): Promise<boolean> {
    const { store, now, onHeartbeats } = this.#parts;
    const completed: Completed[] = [{ topic: batch.topic, partition: batch.partition, nextOffset: batch.nextOffset }];
    const sagaItems: SagaItem[] = [];
    const heartbeats: Heartbeat[] = [];
    const acknowledgements: Acknowledgement[] = [];
    const rejections: Rejected[] = [];
    const beats: Processed[] = [];
    const acks: Processed[] = [];
    const ignored: Processed[] = [];
    for (const message of batch.messages) {
      const { event, position } = message;
      switch (event.kind) {
        case 'announcement':
        case 'goodbye':
          sagaItems.push({ position, event });
          break;
        case 'heartbeat':
          heartbeats.push(event);
          beats.push({ position, outcome: 'heartbeat' });
          break;
        case 'acknowledgement':
          acknowledgements.push(event);
          acks.push({ position, outcome: 'acknowledged' });
          break;
        case 'rejection':
          rejections.push({ message, rejection: event });
          break;
        case 'ignored':
          ignored.push({ position, outcome: 'ignored' });
          break;
      }
    }
    const receivedAt = now();
    // The last transaction also records that the batch is complete: one transaction for most batches.
    const steps: { readonly run: (completed: readonly Completed[]) => Promise<void>; readonly until: AbortSignal }[] = [];
    const step = (run: (completed: readonly Completed[]) => Promise<void>, until = cut) => void steps.push({ run, until });
    if (sagaItems.length > 0) step((rest) => this.#runSaga(sagaItems, rest, batch, signal, cut));
    if (rejections.length > 0) step((rest) => this.#reject(rejections, rest, signal), signal);
    if (acks.length > 0) step((rest) => store.recordAcknowledgements(acknowledgements, receivedAt, { processed: acks, completed: rest }));
    if (beats.length > 0) step((rest) => store.recordLiveness(heartbeats, receivedAt, { processed: beats, completed: rest }));
    if (ignored.length > 0) step((rest) => store.recordRejections([], { processed: ignored, completed: rest }));
    for (const [index, { run, until }] of steps.entries()) {
      const isDone = await this.#untilDone(() => run(index === steps.length - 1 ? completed : []), until);
      if (!isDone) return false;
    }
    this.#count(beats, acks, ignored);
    if (heartbeats.length + acknowledgements.length > 0) onHeartbeats(heartbeats.map(({ nodeId }) => nodeId));
    return true;
  }

  async #runSaga(
    items: readonly SagaItem[],
    completed: readonly Completed[],
    batch: IncomingBatch,
    signal: AbortSignal,
    cut: AbortSignal,
  ): Promise<void> {
    const { saga, store, onRenewed, onCommitted } = this.#parts;
    let pending = items;
    let wasRefused = false;
    let isRecorded = completed.length === 0;
    await this.#untilDone(async () => {
      const { changes, done, renewed, retry: left, refused, ...result } = await saga.run(pending, wasRefused ? [] : completed, onCommitted);
      pending = left;
      isRecorded ||= result.isRecorded;
      if (renewed.length > 0) onRenewed(renewed);
      this.#tell(done, changes);
      if (refused.length > 0) {
        wasRefused = true;
        const rejections = rejectionsOf(refused, batch);
        await this.#untilDone(() => this.#reject(rejections, [], signal), signal);
      }
      if (pending.length > 0)
        throw new BackendError('postgres', `${pending.length} of ${items.length} messages have to wait for a back end`);
    }, cut);
    if (!isRecorded && !cut.aborted) await this.#untilDone(() => store.recordRejections([], { processed: [], completed }), cut);
  }

  /** First to the dead-letter topic, then to the table: a crash between leaves a letter twice, never a message unaccounted for. */
  async #reject(rejections: readonly Rejected[], completed: readonly Completed[], signal: AbortSignal): Promise<void> {
    const { messenger, store, now, log } = this.#parts;
    const rejectedAt = now();
    const letters = rejections.map(
      ({ message: { position, key, value }, rejection }): DeadLetter => ({ position, key, value, rejection, failedAt: rejectedAt }),
    );
    if (!(await this.#untilDone(() => messenger.deadLetter(letters), signal))) return;
    const rejected = rejections.map(
      ({ message, rejection }): RejectedMessage => ({ position: message.position, rejection, excerpt: message.excerpt(), rejectedAt }),
    );
    const processed = rejected.map(({ position }): Processed => ({ position, outcome: 'rejected' }));
    // Retried by itself: an outage of Postgres must not fill the dead-letter topic with the same letters.
    if (!(await this.#untilDone(() => store.recordRejections(rejected, { processed, completed }), signal))) return;
    this.counts.rejected += rejected.length;
    for (const { position, rejection } of rejected) {
      log.warn(
        { ...position, errorType: rejection.errorType, reason: rejection.reason, correlationId: rejection.correlationId },
        'rejected a message, it is in the dead-letter topic',
      );
    }
  }

  #tell(done: readonly SagaOutcome[], changes: readonly Change[]): void {
    const { log } = this.#parts;
    const cursors = new Map(changes.map((change) => [change.nodeId, change.cursor]));
    for (const { item, outcome, why } of done) {
      this.counts[outcome] += 1;
      // Of a broadcast's answers there are thousands a second.
      if (outcome === 'unchanged' && !log.isLevelEnabled('debug')) continue;
      const { position, event } = item;
      const nodeId = event.kind === 'goodbye' ? event.nodeId : event.content.nodeId;
      const line = { ...position, nodeId, outcome, reason: event.reason, correlationId: event.correlationId, ...this.#trace(position) };
      if (outcome === 'applied') log.info({ ...line, cursor: cursors.get(nodeId) }, 'Consumed introspection');
      else if (outcome === 'superseded') log.info({ ...line, why }, 'Consumed introspection, superseded');
      else log.debug(line, 'Consumed introspection, nothing new');
    }
  }

  /** What leads from a line of the log to the trace. */
  #trace(position: MessagePosition): { readonly trace_id?: string } {
    const traceparent = (this.#parts.observer ?? UNOBSERVED).traceparentOf(position);
    return traceparent === null ? {} : { trace_id: traceIdOf(traceparent) };
  }

  #count(...groups: readonly (readonly Processed[])[]): void {
    for (const group of groups) for (const { outcome } of group) this.counts[outcome] += 1;
  }

  /** Retries while a back end fails, with jittered backoff, until the signal aborts. Returns whether it succeeded. */
  async #untilDone(step: () => Promise<void>, signal: AbortSignal): Promise<boolean> {
    const policy = retry(
      handleWhen((error) => error instanceof BackendError && !signal.aborted),
      { backoff: new ExponentialBackoff(BACKOFF), maxAttempts: Number.POSITIVE_INFINITY },
    );
    policy.onFailure(({ reason, handled }) => {
      if (!handled) return;
      this.counts.failed += 1;
      const error = 'error' in reason ? messageOf(reason.error) : 'unknown';
      this.#parts.log.warn({ error }, 'a back end does not answer, will retry');
    });
    try {
      await policy.execute(step, signal);
      return !signal.aborted;
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
  }
}

function rejectionsOf(refused: SagaResult['refused'], batch: IncomingBatch): Rejected[] {
  const messages = new Map(batch.messages.map((message) => [message.position, message]));
  return refused.flatMap(({ item, error }) => {
    const message = messages.get(item.position);
    const errorType = error.backend === 'consul' ? ('REFUSED_BY_CONSUL' as const) : ('REFUSED_BY_POSTGRES' as const);
    const rejection = { kind: 'rejection', errorType, reason: error.message, correlationId: item.event.correlationId } as const;
    return message === undefined ? [] : [{ message, rejection }];
  });
}
