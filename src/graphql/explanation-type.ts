import type { DiscoveryExplanation, ExplainedName, WithheldNode } from '../registry/explanation.ts';
import { mentions } from '../registry/mentions.ts';
import type { NameKind } from '../registry/name-directory.ts';
import type { Suggestion } from '../registry/suggestions.ts';
import type { WithheldReason } from '../registry/withheld.ts';
import { boundedCount, LIMITS } from './limits.ts';
import type { Types } from './types.ts';

/** `explainDiscovery`: why there is none. All from memory but the rejected events, which fail alone. */
export function defineExplanation(types: Types) {
  const { builder } = types;
  const nameKind = defineNameKind(types);
  const withheldReason = defineWithheldReason(types);
  const matchedName = builder.objectRef<ExplainedName>('MatchedName').implement({
    description:
      'A name of the request and what it was taken for. Example: `{asked: "Database_Adapter", normalized: "databaseadapter", matchedBy: [SERVICE_NAME], registered: 2}`.',
    fields: (t) => ({
      asked: t.exposeString('asked', { description: 'As it was asked for. Example: `"Database_Adapter"`.' }),
      normalized: t.string({
        description: 'As it is matched: in lower case and without separators, but for one between digits. Example: `"databaseadapter"`.',
        resolve: ({ canonical }) => canonical,
      }),
      matchedBy: t.field({
        type: [nameKind],
        description:
          'What it is the name of: a capability, else any of the others; empty when no REGISTERED node has it. Example: `[SERVICE_NAME, NODE_NAME]`.',
        resolve: ({ kinds }) => kinds,
      }),
      registered: t.exposeInt('registered', { description: 'REGISTERED nodes that answer to it, healthy or not. Example: `2`.' }),
    }),
  });
  const withheldNode = builder.objectRef<WithheldNode>('WithheldNode').implement({
    description:
      'A node that has what was asked for, or part of it, and is not handed out. Example: `{reason: UNKNOWN, explanation: "Consul has not checked it yet: ask again in a moment."}`.',
    fields: (t) => ({
      node: t.field({
        type: types.node,
        description: 'The node. Example: `node { nodeId health checkOutput }`.',
        resolve: (one) => one.node,
      }),
      reason: t.field({ type: withheldReason, description: 'Why not. Example: `UNHEALTHY`.', resolve: (one) => one.reason }),
      otherReasons: t.field({
        type: [withheldReason],
        description: 'What else stands against it; empty where nothing does. Example: `[WRONG_VERSION]`.',
        resolve: (one) => one.otherReasons,
      }),
      since: t.field({
        type: 'DateTime',
        nullable: true,
        description:
          'Since when the reason holds, at the latest; null where the request is the reason, or where only Consul knows so far. Example: `"2026-11-24T13:31:12.250Z"`.',
        resolve: (one) => one.since,
      }),
      explanation: t.string({
        description:
          'The reason in words, and what to do. Example: `"It said goodbye at 2026-11-24T13:31:12.250Z. Start it again: its next announcement brings it back."`.',
        resolve: (one) => one.sentence,
      }),
    }),
  });
  const withheldCount = builder.objectRef<{ readonly reason: WithheldReason; readonly nodes: number }>('WithheldCount').implement({
    description: 'How many nodes are withheld for one reason. Example: `{reason: UNHEALTHY, nodes: 3}`.',
    fields: (t) => ({
      reason: t.field({ type: withheldReason, description: 'The reason. Example: `UNHEALTHY`.', resolve: ({ reason }) => reason }),
      nodes: t.exposeInt('nodes', { description: 'Nodes of which it is the first reason. Example: `3`.' }),
    }),
  });
  const suggestion = builder.objectRef<Suggestion>('NameSuggestion').implement({
    description:
      'A name that may have been meant. Example: `{asked: "databse-adapter", name: "database-adapter", kinds: [SERVICE_NAME], nodes: 2}`.',
    fields: (t) => ({
      asked: t.exposeString('asked', { description: 'The name that nobody has. Example: `"databse-adapter"`.' }),
      name: t.exposeString('name', { description: 'A near one, as a REGISTERED node spells it. Example: `"database-adapter"`.' }),
      kinds: t.field({
        type: [nameKind],
        description: 'What it is the name of. Example: `[SERVICE_NAME]`.',
        resolve: ({ kinds }) => kinds,
      }),
      nodes: t.exposeInt('nodes', { description: 'REGISTERED nodes that have it. Example: `2`.' }),
    }),
  });
  return builder.objectRef<DiscoveryExplanation>('DiscoveryExplanation').implement({
    description:
      'Why `healthyServices` answers as it does. Example: `{handedOut: 0, summary: "No node is handed out for \\"database-adapter\\"; 1 node is withheld that has it or had it, in part or whole: 1 UNHEALTHY."}`.',
    fields: (t) => ({
      summary: t.string({
        description: 'All of it in a few sentences. Example: `"2 nodes are handed out for \\"query\\", found by capability."`.',
        resolve: (explanation) => explanation.summary(),
      }),
      names: t.field({
        type: [matchedName],
        description:
          'How `capability` and `allOf` were understood, in that order, each name once. Example: `names { normalized matchedBy }`.',
        resolve: ({ names }) => names,
      }),
      types: t.stringList({
        nullable: true,
        description: 'The types that were asked for, each once; null for any. Example: `["effect"]`.',
        resolve: (explanation) => explanation.types,
      }),
      versionRange: t.string({
        nullable: true,
        description: 'The range, as semver understands it; null for any. Example: `">=1.4.0-0 <2.0.0-0"`.',
        resolve: (explanation) => explanation.versionRange,
      }),
      handedOut: t.exposeInt('handedOut', { description: 'Nodes that healthyServices hands out, without a limit. Example: `2`.' }),
      withheldCount: t.int({
        description: 'Nodes that have what was asked for, or part of it, in whatever state, and are not handed out. Example: `3`.',
        resolve: (explanation) => explanation.withheldCount,
      }),
      withheldByReason: t.field({
        type: [withheldCount],
        description: 'How many nodes are withheld, by reason; at most one entry for each. Example: `withheldByReason { reason nodes }`.',
        resolve: (explanation) => explanation.counts(),
      }),
      withheld: t.field({
        type: [withheldNode],
        description:
          'The nodes that `withheldCount` counts, those that lack least first. Errors: `BAD_USER_INPUT`, `LIMIT_EXCEEDED`. Example: `withheld(first: 3) { node { nodeId } reason explanation }`.',
        args: {
          first: t.arg.int({
            defaultValue: LIMITS.withheld.fallback,
            description: `How many, 1 to ${LIMITS.withheld.max}. Example: \`3\`.`,
          }),
        },
        resolve: (explanation, { first }) =>
          explanation.withheld(boundedCount('first', first ?? LIMITS.withheld.fallback, 1, LIMITS.withheld.max)),
      }),
      suggestions: t.field({
        type: [suggestion],
        description:
          'Names of REGISTERED nodes that are near those that no REGISTERED node has, the nearest first. Errors: `BAD_USER_INPUT`, `LIMIT_EXCEEDED`. Example: `suggestions(first: 1) { name }`.',
        args: {
          first: t.arg.int({
            defaultValue: LIMITS.suggestions.fallback,
            description: `How many, 1 to ${LIMITS.suggestions.max}. Example: \`1\`.`,
          }),
        },
        resolve: (explanation, { first }) =>
          explanation.suggestions(boundedCount('first', first ?? LIMITS.suggestions.fallback, 1, LIMITS.suggestions.max)),
      }),
      rejectedEvents: t.field({
        type: [types.rejectedEvent],
        nullable: true,
        description: `Refused messages that mention one of the names, or one of the first ${LIMITS.withheld.fallback} withheld nodes, in the 300 characters that are kept of each; newest first, among the latest ${LIMITS.rejectedEvents.max}: an announcement that would have answered. Null with an error when Postgres does not answer. Errors: \`BAD_USER_INPUT\`, \`LIMIT_EXCEEDED\`, \`BACKEND_UNAVAILABLE\`. Example: \`rejectedEvents(first: 1) { reason excerpt }\`.`,
        args: {
          first: t.arg.int({
            defaultValue: LIMITS.mentions.fallback,
            description: `How many, 1 to ${LIMITS.mentions.max}. Example: \`1\`.`,
          }),
        },
        resolve: async (explanation, args, { rejectedEvents }) => {
          const first = boundedCount('first', args.first ?? LIMITS.mentions.fallback, 1, LIMITS.mentions.max);
          const names = explanation.names.map(({ canonical }) => canonical);
          const nodeIds = explanation.withheld(LIMITS.withheld.fallback).map(({ node }) => node.nodeId);
          const latest = await rejectedEvents(LIMITS.rejectedEvents.max);
          return latest.filter(mentions(names, nodeIds)).slice(0, first);
        },
      }),
    }),
  });
}

