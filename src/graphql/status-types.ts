import type { CircuitPosition } from '../circuit.ts';
import type { Backend } from '../errors.ts';
import type { RegistrySource } from '../registry/freshness.ts';
import type { NodeCount } from '../registry/node-counts.ts';
import type { BackendStatus, RegistryStatus } from '../registry/registry.ts';
import type { Types } from './types.ts';

/** How far the answers of this gateway can be trusted at the moment. */
export function defineRegistryStatus({ builder, nodeHealth, registrationState }: Types) {
  const source = builder.enumType('RegistrySource', {
    description: 'Where what this gateway answers comes from. Example: `LIVE`.',
    values: {
      LIVE: { value: 'LIVE', description: 'Loaded from Postgres, and following its change log. Example: a gateway in quiet times.' },
      SNAPSHOT: {
        value: 'SNAPSHOT',
        description:
          'Read from the file that an earlier run wrote, since Postgres has not answered yet. Example: a gateway restarted amid an outage.',
      },
    } as const satisfies Record<RegistrySource, { value: RegistrySource; description: string }>,
  });
  const backend = builder.enumType('Backend', {
    description: 'One of the three services that the gateway stands on. Example: `POSTGRES`.',
    values: {
      KAFKA: { value: 'kafka', description: 'Where nodes announce themselves. Example: while it is away, nothing new is heard.' },
      CONSUL: { value: 'consul', description: 'Where services are checked. Example: while it is away, health stays as it was.' },
      POSTGRES: {
        value: 'postgres',
        description: 'Where registrations and the change log are kept. Example: while it is away, the registry is stale.',
      },
    } as const satisfies Record<Uppercase<Backend>, { value: Backend; description: string }>,
  });
  const circuit = builder.enumType('Circuit', {
    description: 'Whether calls to a back end are let through. Example: `CLOSED`.',
    values: {
      CLOSED: { value: 'closed', description: 'All are. Example: a back end that answers.' },
      OPEN: { value: 'open', description: 'None is, for a while, since several failed in a row. Example: a back end that is down.' },
      HALF_OPEN: { value: 'half_open', description: 'One is, to see whether it answers. Example: a back end that comes back.' },
    } as const satisfies Record<Uppercase<CircuitPosition>, { value: CircuitPosition; description: string }>,
  });
  const backendStatus = builder.objectRef<BackendStatus>('BackendStatus').implement({
    description: 'How one back end stands, as this gateway sees it. Example: `{name: CONSUL, available: false, circuit: OPEN}`.',
    fields: (t) => ({
      name: t.field({ type: backend, description: 'Which back end. Example: `CONSUL`.', resolve: ({ name }) => name }),
      available: t.exposeBoolean('available', { description: 'Whether the last call was answered. Example: `true`.' }),
      circuit: t.field({ type: circuit, description: 'Whether calls are let through. Example: `CLOSED`.', resolve: (one) => one.circuit }),
      lastError: t.exposeString('lastError', {
        nullable: true,
        description:
          'The last failure, without secrets, also when it answers again by now; null when there was none. Example: `"connect ECONNREFUSED 10.0.0.9:8500"`.',
      }),
      since: t.field({
        type: 'DateTime',
        description: 'Since when it is, or is not, available. Example: `"2026-11-24T13:29:00.000Z"`.',
        resolve: ({ since }) => since,
      }),
    }),
  });
  const nodeCount = builder.objectRef<NodeCount>('NodeCount').implement({
    description: 'How many nodes of a type stand so. Example: `{type: "effect", state: REGISTERED, health: HEALTHY, nodes: 12}`.',
    fields: (t) => ({
      type: t.exposeString('type', { description: 'The announced type. Example: `"effect"`.' }),
      state: t.field({ type: registrationState, description: 'Where they stand. Example: `REGISTERED`.', resolve: ({ state }) => state }),
      health: t.field({
        type: nodeHealth,
        description: 'How well they are, or were when they left. Example: `HEALTHY`.',
        resolve: ({ health }) => health,
      }),
      nodes: t.exposeInt('nodes', { description: 'How many of them there are, one at least. Example: `12`.' }),
    }),
  });
  return builder.objectRef<RegistryStatus>('RegistryStatus').implement({
    description:
      'How far the answers of this gateway can be trusted at the moment, and how it stands. Example: `{stale: true, source: SNAPSHOT, asOf: "2026-11-24T13:29:00.000Z"}`.',
    fields: (t) => ({
      stale: t.exposeBoolean('stale', {
        description: 'What is answered may be old: it comes from a snapshot, or Postgres has not answered for 15 s. Example: `false`.',
      }),
      source: t.field({
        type: source,
        description: 'Where what is answered comes from. Example: `LIVE`.',
        resolve: (status) => status.source,
      }),
      asOf: t.field({
        type: 'DateTime',
        description:
          'Until when what is answered is known to be right; a second ago in quiet times. Example: `"2026-11-24T13:29:00.000Z"`.',
        resolve: ({ asOf }) => asOf,
      }),
      cursor: t.field({
        type: 'Cursor',
        description: 'Where the change log stands in the memory of this gateway. Example: `"0000000000004711"`.',
        resolve: ({ cursor }) => cursor,
      }),
      nodes: t.exposeInt('nodes', { description: 'Known nodes, in whatever state. Example: `312`.' }),
      backends: t.field({
        type: [backendStatus],
        description: 'Kafka, Consul and Postgres. Example: `backends { name available circuit since }`.',
        resolve: ({ backends }) => backends,
      }),
      nodeCounts: t.field({
        type: [nodeCount],
        description:
          'How many nodes there are of each type, state and health that occurs, in that order. Example: `nodeCounts { type state health nodes }`.',
        resolve: ({ nodeCounts }) => nodeCounts,
      }),
      degraded: t.boolean({
        description:
          'Something is not as it should be, though answers are given: stale, a back end away or its circuit not closed, the consumer or the clean-up not running, or expiries held back. `/health` says the same. Example: `false`.',
        resolve: ({ isHealthy }) => !isHealthy,
      }),
      gatewayId: t.exposeString('gatewayId', { description: 'The name of this gateway. Example: `"gateway-1"`.' }),
      environment: t.exposeString('environment', {
        description: 'Its environment, which takes the place of `{env}` in topic names. Example: `"dev"`.',
      }),
      version: t.exposeString('version', { description: 'The version that it runs. Example: `"0.1.0"`.' }),
      startedAt: t.field({
        type: 'DateTime',
        description: 'When it started. Example: `"2026-11-24T09:00:00.000Z"`.',
        resolve: ({ startedAt }) => startedAt,
      }),
      leader: t.boolean({
        description: 'Whether it is the one of its registry that judges silence, reconciles and cleans up. Example: `true`.',
        resolve: ({ leads }) => leads,
      }),
      subscribers: t.exposeInt('subscribers', { description: 'Open subscriptions on it. Example: `12`.' }),
      consumerLag: t.field({
        type: 'Long',
        nullable: true,
        description: 'Messages in Kafka that its part of the consumer group has not worked off; null while nobody knows. Example: `0`.',
        resolve: ({ consumerLag }) => consumerLag,
      }),
      consumerPausedFor: t.field({
        type: [backend],
        description: 'Back ends for which the consumer waits; empty where it does not wait. Example: `[POSTGRES]`.',
        resolve: ({ consumerWaitsFor }) => consumerWaitsFor,
      }),
      expiriesHeldBack: t.exposeInt('expiriesHeldBack', {
        description:
          'Nodes that would expire but for the mass-expiry guard: above zero, so many vanish at once that the gateway doubts its own view. Example: `0`.',
      }),
      ejected: t.exposeInt('ejected', {
        description: 'Instances that it leaves out of `healthyServices`, since its own probes fail. Example: `1`.',
      }),
    }),
  });
}
