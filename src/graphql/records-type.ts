import type { RecordDifference } from '../registry/differences.ts';
import type { NodeRecord } from '../registry/node-record.ts';
import type { CatalogCheck, CatalogEntry } from '../registry/ports.ts';
import type { Registry } from '../registry/registry.ts';
import type { Types } from './types.ts';

type NodeRecords = ReturnType<Registry['recordsOf']>;

/** A node as the back ends hold it, read when it is asked for: each fails alone. */
export function defineRecords(types: Types): void {
  const { builder } = types;
  const postgres = defineStoredNode(types);
  const consul = defineConsulService(types);
  const difference = builder.objectRef<RecordDifference>('RecordDifference').implement({
    description:
      'Something of a node that is not the same everywhere. Example: `{field: "port", gateway: "8080", postgres: "8080", consul: "8081"}`.',
    fields: (t) => ({
      field: t.exposeString('field', {
        description:
          'What it is: state, serviceName, address, port, version, capabilities, tags, contentHash, registryId, health or checkStatus. Example: `"port"`.',
      }),
      gateway: t.exposeString('gateway', {
        nullable: true,
        description: 'As this gateway answers it, or would have it stand in Consul; null where there is none. Example: `"8080"`.',
      }),
      postgres: t.exposeString('postgres', {
        nullable: true,
        description: 'As Postgres holds it; null where it holds none, or no such thing. Example: `"8080"`.',
      }),
      consul: t.exposeString('consul', {
        nullable: true,
        description: 'As Consul holds it; null where it holds none, or no such thing. Example: `"8081"`.',
      }),
    }),
  });
  const records = builder.objectRef<NodeRecords>('NodeRecords').implement({
    description:
      'What Postgres and Consul hold of a node at this moment, to be seen beside what this gateway answers. Example: `{postgres: {state: REGISTERED}, consul: {port: 8081}, differences: [{field: "port"}]}`.',
    fields: (t) => ({
      postgres: t.field({
        type: postgres,
        nullable: true,
        description:
          'Its row in Postgres; null when there is none, and null with an error when Postgres does not answer. Errors: `BACKEND_UNAVAILABLE`. Example: `postgres { state health updatedAt }`.',
        resolve: (of) => of.postgres(),
      }),
      consul: t.field({
        type: consul,
        nullable: true,
        description:
          'Its service in Consul; null when there is none, and null with an error when Consul does not answer. Errors: `BACKEND_UNAVAILABLE`. Example: `consul { address port checks { status output } }`.',
        resolve: (of) => of.consul(),
      }),
      differences: t.field({
        type: [difference],
        nullable: true,
        description:
          'What is not the same everywhere; empty when all is well. A change that is under way is a difference until it has arrived. Of a back end that does not answer nothing is said here; null with an error when none of the two does. Errors: `BACKEND_UNAVAILABLE`. Example: `differences { field gateway postgres consul }`.',
        resolve: (of) => of.differences(),
      }),
    }),
  });
  builder.objectFields(types.node, (t) => ({
    records: t.field({
      type: records,
      description:
        'What Postgres and Consul hold of the node now, read when it is asked for; inside a change too it is the node as it stands now. Errors: none of its own. Example: `records { differences { field gateway postgres consul } }`.',
      resolve: (node, _args, { registry }) => registry.recordsOf(registry.node(node.nodeId) ?? node),
    }),
  }));
}

