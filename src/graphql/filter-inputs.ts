import type { ChangeFilter } from '../registry/change.ts';
import type { NodeFilter } from '../registry/registry.ts';
import { boundedList, boundedText, LIMITS } from './limits.ts';
import type { Types } from './types.ts';

export type FilterInputs = ReturnType<typeof defineFilterInputs>;

export function defineFilterInputs({ builder, registrationState, nodeHealth, changeType }: Types) {
  return {
    nodeFilter: builder.inputType('NodeFilter', {
      description:
        'All given conditions must hold; an absent or null one is no condition. Example: `{types: ["effect"], capabilities: ["database.query"], states: [REGISTERED]}`.',
      fields: (t) => ({
        types: t.stringList({ description: 'Node types, any of these. Example: `["effect", "compute"]`.' }),
        capabilities: t.stringList({
          description: 'All of these; case is ignored, `-` and `_` are one. Example: `["database.query", "database.write"]`.',
        }),
        anyCapability: t.stringList({
          description: 'Any of these; case is ignored, `-` and `_` are one. Example: `["database.query", "cache.read"]`.',
        }),
        states: t.field({ type: [registrationState], description: 'Any of these; all states without it. Example: `[REGISTERED]`.' }),
        health: t.field({ type: [nodeHealth], description: 'Any of these. Example: `[UNHEALTHY, UNKNOWN]`.' }),
        serviceName: t.string({ description: 'The Consul service name. Example: `"database-adapter"`.' }),
        environment: t.string({ description: 'The announced environment. Example: `"dev"`.' }),
        search: t.string({
          description: 'Substring of id, name, service name or a capability, case-insensitive. Example: `"adapter"`.',
        }),
      }),
    }),
    changeFilter: builder.inputType('ChangeFilter', {
      description:
        'All given conditions must hold; an absent or null one is no condition. BOOKMARKs pass every filter. Example: `{nodeTypes: ["effect"], changeTypes: [ADDED, REMOVED]}`.',
      fields: (t) => ({
        nodeIds: t.idList({ description: 'Only these nodes. Example: `["orchestrator-001"]`.' }),
        nodeTypes: t.stringList({ description: 'Only nodes of these types. Example: `["effect"]`.' }),
        anyCapability: t.stringList({
          description: 'Only nodes with any of these; case is ignored, `-` and `_` are one. Example: `["database.query"]`.',
        }),
        changeTypes: t.field({ type: [changeType], description: 'Only these kinds of changes. Example: `[ADDED, REMOVED]`.' }),
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
