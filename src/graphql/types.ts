import type { Endpoint } from '../events/announcement.ts';
import type { ChangeEvent, ChangeType } from '../registry/change.ts';
import type { Cursor } from '../registry/cursor.ts';
import type { CheckStatus, NodeHealth, NodeRecord, RegistrationState } from '../registry/node-record.ts';
import type { CapabilitySummary, EjectionStatus, FailureReport, RejectedEvent, Strategy } from '../registry/registry.ts';
import type { Builder } from './builder.ts';
import type { NodeEdge, NodePage, PageInfo } from './connection.ts';

/** Everything that the type files refer to in one another. The values behind the types are the registry's own: nothing is copied. */
export type Types = ReturnType<typeof createTypes>;

export function createTypes(builder: Builder) {
  return {
    builder,

    node: builder.objectRef<NodeRecord>('Node'),
    endpoint: builder.objectRef<Endpoint>('Endpoint'),
    nodeConnection: builder.objectRef<NodePage>('NodeConnection'),
    nodeEdge: builder.objectRef<NodeEdge>('NodeEdge'),
    pageInfo: builder.objectRef<PageInfo>('PageInfo'),
    // A healthy service is the node itself, seen by who wants to call it: answering allocates nothing per candidate.
    healthyService: builder.objectRef<NodeRecord>('HealthyService'),
    registrationChange: builder.objectRef<ChangeEvent>('RegistrationChange'),
    rejectedEvent: builder.objectRef<RejectedEvent>('RejectedEvent'),
    capabilitySummary: builder.objectRef<CapabilitySummary>('CapabilitySummary'),
    requestIntrospectionPayload: builder.objectRef<{
      readonly correlationId: string;
      readonly requestedAt: number;
      readonly expectedNodes: number;
    }>('RequestIntrospectionPayload'),
    deregisterPayload: builder.objectRef<{
      readonly node: NodeRecord;
      readonly cursor: Cursor;
      readonly correlationId: string;
    }>('DeregisterPayload'),

    ejection: builder.objectRef<EjectionStatus>('Ejection'),
    reportFailurePayload: builder.objectRef<FailureReport>('ReportFailurePayload'),

    nodeHealth: builder.enumType('NodeHealth', {
      description:
        "How well a node is, judged from Consul's check, its heartbeats and what it says of itself. Only HEALTHY nodes are handed out by `healthyServices`. Example: `HEALTHY`.",
      values: {
        HEALTHY: {
          value: 'HEALTHY',
          description: 'Passes its check, or heartbeats in time where it has none. Example: a node with `checkStatus: PASSING`.',
        },
        DEGRADED: {
          value: 'DEGRADED',
          description: 'Alive with a warning, from its check or in its own words. Example: a heartbeat saying `degraded`.',
        },
        UNHEALTHY: {
          value: 'UNHEALTHY',
          description: 'Fails its check, went silent, or says so itself. Example: a node with `checkStatus: CRITICAL`.',
        },
        UNKNOWN: { value: 'UNKNOWN', description: 'Nothing is known yet. Example: a node registered a moment ago, not checked so far.' },
      } as const satisfies Record<NodeHealth, { value: NodeHealth; description: string }>,
    }),
    registrationState: builder.enumType('RegistrationState', {
      description: 'Whether a node is registered, and if not, how it left. Example: `REGISTERED`.',
      values: {
        REGISTERED: {
          value: 'REGISTERED',
          description: 'Stands in Consul and Postgres. Example: a node that announced itself and lives.',
        },
        EXPIRED: {
          value: 'EXPIRED',
          description:
            'Its lease ran out or Consul dropped it; any later announcement brings it back. Example: a node killed without a goodbye.',
        },
        REMOVED: {
          value: 'REMOVED',
          description: 'It said goodbye, or an operator deregistered it. Example: a node that announced `reason: shutdown`.',
        },
      } as const satisfies Record<RegistrationState, { value: RegistrationState; description: string }>,
    }),
    checkStatus: builder.enumType('CheckStatus', {
      description: "The status of a node's check in Consul. Example: `PASSING`.",
      values: {
        PASSING: { value: 'passing', description: 'The check succeeds. Example: `/health` answers 200.' },
        WARNING: { value: 'warning', description: 'The check warns. Example: `/health` answers 429.' },
        CRITICAL: { value: 'critical', description: 'The check fails. Example: the connection is refused.' },
        NONE: { value: 'none', description: 'The node has no check. Example: it announced no endpoint; its heartbeats count instead.' },
      } as const satisfies Record<Uppercase<CheckStatus>, { value: CheckStatus; description: string }>,
    }),
    changeType: builder.enumType('ChangeType', {
      description: 'What an entry of the change log, or a message to a subscriber, says of its node. Example: `ADDED`.',
      values: {
        SNAPSHOT: {
          value: 'SNAPSHOT',
          description:
            'Part of the state at the start of a subscription that asked for a snapshot. Example: one per registered node, then a BOOKMARK.',
        },
        ADDED: { value: 'ADDED', description: 'The node was registered, or came back. Example: its first startup announcement.' },
        MODIFIED: {
          value: 'MODIFIED',
          description: 'What it announced changed; `changedFields` says what. Example: a new capability.',
        },
        HEALTH_CHANGED: { value: 'HEALTH_CHANGED', description: 'Only its health changed. Example: its check turned critical.' },
        REMOVED: {
          value: 'REMOVED',
          description:
            'It said goodbye, expired, was deregistered, or stopped matching the filter (reason `filter`). Example: `reason: "lease_expired"`.',
        },
        BOOKMARK: {
          value: 'BOOKMARK',
          description:
            'Nothing changed up to this cursor; resume from here. Also marks the end of a snapshot. Example: every 15 s on a quiet feed.',
        },
      } as const satisfies Record<ChangeType, { value: ChangeType; description: string }>,
    }),
    strategy: builder.enumType('Strategy', {
      description: 'How healthyServices orders instances of equal fitness. Example: `LEAST_LOADED`.',
      values: {
        RANDOM: { value: 'RANDOM', description: 'A new random order for every call. Example: many clients that each take the first.' },
        ROUND_ROBIN: {
          value: 'ROUND_ROBIN',
          description:
            'The next instance comes first at every call of the same request, evenly over all clients of this gateway. Example: even jobs.',
        },
        LEAST_LOADED: {
          value: 'LEAST_LOADED',
          description:
            'Fewest active operations first, then least CPU, then least memory in percent, each as the last heartbeat said; what never said comes last, and equals in random order. Example: jobs of very different length.',
        },
        FRESHEST: {
          value: 'FRESHEST',
          description: 'The latest sign of life first; equals by node id. Example: when instances come and go quickly.',
        },
      } as const satisfies Record<Strategy, { value: Strategy; description: string }>,
    }),
  };
}