function defineStoredNode(types: Types) {
  return types.builder.objectRef<NodeRecord>('StoredNode').implement({
    description:
      'A row of `node_registrations`, with what `node_liveness` has of it. Example: `{state: REGISTERED, health: HEALTHY, address: "10.0.3.17", port: 8080}`.',
    fields: (t) => ({
      state: t.field({
        type: types.registrationState,
        description: 'Where it stands. Example: `REGISTERED`.',
        resolve: ({ state }) => state,
      }),
      stateReason: t.exposeString('stateReason', { description: 'Why it stands in that state. Example: `"startup"`.' }),
      health: t.field({ type: types.nodeHealth, description: 'How well it is. Example: `HEALTHY`.', resolve: ({ health }) => health }),
      checkStatus: t.field({
        type: types.checkStatus,
        nullable: true,
        description: "What Consul's check said last; null while nothing is known. Example: `PASSING`.",
        resolve: ({ checkStatus }) => checkStatus,
      }),
      serviceName: t.exposeString('serviceName', { description: 'The Consul service name. Example: `"database-adapter"`.' }),
      consulServiceId: t.exposeString('consulServiceId', {
        nullable: true,
        description: 'The id of its service in Consul; null when it has none. Example: `"effect-database-adapter-001"`.',
      }),
      address: t.exposeString('address', { nullable: true, description: 'Its host; null without endpoints. Example: `"10.0.3.17"`.' }),
      port: t.exposeInt('port', { nullable: true, description: 'Its port; null without endpoints. Example: `8080`.' }),
      version: t.exposeString('version', { nullable: true, description: 'Its version; null when it announced none. Example: `"1.4.2"`.' }),
      capabilities: t.exposeStringList('capabilities', { description: 'What it can do, sorted. Example: `["postgres", "query"]`.' }),
      contentHash: t.exposeString('contentHash', { description: 'SHA-256 of what it announced. Example: `"9f86d081884c7d65…"`.' }),
      epoch: t.field({
        type: 'Long',
        nullable: true,
        description: 'Grows with each life of the node; null when it announces none. Example: `3`.',
        resolve: ({ accepted }) => accepted.epoch,
      }),
      leaseSeconds: t.exposeInt('leaseSeconds', {
        nullable: true,
        description: 'The announced lease, in seconds; null where `NODE_TTL_HOURS` counts. Example: `3600`.',
      }),
      lastSeenAt: t.field({
        type: 'DateTime',
        description: 'The last sign of life. Example: `"2026-11-24T13:29:00.000Z"`.',
        resolve: ({ liveness }) => liveness.lastSeenAt,
      }),
      lastHeartbeatAt: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'The last heartbeat; null when there was none. Example: `"2026-11-24T13:29:00.000Z"`.',
        resolve: ({ liveness }) => liveness.lastHeartbeatAt,
      }),
      registeredAt: t.field({
        type: 'DateTime',
        description: 'When this life of it was registered. Example: `"2026-11-24T09:00:00.000Z"`.',
        resolve: ({ registeredAt }) => registeredAt,
      }),
      updatedAt: t.field({
        type: 'DateTime',
        description: 'When the row last changed by an entry of the log. Example: `"2026-11-24T13:29:00.000Z"`.',
        resolve: ({ updatedAt }) => updatedAt,
      }),
      cursor: t.field({
        type: 'Cursor',
        description: 'The position of its latest change. Example: `"0000000000004711"`.',
        resolve: ({ cursor }) => cursor,
      }),
    }),
  });
}

function defineConsulService(types: Types) {
  const check = types.builder.objectRef<CatalogCheck>('ConsulCheck').implement({
    description: 'A check of a service in Consul. Example: `{id: "service:effect-n-1", status: PASSING, output: "HTTP GET: 200 OK"}`.',
    fields: (t) => ({
      id: t.exposeString('id', { description: 'Its id. Example: `"service:effect-database-adapter-001"`.' }),
      name: t.exposeString('name', { description: 'Its name. Example: `"Service \'database-adapter\' check"`.' }),
      status: t.field({ type: types.checkStatus, description: 'Its status. Example: `PASSING`.', resolve: ({ status }) => status }),
      output: t.exposeString('output', { description: 'What it said last; empty before its first run. Example: `"HTTP GET: 200 OK"`.' }),
    }),
  });
  return types.builder.objectRef<CatalogEntry>('ConsulService').implement({
    description:
      'A service in the catalog of Consul, whoever put it there. Example: `{id: "effect-n-1", name: "database-adapter", address: "10.0.3.17", port: 8080}`.',
    fields: (t) => ({
      id: t.exposeString('id', { description: 'Its id. Example: `"effect-database-adapter-001"`.' }),
      name: t.exposeString('name', { description: 'Its name, by which DNS finds it. Example: `"database-adapter"`.' }),
      node: t.exposeString('node', { description: 'The node of the catalog that it stands on. Example: `"consul-agent-1"`.' }),
      address: t.exposeString('address', {
        nullable: true,
        description: 'Its address; null where that of the catalog\'s node counts. Example: `"10.0.3.17"`.',
      }),
      port: t.exposeInt('port', { nullable: true, description: 'Its port; null where it has none. Example: `8080`.' }),
      tags: t.exposeStringList('tags', { description: 'Its tags, capabilities among them. Example: `["omninode", "effect", "query"]`.' }),
      meta: t.field({
        type: 'JSON',
        description:
          'Its metadata, the content hash and the mark of the registry among them. Example: `{"node_id": "database-adapter-001"}`.',
        resolve: ({ meta }) => meta,
      }),
      checks: t.field({
        type: [check],
        description: 'Its checks; maintenance mode is one too. Example: `checks { id status output }`.',
        resolve: ({ checks }) => checks,
      }),
    }),
  });
}
