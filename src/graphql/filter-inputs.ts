import type { ChangeFilter } from '../registry/change.ts';
import type { NodeFilter } from '../registry/registry.ts';
import { boundedList, boundedText, LIMITS } from './limits.ts';
import type { Types } from './types.ts';

export type FilterInputs = ReturnType<typeof defineFilterInputs>;

export function defineFilterInputs({ builder, registrationState, nodeHealth, changeType }: Types) {
  return {
    nodeFilter: builder.inputType('NodeFilter', {
      description:
        'Which nodes. All given conditions must hold; an absent or null one is no condition, and an empty list matches nothing. Example: `{types: ["effect"], capabilities: ["query"], states: [REGISTERED]}`.',
      fields: (t) => ({
        types: t.stringList({
          description: `Any of these node types, at most ${LIMITS.names}; neither case nor \`-\`, \`_\` and spaces count. Example: \`["effect", "compute"]\`.`,
        }),
        capabilities: t.stringList({
          description: `All of these capabilities, at most ${LIMITS.names}; matched like types. Example: \`["query", "transactions"]\`.`,
        }),
        anyCapability: t.stringList({
          description: `Any of these capabilities, at most ${LIMITS.names}; matched like types. Example: \`["query", "hash_generation"]\`.`,
        }),
        states: t.field({
          type: [registrationState],
          description: 'Any of these states; all of them where it is left out. Example: `[REGISTERED]`.',
        }),
        health: t.field({ type: [nodeHealth], description: 'Any of these healths. Example: `[UNHEALTHY, UNKNOWN]`.' }),
        serviceName: t.string({ description: 'The Consul service name; matched like types. Example: `"database-adapter"`.' }),
        environment: t.string({ description: 'The announced environment, exactly. Example: `"dev"`.' }),
        search: t.string({
          description: 'A part of the node id, name, service name or a capability; case is ignored. Example: `"adapter"`.',
        }),
      }),
    }),
    changeFilter: builder.inputType('ChangeFilter', {
      description:
        'Which changes. All given conditions must hold; an absent or null one is no condition, and an empty list matches nothing. BOOKMARKs pass every filter. Example: `{nodeTypes: ["effect"], changeTypes: [ADDED, REMOVED]}`.',
      fields: (t) => ({
        nodeIds: t.idList({ description: `Only these nodes, at most ${LIMITS.ids}. Example: \`["orchestrator-001"]\`.` }),
        nodeTypes: t.stringList({
          description: `Only nodes of any of these types, at most ${LIMITS.names}; neither case nor \`-\`, \`_\` and spaces count. Example: \`["effect"]\`.`,
        }),
        anyCapability: t.stringList({
          description: `Only nodes with any of these capabilities, at most ${LIMITS.names}; matched like types. Example: \`["query"]\`.`,
        }),
        changeTypes: t.field({
          type: [changeType],
          description: 'Only changes of any of these types, as they arrive. Example: `[ADDED, REMOVED]`.',
        }),
      }),
    }),
  };
}

/** Throws LIMIT_EXCEEDED. */
export function checkNodeFilter(filter: NodeFilter | null | undefined): NodeFilter | null {
  if (filter === null || filter === undefined) return null;
  boundedList('filter.types', filter.types);
  boundedList('filter.capabilities', filter.capabilities);
  boundedList('filter.anyCapability', filter.anyCapability);
  boundedList('filter.states', filter.states);
  boundedList('filter.health', filter.health);
  boundedText('filter.serviceName', filter.serviceName);
  boundedText('filter.environment', filter.environment);
  boundedText('filter.search', filter.search);
  return filter;
}

/** Throws LIMIT_EXCEEDED. */
export function checkChangeFilter(filter: ChangeFilter | null | undefined): ChangeFilter | null {
  if (filter === null || filter === undefined) return null;
  boundedList('filter.nodeIds', filter.nodeIds, LIMITS.ids);
  boundedList('filter.nodeTypes', filter.nodeTypes);
  boundedList('filter.anyCapability', filter.anyCapability);
  boundedList('filter.changeTypes', filter.changeTypes);
  return filter;
}