function defineNameKind({ builder }: Types) {
  return builder.enumType('NameKind', {
    description: 'What a name is the name of. Example: `SERVICE_NAME`.',
    values: {
      CAPABILITY: { description: 'Something that a node can do. Example: `hash_generation`.' },
      SERVICE_NAME: { description: 'A Consul service, with or without `-service`. Example: `database-adapter`.' },
      NODE_NAME: { description: 'The announced name of a node. Example: `orders-adapter`.' },
      NODE_TYPE: { description: 'The announced type of nodes. Example: `effect`.' },
    } as const satisfies Record<NameKind, { description: string }>,
  });
}

function defineWithheldReason({ builder }: Types) {
  return builder.enumType('WithheldReason', {
    description: 'Why a node is not handed out. Example: `UNHEALTHY`.',
    values: {
      REMOVED: { description: 'It said goodbye, or an operator deregistered it. Example: `reason: shutdown` in its last message.' },
      EXPIRED: { description: 'Its lease ran out, or Consul dropped it. Example: a node killed without a goodbye.' },
      UNHEALTHY: { description: 'It fails its check, went silent, or says so itself. Example: the connection is refused.' },
      DEGRADED: { description: 'It lives with a warning. Example: a heartbeat saying `degraded`.' },
      UNKNOWN: { description: 'Nothing is known of its health yet. Example: no endpoint, and no heartbeat so far.' },
      EJECTED: {
        description:
          "Consul's check passes, but this gateway's own probes fail: `Node.ejection` has more. Example: a process killed a few seconds ago.",
      },
      WRONG_TYPE: { description: 'It is of none of the wanted types. Example: a reducer, and `types: ["effect"]`.' },
      WRONG_VERSION: { description: 'Its version is not in the range. Example: 1.0.0, and `versionRange: "^2"`.' },
      LACKS_CAPABILITY: {
        description:
          'It has not all of the names, or has one only as a name while others have it as a capability. Example: one of `allOf`.',
      },
    } as const satisfies Record<WithheldReason, { description: string }>,
  });
}
