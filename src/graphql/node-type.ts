import { globalIdOf } from './global-id.ts';
import { boundedCount, LIMITS } from './limits.ts';
import type { Types } from './types.ts';

export function defineNode(types: Types): void {
  defineEndpoint(types);
  types.node.implement({
    description:
      'All that the gateway knows of one node, from memory. Inside a change it is the node as it was right after that change. Example: `{nodeId: "database-adapter-001", type: "effect", state: REGISTERED, health: HEALTHY, capabilities: ["postgres", "query", "transactions"]}`.',
    fields: (t) => ({
      id: t.id({
        description:
          'An opaque id for clients that keep a cache by ids (Relay, Apollo, urql), and for `node(id:)`. Inside a change it is that of the past state, unless the node still stands so: no past state takes the place of what is. Example: `"Tm9kZTpkYXRhYmFzZS1hZGFwdGVyLTAwMQ"`.',
        resolve: (node, _args, { registry }) => globalIdOf(node, registry.node(node.nodeId)),
      }),
      nodeId: t.exposeID('nodeId', {
        description: 'The identity that the node announced, the same through all its lives. Example: `"orchestrator-001"`, or a UUID.',
      }),
      instance: t.exposeString('instance', {
        nullable: true,
        description: 'The announced instance; null where it is the node id. Example: `"database-adapter-7f9c"`.',
      }),
      name: t.exposeString('name', {
        nullable: true,
        description: 'The announced name, for people; null when none was announced. Example: `"database adapter"`.',
      }),
      type: t.exposeString('type', {
        description:
          'The announced type, in lower case and without `_generic`: effect, compute, reducer, orchestrator, or any other. Example: `"effect"`.',
      }),
      role: t.exposeString('role', {
        nullable: true,
        description: 'The announced role; null when none was announced. Example: `"adapter"`.',
      }),
      version: t.exposeString('version', {
        nullable: true,
        description: 'The announced version; null when none was announced. Example: `"1.4.2"`.',
      }),
      state: t.field({
        type: types.registrationState,
        description: 'Where it stands. Example: `REGISTERED`.',
        resolve: (node) => node.state,
      }),
      stateReason: t.exposeString('stateReason', {
        description:
          'Why it stands in that state. Example: `"startup"`, `"shutdown"`, `"operator"`, `"lease_expired"`, `"consul_critical"`.',
      }),
      health: t.field({
        type: types.nodeHealth,
        description: 'How well it is, or was when it left. Example: `HEALTHY`.',
        resolve: (node) => node.health,
      }),
      serviceName: t.exposeString('serviceName', {
        description: 'The Consul service name: the announced service name, else `{type}-service`. Example: `"database-adapter"`.',
      }),
      consulServiceId: t.exposeString('consulServiceId', {
        nullable: true,
        description: 'The id under which it stands in Consul; null when it does not. Example: `"effect-orchestrator-001"`.',
      }),
      address: t.exposeString('address', {
        nullable: true,
        description: 'The host under which it is reached, from its endpoints; null for a node without any. Example: `"10.0.3.17"`.',
      }),
      port: t.exposeInt('port', {
        nullable: true,
        description: 'The port to go with the address; null for a node without endpoints. Example: `8080`.',
      }),
      capabilities: t.exposeStringList('capabilities', {
        description:
          'What it can do: names only, sorted; as many as one announcement in Kafka holds, which is 1 MB unless the brokers allow more. Example: `["postgres", "query", "transactions"]`.',
      }),
      capabilityDetails: t.field({
        type: 'JSON',
        description: 'The capabilities as announced, whole. Example: `{"query": {"max_rows": 1000}, "transactions": true}`.',
        resolve: (node) => node.capabilityDetails,
      }),
      endpoints: t.field({
        type: [types.endpoint],
        description:
          'Every announced endpoint; as many as one announcement holds. Example: `[{name: "api", url: "http://10.0.3.17:8080"}]`.',
        resolve: (node) => node.endpoints,
      }),
      endpoint: t.string({
        nullable: true,
        description: 'The URL of one endpoint; null when there is none of that name. Example: `endpoint(name: "metrics")`.',
        args: { name: t.arg.string({ required: true, description: 'The name, exactly as announced. Example: `"health"`.' }) },
        resolve: (node, { name }) => node.endpoints.find((endpoint) => endpoint.name === name)?.url ?? null,
      }),
      metadata: t.field({
        type: 'JSON',
        description: 'Free metadata, and the fields of the announcement that the gateway does not know. Example: `{"region": "eu-1"}`.',
        resolve: (node) => node.metadata,
      }),
      currentState: t.field({
        type: 'JSON',
        nullable: true,
        description: 'The node\'s own state, as last announced; null when none was. Example: `"ready"`.',
        resolve: (node) => node.currentState,
      }),
      environment: t.exposeString('environment', {
        nullable: true,
        description: 'The announced environment; null when none was announced. Example: `"dev"`.',
      }),
      networkId: t.exposeString('networkId', {
        nullable: true,
        description: 'The announced network; null when none was announced. Example: `"net-7"`.',
      }),
      deploymentId: t.exposeString('deploymentId', {
        nullable: true,
        description: 'The announced deployment; null when none was announced. Example: `"blue"`.',
      }),
      epoch: t.field({
        type: 'Long',
        nullable: true,
        description: 'Grows with each life of the node; null when it announces none. Example: `3`.',
        resolve: (node) => node.accepted.epoch,
      }),
      contentHash: t.exposeString('contentHash', {
        description: 'SHA-256 of what it announced, without volatile parts: equal content, equal hash. Example: `"9f86d081884c7d65…"`.',
      }),
      cursor: t.field({
        type: 'Cursor',
        description: 'The position of the node\'s latest change in the change log. Example: `"0000000000004711"`.',
        resolve: (node) => node.cursor,
      }),
      changes: t.field({
        type: [types.registrationChange],
        nullable: true,
        description:
          "The node's latest changes, newest first; one statement reads them for all nodes of an answer. Null with an error when it fails; the rest of the node is there all the same. Errors: `BAD_USER_INPUT`, `LIMIT_EXCEEDED`, `BACKEND_UNAVAILABLE`. Example: `changes(first: 3) { type reason occurredAt }`.",
        args: {
          first: t.arg.int({
            defaultValue: LIMITS.changesOfNode.fallback,
            description: `How many, 1 to ${LIMITS.changesOfNode.max}. Example: \`3\`.`,
          }),
        },
        resolve: (node, args, context) => {
          const first = boundedCount('first', args.first ?? LIMITS.changesOfNode.fallback, 1, LIMITS.changesOfNode.max);
          return context.changesOfNode(node.nodeId, first);
        },
      }),
    }),
  });
}

function defineEndpoint(types: Types): void {
  types.endpoint.implement({
    description: 'A named address of a node. Example: `{name: "health", url: "http://10.0.3.17:8080/health"}`.',
    fields: (t) => ({
      name: t.exposeString('name', { description: 'Usually `health`, `api` or `metrics`. Example: `"api"`.' }),
      url: t.exposeString('url', { description: 'As announced; any scheme. Example: `"grpc://10.0.3.17:9090"`.' }),
    }),
  });
}
