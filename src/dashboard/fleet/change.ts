import type { FeedEvent, LoggedType, PastChange } from '../gateway/change-shape.ts';
import type { Health } from '../gateway/node-shape.ts';

/** A line of the timeline. Moments are milliseconds since 1970. */
export interface Change {
  readonly cursor: string;
  readonly type: LoggedType;
  readonly nodeId: string;
  readonly nodeName: string | null;
  readonly nodeType: string;
  /** Right after the change. */
  readonly health: Health;
  readonly reason: string | null;
  readonly changedFields: readonly string[];
  readonly occurredAt: number;
  readonly operator: string | null;
  readonly correlationId: string | null;
}

/** null for what is no entry of the log. */
export function changeOf(event: FeedEvent): Change | null {
  return event.type === 'SNAPSHOT' || event.type === 'BOOKMARK' ? null : changeOfPast(event);
}

export function changeOfPast({ node, ...told }: PastChange): Change {
  const { cursor, type, nodeId, reason, changedFields, occurredAt, operator, correlationId } = told;
  return {
    cursor,
    type,
    nodeId,
    nodeName: node.name,
    nodeType: node.type,
    health: node.health,
    reason,
    changedFields,
    occurredAt,
    operator,
    correlationId,
  };
}

export const WORD_OF_CHANGE: Readonly<Record<LoggedType, string>> = {
  ADDED: 'Arrived',
  MODIFIED: 'Changed',
  HEALTH_CHANGED: 'Health',
  REMOVED: 'Left',
};

const MEANING: ReadonlyMap<string, string> = new Map([
  ['startup', 'announced itself on startup'],
  ['shutdown', 'said goodbye'],
  ['lease_expired', 'lease ran out without a sign of life'],
  ['consul_critical', 'Consul dropped it after failing its check'],
  ['operator', 'deregistered by an operator'],
  ['check_passing', 'its check passes'],
  ['check_warning', 'its check warns'],
  ['check_critical', 'its check fails'],
  ['heartbeat', 'said so in a heartbeat'],
  ['health_change', 'said so itself'],
  ['silence', 'heartbeats stopped'],
  ['reconciled', 'Consul had lost it'],
  ['capability_change', 'announced other capabilities'],
  ['introspection', 'answered a request'],
  ['requested', 'answered a request'],
]);

/** A reason in words; one that the node gave itself stays as it is. */
export function reasonInWords(reason: string | null): string {
  if (reason === null) return '';
  return MEANING.get(reason) ?? reason.replaceAll('_', ' ');
}
