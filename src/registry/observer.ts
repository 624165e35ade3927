import type { MessagePosition } from '../events/announcement.ts';
import type { Change } from './change.ts';
import type { IncomingBatch } from './ingest.ts';

/**
 * Work on announcements that takes time of its own. parse: reading a batch; probe: the gateway's own look at the endpoints; lock: the nodes'
 * locks and rows, until both are there; consul: one registration or deregistration; commit: writing and COMMIT.
 */
export const STEPS = ['parse', 'probe', 'lock', 'consul', 'commit'] as const;
export type Step = (typeof STEPS)[number];

/** Work on what an operator orders. record: writing down what is asked, before it is asked; the others as above, for one node. */
export const ORDER_STEPS = ['record', 'lock', 'consul', 'commit'] as const;
export type OrderStep = (typeof ORDER_STEPS)[number];

/** What a saga came to for a message. retried: a back end failed, and the same message comes again. */
export const SAGA_ENDS = ['applied', 'unchanged', 'superseded', 'refused', 'retried'] as const;
export type SagaEnd = (typeof SAGA_ENDS)[number];

/** Where a change arrives. memory: of this gateway; subscribers: those that follow live over WebSocket; kafka: acknowledged by the broker. */
export const DESTINATIONS = ['memory', 'subscribers', 'kafka'] as const;
export type Destination = (typeof DESTINATIONS)[number];

/** A piece of work that is over. Times are those of `performance.now()`, milliseconds. */
export interface Work {
  readonly startedAt: number;
  readonly endedAt: number;
  /** What it failed with. */
  readonly error?: unknown;
}

/** Told what the registry does and how long it takes, for metrics and traces. None of it throws, and none of it waits. */
export interface RegistryObserver {
  /** A batch was read; `waited`: milliseconds since Kafka took its first message. Each later call for its messages names their positions. */
  received(batch: IncomingBatch, reading: Work, waited: number): void;
  /** A saga begins for these messages, at a time of `performance.now()`; `ended` follows for each of them. */
  began(positions: readonly MessagePosition[], startedAt: number): void;
  /** A step that these messages had in common. */
  step(step: Step, positions: readonly MessagePosition[], work: Work): void;
  /** A saga was over for these messages. */
  ended(end: SagaEnd, positions: readonly MessagePosition[], work: Work): void;
  /** A step of what an operator ordered, in the trace of that operation. */
  ordered(step: OrderStep, traceparent: string, work: Work): void;
  /** Changes arrived, at a time by the clock that they have theirs from: milliseconds since 1970. */
  arrived(destination: Destination, changes: readonly Change[], now: number): void;
  /** W3C trace context to hand on with what the message brings about; null: it is not traced. */
  traceparentOf(position: MessagePosition): string | null;
}

export const UNOBSERVED: RegistryObserver = {
  received: () => undefined,
  began: () => undefined,
  step: () => undefined,
  ended: () => undefined,
  ordered: () => undefined,
  arrived: () => undefined,
  traceparentOf: () => null,
};
