import type { Span } from '../tracer.ts';

/** unknown: refused, or found wrong, before it was clear what it is. */
export const OPERATION_KINDS = ['query', 'mutation', 'subscription', 'unknown'] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

/** refused: by a limit, or for who asked. error: no, or not all, data. */
export const OPERATION_OUTCOMES = ['ok', 'error', 'refused'] as const;
export type OperationOutcome = (typeof OPERATION_OUTCOMES)[number];

/** A mutation that begins: what it does may go on in other places. */
export type BegunOperation = Pick<AnsweredOperation, 'kind' | 'startedAt' | 'traceparent' | 'name'>;

/** A GraphQL operation that was answered, or, where it has many answers, has begun to be. */
export interface AnsweredOperation {
  readonly kind: OperationKind;
  readonly outcome: OperationOutcome;
  /** By `performance.now()`, milliseconds. */
  readonly startedAt: number;
  /** W3C trace context as the request's header has it, unchecked; null: none. */
  readonly traceparent: string | null;
  /** What the document calls it; null where it has no name, or is no registered document: clients choose what they like. */
  readonly name: string | null;
  /** What `began` returned for it. */
  readonly span?: Span | null;
}

/** Told of every operation, over whatever transport, for metrics and traces. None of it throws, and none of it waits. */
export interface OperationObserver {
  /**
   * A mutation begins, before anything is done for it. Returns the span that its work belongs to, which `answered` ends; null: it is not
   * traced.
   */
  began?(operation: BegunOperation): Span | null;
  answered(operation: AnsweredOperation): void;
}
