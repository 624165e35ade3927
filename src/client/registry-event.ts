export type NodeState = 'REGISTERED' | 'EXPIRED' | 'REMOVED';

/** A value that this version does not know, from a newer gateway, reads as `UNKNOWN`. */
export type NodeHealth = 'HEALTHY' | 'DEGRADED' | 'UNHEALTHY' | 'UNKNOWN';

/** A node as the registry has it. */
export interface RegistryNode {
  readonly nodeId: string;
  readonly name: string | null;
  readonly type: string;
  readonly role: string | null;
  readonly version: string | null;
  readonly state: NodeState;
  readonly health: NodeHealth;
  readonly serviceName: string;
  readonly address: string | null;
  readonly port: number | null;
  /** Names only, sorted. */
  readonly capabilities: readonly string[];
  /** Name → URL. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** Any JSON value, as announced. */
  readonly metadata: unknown;
  readonly environment: string | null;
  readonly networkId: string | null;
  readonly deploymentId: string | null;
  readonly registeredAt: Date;
  readonly updatedAt: Date;
  /** The position of its latest change. */
  readonly cursor: string;
}

/** A kind that this version does not know, from a newer gateway, reads as `MODIFIED`. */
export type ChangeType = 'ADDED' | 'MODIFIED' | 'HEALTH_CHANGED' | 'REMOVED';

/** Which changes to watch. All that is given must hold; an empty list matches nothing. */
export interface WatchFilter {
  readonly nodeIds?: readonly string[] | undefined;
  readonly nodeTypes?: readonly string[] | undefined;
  /** Nodes with any of these. */
  readonly anyCapability?: readonly string[] | undefined;
  readonly changeTypes?: readonly ChangeType[] | undefined;
}

export interface ChangeEvent {
  readonly kind: 'change';
  /** Where to resume after this event: pass it as `after`. */
  readonly cursor: string;
  readonly type: ChangeType;
  readonly nodeId: string;
  /** The node right after the change; null where nobody knows it any more: it left before a reset. */
  readonly node: RegistryNode | null;
  /** `startup`, `lease_expired`, `operator`, …; `reset` for what was found out by comparing with a new snapshot. */
  readonly reason: string | null;
  /** The fields of the node that differ from before, sorted. */
  readonly changedFields: readonly string[];
  readonly correlationId: string | null;
  readonly occurredAt: Date;
}

/** Everything that matches, at once. Whoever keeps a copy replaces it with this. */
export interface SnapshotEvent {
  readonly kind: 'snapshot';
  readonly cursor: string;
  readonly nodes: readonly RegistryNode[];
  /**
   * Null for the snapshot that was asked for. Else it stands in place of changes that cannot be had any more: `CURSOR_EXPIRED`, the log no
   * longer reaches back to where the watch was, or `CURSOR_INVALID`, the log is another one, such as after a restore of the database. What
   * differs from before has already come as changes with reason `reset`.
   */
  readonly reset: 'CURSOR_EXPIRED' | 'CURSOR_INVALID' | null;
}

/** Nothing that matches happened up to here. Only with `bookmarks: true`. */
export interface BookmarkEvent {
  readonly kind: 'bookmark';
  readonly cursor: string;
}

export type RegistryEvent = ChangeEvent | SnapshotEvent | BookmarkEvent;
