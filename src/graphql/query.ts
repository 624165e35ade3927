import { capabilityList } from './capability-list.ts';
import { pageOf } from './connection.ts';
import { checkDiscovery, type defineDiscoveryArguments } from './discovery-arguments.ts';
import type { defineExplanation } from './explanation-type.ts';
import { checkChangeFilter, checkNodeFilter, type FilterInputs } from './filter-inputs.ts';
import { parseGlobalId } from './global-id.ts';
import { boundedCount, LIMITS } from './limits.ts';
import type { defineRegistryStatus } from './status-types.ts';
import type { Types } from './types.ts';
import type { defineViewer } from './viewer-type.ts';

/** What the fields of Query take and answer beside the types that others refer to. */
export interface QueryParts {
  readonly inputs: FilterInputs;
  readonly discovery: ReturnType<typeof defineDiscoveryArguments>;
  readonly explanation: ReturnType<typeof defineExplanation>;
  readonly registryStatus: ReturnType<typeof defineRegistryStatus>;
  readonly viewer: ReturnType<typeof defineViewer>;
}

/** Answered from memory; the log and the rejected events come from Postgres and fail alone. */
export function defineQuery(types: Types, parts: QueryParts): void {
  const { inputs, discovery } = parts;
  types.builder.queryType({
    description:
      'What exists, what can be called, and what has happened. Answers come from memory, except `changes`, `Node.changes` and `rejectedEvents`. Every error has its code in `extensions.code`; what went beyond a limit also has the name of the limit, in `extensions.limit`. Errors: `BACKEND_UNAVAILABLE` for every field of a gateway that has just started and not loaded the registry yet; where the gateway asks for tokens, `UNAUTHENTICATED` without one and `FORBIDDEN` without the scope `registry:read`. Example: `{ healthyServices(capability: "database-adapter") { url } }`.',
    fields: (t) => ({
      nodes: t.field({
        type: types.nodeConnection,
        description:
          'Every known node that matches, in the order of their ids, page by page, forwards with `first` and `after` or backwards with `last` and `before`; in all states unless the filter names some. Errors: `BAD_USER_INPUT`, `CURSOR_INVALID`, `LIMIT_EXCEEDED`. Example: `nodes(filter: {states: [REGISTERED]}, first: 20) { totalCount edges { node { nodeId } } }`.',
        args: {
          filter: t.arg({ type: inputs.nodeFilter, description: 'Which nodes; all where it is left out. Example: `{types: ["effect"]}`.' }),
          first: t.arg.int({
            description: `How many from the start, or from \`after\` on: 0 to ${LIMITS.nodes.max}, ${LIMITS.nodes.fallback} by default; not together with \`last\`. Example: \`20\`.`,
          }),
          after: t.arg.string({ description: 'Only nodes after the edge with this cursor. Example: `"cGxhY2U6b3JjaGVzdHJhdG9yLTAwMQ"`.' }),
          last: t.arg.int({
            description: `How many from the end, or up to \`before\`: 0 to ${LIMITS.nodes.max}; not together with \`first\`. Example: \`20\`.`,
          }),
          before: t.arg.string({
            description: 'Only nodes before the edge with this cursor. Example: `"cGxhY2U6b3JjaGVzdHJhdG9yLTA1MA"`.',
          }),
        },
        resolve: (_root, args, { registry }) => {
          // The head first: a watch from there may see a change again that the list has, but never misses one.
          const head = registry.head();
          return pageOf(registry.nodes(checkNodeFilter(args.filter)), args, head);
        },
      }),
      nodeById: t.field({
        type: types.node,
        nullable: true,
        description:
          'One node in whatever state; null when it was never known. Errors: none of its own. Example: `nodeById(nodeId: "orchestrator-001") { state stateReason }`.',
        args: { nodeId: t.arg.id({ required: true, description: 'The announced node id, exactly. Example: `"orchestrator-001"`.' }) },
        resolve: (_root, { nodeId }, { registry }) => registry.node(nodeId) ?? null,
      }),
      node: t.field({
        type: types.node,
        nullable: true,
        description:
          'What a `Node.id` names, for clients that keep a cache by ids: the node in whatever state; for the id of a past state, out of `changes`, that state, from Postgres. The plain node id will do as well. Null when there is none. Errors: `BACKEND_UNAVAILABLE`. Example: `node(id: "Tm9kZTpkYXRhYmFzZS1hZGFwdGVyLTAwMQ") { id nodeId health }`.',
        args: { id: t.arg.id({ required: true, description: 'The id. Example: `"Tm9kZTpkYXRhYmFzZS1hZGFwdGVyLTAwMQ"`.' }) },
        resolve: async (_root, { id }, { registry, changeAt }) => {
          const named = parseGlobalId(id);
          if (named === null) return null;
          if (named.cursor === null) return registry.node(named.nodeId) ?? null;
          const change = await changeAt(named.cursor);
          return change?.nodeId === named.nodeId ? change.node : null;
        },
      }),
      healthyServices: t.field({
        type: [types.healthyService],
        description:
          'Nodes that are REGISTERED, HEALTHY and have the capability. Neither case nor `-`, `_` and spaces count: `DatabaseAdapter` is `database_adapter` (but between digits: `v1-1` is not `v11`). A service name (with or without `-service`), node name or node type matches too when no capability of that name exists, so `database-adapter` finds what answers for it. While it is asked for the gateway probes each instance itself, and leaves out those that do not answer (`Node.ejection`), half of a service at most. Empty list when there is none: `explainDiscovery` says why. Errors: `BAD_USER_INPUT`, `LIMIT_EXCEEDED`. Example: `healthyServices(capability: "database-adapter", limit: 1) { url }`.',
        args: {
          ...discovery,
          strategy: t.arg({
            type: types.strategy,
            defaultValue: 'RANDOM',
            description: 'In which order. Example: `LEAST_LOADED`.',
          }),
          limit: t.arg.int({
            description: `How many at most, 1 to ${LIMITS.healthyServices.max}; ${LIMITS.healthyServices.fallback} where it is left out. Example: \`1\`.`,
          }),
        },
        resolve: (_root, args, { registry }) => {
          const limit = boundedCount('limit', args.limit ?? LIMITS.healthyServices.fallback, 1, LIMITS.healthyServices.max);
          // Written out: spreading takes as long as finding the services.
          const { capability, types, versionRange, allOf } = checkDiscovery(args);
          return registry.healthyServices({ capability, types, versionRange, allOf, strategy: args.strategy ?? 'RANDOM', limit });
        },
      }),
      explainDiscovery: t.field({
        type: parts.explanation,
        description:
          'Why healthyServices answers so: what the names were taken for, how many nodes are handed out, which ones are not and why, and what near names there are. From memory, whatever is away. Errors: `BAD_USER_INPUT`, `LIMIT_EXCEEDED`. Example: `explainDiscovery(capability: "database-adapter") { summary withheld { node { nodeId } reason explanation } suggestions { name } }`.',
        args: discovery,
        resolve: (_root, query, { registry }) => registry.explainDiscovery(checkDiscovery(query)),
      }),
      capabilities: t.field({
        type: [types.capabilitySummary],
        description: `Every capability of the REGISTERED nodes, by name; the first ${LIMITS.capabilities.fallback} unless \`first\` says otherwise. Errors: \`BAD_USER_INPUT\`, \`LIMIT_EXCEEDED\`. Example: \`capabilities(search: "query") { name nodes healthy }\`.`,
        args: {
          search: t.arg.string({
            description: 'Only those with this in their name, matched like the names of `healthyServices`. Example: `"query"`.',
          }),
          first: t.arg.int({
            description: `How many, 1 to ${LIMITS.capabilities.max}; ${LIMITS.capabilities.fallback} where it is left out. Example: \`20\`.`,
          }),
          after: t.arg.string({ description: 'Only names after this one: the last name of the page before. Example: `"postgres"`.' }),
        },
        resolve: (_root, args, { registry }) => capabilityList(registry.capabilities(), args),
      }),
      registryStatus: t.field({
        type: parts.registryStatus,
        description:
          'How far the answers of this gateway can be trusted at the moment, how it stands itself, and how many nodes there are of each kind. Errors: none of its own. Example: `registryStatus { stale asOf backends { name available } }`.',
        resolve: (_root, _args, { registry }) => registry.status(),
      }),
      viewer: t.field({
        type: parts.viewer,
        description: 'Who the gateway takes you for, and what you may do. Errors: none of its own. Example: `viewer { name mayWrite }`.',
        resolve: (_root, _args, { asker }) => asker,
      }),
      changes: t.field({
        type: [types.registrationChange],
        nullable: true,
        description:
          'The change log, oldest first; from its start when `after` is null. Null with an error when it fails; the rest of the answer is there all the same. Errors: `BAD_USER_INPUT`, `CURSOR_EXPIRED`, `CURSOR_INVALID`, `LIMIT_EXCEEDED`, `BACKEND_UNAVAILABLE`. Example: `changes(after: "0000000000004711", first: 10) { cursor type nodeId }`.',
        args: {
          after: t.arg({ type: 'Cursor', description: 'Only what came after this position. Example: `"0000000000004711"`.' }),
          first: t.arg.int({
            defaultValue: LIMITS.changes.fallback,
            description: `How many, 1 to ${LIMITS.changes.max}. Example: \`10\`.`,
          }),
          filter: t.arg({
            type: inputs.changeFilter,
            description: 'Which changes; all where it is left out. Example: `{changeTypes: [REMOVED]}`.',
          }),
        },
        resolve: (_root, args, { registry, isAbandoned }) => {
          const first = boundedCount('first', args.first ?? LIMITS.changes.fallback, 1, LIMITS.changes.max);
          const filter = checkChangeFilter(args.filter);
          return registry.changes({ after: args.after ?? null, first, filter }, () => !isAbandoned());
        },
      }),
      rejectedEvents: t.field({
        type: [types.rejectedEvent],
        nullable: true,
        description:
          'Messages that could never be accepted, newest first: why a node is missing. Null with an error when it fails. Errors: `BAD_USER_INPUT`, `LIMIT_EXCEEDED`, `BACKEND_UNAVAILABLE`. Example: `rejectedEvents(first: 10) { reason excerpt rejectedAt }`.',
        args: {
          first: t.arg.int({
            defaultValue: LIMITS.rejectedEvents.fallback,
            description: `How many, 1 to ${LIMITS.rejectedEvents.max}. Example: \`10\`.`,
          }),
        },
        resolve: (_root, args, { rejectedEvents }) =>
          rejectedEvents(boundedCount('first', args.first ?? LIMITS.rejectedEvents.fallback, 1, LIMITS.rejectedEvents.max)),
      }),
    }),
  });
}
