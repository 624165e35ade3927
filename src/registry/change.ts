import type { NodeId } from '../events/node-id.ts';
import type { Cursor } from './cursor.ts';
import type { NodeRecord } from './node-record.ts';

/** Kinds of entries that the log holds; SNAPSHOT and BOOKMARK exist only on the way to a subscriber. */
export type LoggedChangeType = 'ADDED' | 'MODIFIED' | 'HEALTH_CHANGED' | 'REMOVED';
export type ChangeType = LoggedChangeType | 'SNAPSHOT' | 'BOOKMARK';

/** The part of the node before the change that a filter needs to notice that the node stopped matching. */
export interface BeforeImage {
  readonly type: string;
  readonly capabilities: readonly string[];
}

/** A change before the log numbered it. */
export interface NewChange {
  readonly type: LoggedChangeType;
  readonly nodeId: NodeId;
  /** The node right after this change. */
  readonly node: NodeRecord;
  readonly before: BeforeImage | null;
  readonly reason: string;
  /** GraphQL field names of Node that differ, sorted. */
  readonly changedFields: readonly string[];
  readonly correlationId: string | null;
  /** Who asked for it, where a person or program did; null otherwise. */
  readonly operator: string | null;
  /** Milliseconds since 1970. */
  readonly occurredAt: number;
  /** W3C trace context of the saga that it came from; absent where that is not traced. */
  readonly traceparent?: string;
}

/** An entry of the change log. */
export interface Change extends NewChange {
  readonly cursor: Cursor;
}

/** What a subscriber receives. */
export interface ChangeEvent {
  readonly cursor: Cursor;
  readonly type: ChangeType;
  readonly nodeId: NodeId | null;
  readonly node: NodeRecord | null;
  readonly reason: string | null;
  readonly changedFields: readonly string[];
  readonly correlationId: string | null;
  readonly operator: string | null;
  readonly occurredAt: number;
}

/** All conditions must hold; an absent or null list is no condition. Types and capability names match as {@link canonicalName} has it. */
export interface ChangeFilter {
  readonly nodeIds?: readonly string[] | null;
  readonly nodeTypes?: readonly string[] | null;
  readonly anyCapability?: readonly string[] | null;
  readonly changeTypes?: readonly ChangeType[] | null;
}
