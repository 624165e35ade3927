import { pageOf } from './connection.ts';
import { checkChangeFilter, checkNodeFilter, type FilterInputs } from './filter-inputs.ts';
import { boundedCount, boundedList, boundedText, LIMITS, requiredText } from './limits.ts';
import type { defineRegistryStatus } from './status-types.ts';
import type { Types } from './types.ts';

/** The first three, `capabilities` and `registryStatus` are answered from memory; the log and the rejected events come from Postgres and fail alone. */
export function defineQuery(types: Types, inputs: FilterInputs, registryStatus: ReturnType<typeof defineRegistryStatus>): void {
  types.builder.queryType({
    description:
      'What exists, what can be called, and what has happened. Answers come from memory, except `changes` and `rejectedEvents`. Every field fails with BACKEND_UNAVAILABLE on a gateway that has just started and not loaded the registry yet. Example: `{ healthyServices(capability: "database-adapter") { url } }`.',
    fields: (t) => ({
      nodes: t.field({
        type: types.nodeConnection,
        description:
          'Every known node that matches, in the order of their ids, page by page, forwards with `first` and `after` or backwards with `last` and `before`; in all states unless the filter names some. Errors: `BAD_USER_INPUT`, `CURSOR_INVALID`, `LIMIT_EXCEEDED`. Example: `nodes(filter: {states: [REGISTERED]}, first: 20) { totalCount edges { node { nodeId } } }`.',
        args: {
          filter: t.arg({ type: inputs.nodeFilter, description: 'Which nodes; all where it is left out. Example: `{types: ["effect"]}`.' }),
          first: t.arg.int({
            description: `How many from the start, or from \`after\` on: 1 to ${LIMITS.nodes.max}, ${LIMITS.nodes.fallback} by default; not together with \`last\`. Example: \`20\`.`,
          }),
          after: t.arg.string({ description: 'Only nodes after the edge with this cursor. Example: `"b3JjaGVzdHJhdG9yLTAwMQ"`.' }),
          last: t.arg.int({
            description: `How many from the end, or up to \`before\`: 1 to ${LIMITS.nodes.max}; not together with \`first\`. Example: \`20\`.`,
          }),
          before: t.arg.string({ description: 'Only nodes before the edge with this cursor. Example: `"b3JjaGVzdHJhdG9yLTA1MA"`.' }),
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
      healthyServices: t.field({
        type: [types.healthyService],
        description:
          'Nodes that are REGISTERED, HEALTHY and have the capability. Matching ignores case and treats `-` and `_` as one; a service name (with or without `-service`), node name or node type matches too when no capability of that name exists, so `database-adapter` finds what answers for it. Empty list when there is none. Errors: `BAD_USER_INPUT`, `LIMIT_EXCEEDED`. Example: `healthyServices(capability: "database-adapter", limit: 1) { url }`.',
        args: {
          capability: t.arg.string({
            required: true,
            description: 'What the service must be able to do, or its name. Example: `"database-adapter"`.',
          }),
          types: t.arg.stringList({ description: 'Only nodes of any of these types. Example: `["effect"]`.' }),
          versionRange: t.arg.string({
            description: 'Only versions in this semver range; a node without a version is in none. Example: `"^2.1.0"`.',
          }),
          strategy: t.arg({
            type: types.strategy,
            defaultValue: 'RANDOM',
            description: 'In which order. Example: `LEAST_LOADED`.',
          }),
          limit: t.arg.int({
            description: `How many at most, 1 to ${LIMITS.healthyServices.max}; all where it is left out. Example: \`1\`.`,
          }),
        },
        resolve: (_root, args, { registry }) => {
          requiredText('capability', args.capability);
          boundedList('types', args.types);
          boundedText('versionRange', args.versionRange);
          if (args.limit !== null && args.limit !== undefined) boundedCount('limit', args.limit, 1, LIMITS.healthyServices.max);
          return registry.healthyServices({
            capability: args.capability,
            types: args.types,
            versionRange: args.versionRange,
            strategy: args.strategy ?? 'RANDOM',
            limit: args.limit,
          });
        },
      }),
      capabilities: t.field({
        type: [types.capabilitySummary],
        description:
          'Every capability of the REGISTERED nodes, by name. Errors: none of its own. Example: `capabilities { name nodes healthy }`.',
        resolve: (_root, _args, { registry }) => registry.capabilities(),
      }),
      registryStatus: t.field({
        type: registryStatus,
        description:
          'How far the answers of this gateway can be trusted at the moment. Errors: none of its own. Example: `registryStatus { stale asOf backends { name available } }`.',
        resolve: (_root, _args, { registry }) => registry.status(),
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
        resolve: (_root, args, { registry }) => {
          const first = boundedCount('first', args.first ?? LIMITS.changes.fallback, 1, LIMITS.changes.max);
          return registry.changes(args.after ?? null, first, checkChangeFilter(args.filter));
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
        resolve: (_root, args, { registry }) =>
          registry.rejectedEvents(boundedCount('first', args.first ?? LIMITS.rejectedEvents.fallback, 1, LIMITS.rejectedEvents.max)),
      }),
    }),
  });
}
