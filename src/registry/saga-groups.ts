import type { Announcement, Goodbye, MessagePosition } from '../events/announcement.ts';
import type { NodeId } from '../events/node-id.ts';
import type { RegistryView } from './view.ts';

/** Nodes of one transaction that renew what stands. It is what Postgres locks at most at once. */
const MAX_RENEWALS = 500;

export interface SagaItem {
  readonly position: MessagePosition;
  readonly event: Announcement | Goodbye;
}

/** What one transaction works off: each node's messages, in their order. */
export type Group = ReadonlyMap<NodeId, readonly SagaItem[]>;

/**
 * Divides messages among transactions. Of nodes that go to Consul `together` are in one: it is as slow as the slowest of them, and a burst
 * of new nodes should show its first ones early. Those of one node stay together; what memory shows to be a renewal waits for no
 * registration.
 */
export function groupsOf(items: readonly SagaItem[], view: RegistryView, together: number): Group[] {
  const renewals: [NodeId, readonly SagaItem[]][] = [];
  const registrations: [NodeId, readonly SagaItem[]][] = [];
  for (const [nodeId, ofNode] of groupByNode(items)) {
    const event = ofNode.at(-1)?.event;
    const isRenewal = event?.kind === 'announcement' && view.at(nodeId)?.contentHash === event.contentHash;
    (isRenewal ? renewals : registrations).push([nodeId, ofNode]);
  }
  return [...slices(renewals, MAX_RENEWALS), ...slices(registrations, together)].map((entries) => new Map(entries));
}

function slices<T>(list: readonly T[], length: number): (readonly T[])[] {
  return Array.from({ length: Math.ceil(list.length / length) }, (_, index) => list.slice(index * length, (index + 1) * length));
}

export function nodeIdOf({ event }: SagaItem): NodeId {
  return event.kind === 'goodbye' ? event.nodeId : event.content.nodeId;
}

/** Where the messages lay. */
export function positionsOf(group: Group): MessagePosition[] {
  return [...group.values()].flatMap(positionsIn);
}

export function positionsIn(items: readonly SagaItem[]): MessagePosition[] {
  return items.map(({ position }) => position);
}

function groupByNode(items: readonly SagaItem[]): Map<NodeId, SagaItem[]> {
  const groups = new Map<NodeId, SagaItem[]>();
  for (const item of items) {
    const nodeId = nodeIdOf(item);
    const group = groups.get(nodeId);
    if (group === undefined) groups.set(nodeId, [item]);
    else group.push(item);
  }
  return groups;
}

/** What the messages may answer to. */
export function correlationIds(group: Group): string[] {
  const ids = new Set<string>();
  for (const items of group.values()) for (const { event } of items) if (event.correlationId !== null) ids.add(event.correlationId);
  return [...ids];
}
