import type { CircuitPosition } from '../circuit.ts';
import type { Backend } from '../errors.ts';
import type { RegistrySource } from '../registry/freshness.ts';
import type { BackendStatus, RegistryStatus } from '../registry/registry.ts';
import type { Types } from './types.ts';

/** How far the answers of this gateway can be trusted at the moment. */
export function defineRegistryStatus({ builder }: Types) {
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
      since: t.field({
        type: 'DateTime',
        description: 'Since when it is, or is not, available. Example: `"2026-11-24T13:29:00.000Z"`.',
        resolve: ({ since }) => since,
      }),
    }),
  });
  return builder.objectRef<RegistryStatus>('RegistryStatus').implement({
    description:
      'How far the answers of this gateway can be trusted at the moment. Example: `{stale: true, source: SNAPSHOT, asOf: "2026-11-24T13:29:00.000Z"}`.',
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
    }),
  });
}
