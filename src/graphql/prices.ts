import { LIMITS } from './limits.ts';

/** How many entries a list is reckoned with: a number, or what the first given of some arguments says, `fallback` where none is. */
export type Size = number | { readonly by: readonly string[]; readonly fallback: number; readonly max: number };

export interface Price {
  /** What the field itself costs. Default: {@link LEAF} or {@link OBJECT}. */
  readonly price?: number;
  /** Whether it may have to be read, and so comes later. Default: false, it is in memory. */
  readonly isRead?: boolean;
  /** Multiplies what is selected under it. Every list and every connection has one: a test walks the schema. */
  readonly size?: Size;
}

/** The unit is roughly a microsecond of this process. */
export const LEAF = 1;
export const OBJECT = 2;
/** A read of Postgres, in which other clients' reads have to wait as well. */
const POSTGRES = 200;
/** A look at Consul, whose agent takes 200 connections of all gateways on a machine. */
const CONSUL = 800;
/** A deferred fragment is a message of its own. */
export const DEFERRED = 20;

/** Capabilities in a registry, services of a capability, entries of a list that a node announced: what is usual where nothing is said. */
const MANY = 100;
const SOME = 10;
const FEW = 4;

const paged = (by: readonly string[], { fallback, max }: { readonly fallback: number; readonly max: number }): Size => ({
  by,
  fallback,
  max,
});

/** By `Type.field`. What is not here is a single value that comes from memory. */
export const PRICES: Readonly<Record<string, Price>> = {
  'Query.nodes': { size: paged(['first', 'last'], LIMITS.nodes) },
  'NodeConnection.edges': { size: 1 },
  'Query.healthyServices': { size: paged(['limit'], { fallback: SOME, max: LIMITS.healthyServices.max }) },
  // Counts the capabilities of every node.
  'Query.capabilities': { price: MANY, size: paged(['first'], { fallback: MANY, max: LIMITS.capabilities.max }) },
  // From memory, but for past states: what each adds to the one statement of all.
  'Query.node': { price: SOME, isRead: true },
  'Query.changes': { price: POSTGRES, isRead: true, size: paged(['first'], LIMITS.changes) },
  'Query.rejectedEvents': { price: POSTGRES, isRead: true, size: paged(['first'], LIMITS.rejectedEvents) },
  'RegistryStatus.backends': { size: 3 },
  'RegistryStatus.consumerPausedFor': { size: 1 },
  'RegistryStatus.nodeCounts': { size: MANY },
  // Batched: what a node adds to the one statement of all.
  'Node.changes': { price: SOME, isRead: true, size: paged(['first'], LIMITS.changesOfNode) },
  'NodeRecords.postgres': { price: POSTGRES, isRead: true },
  'NodeRecords.consul': { price: CONSUL, isRead: true },
  'NodeRecords.differences': { price: POSTGRES + CONSUL, isRead: true, size: FEW },
  'StoredNode.capabilities': { size: SOME },
  'ConsulService.tags': { size: SOME },
  'ConsulService.checks': { size: 1 },
  'Node.capabilities': { size: SOME },
  'Node.endpoints': { size: FEW },
  'Node.capabilityDetails': { price: FEW },
  'Node.metadata': { price: FEW },
  'RegistrationChange.changedFields': { size: FEW },
  // Looks at every node, and compares names with those of the whole registry.
  'Query.explainDiscovery': { price: 500 },
  'DiscoveryExplanation.names': { size: FEW },
  'DiscoveryExplanation.types': { size: FEW },
  'DiscoveryExplanation.withheldByReason': { size: FEW },
  'DiscoveryExplanation.withheld': { size: paged(['first'], LIMITS.withheld) },
  'DiscoveryExplanation.suggestions': { size: paged(['first'], LIMITS.suggestions) },
  'DiscoveryExplanation.rejectedEvents': { isRead: true, price: POSTGRES, size: paged(['first'], LIMITS.mentions) },
  'MatchedName.matchedBy': { size: 1 },
  'NameSuggestion.kinds': { size: 1 },
  'WithheldNode.otherReasons': { size: 1 },
  'Subscription.healthyServices': { size: SOME },
  'Mutation.deregister': { price: POSTGRES },
  'Mutation.requestIntrospection': { price: POSTGRES },
  // Calls a node.
  'Mutation.reportFailure': { price: POSTGRES },

  // The schema of the schema: what it holds in the mean. Walking it twice over is what costs.
  '__Schema.types': { size: MANY },
  '__Schema.directives': { size: FEW },
  '__Directive.locations': { size: FEW },
  '__Directive.args': { size: 1 },
  '__Type.fields': { size: FEW },
  // Most types are no list of something, and fewer a list of lists.
  '__Type.ofType': { size: 0.4 },
  '__Type.interfaces': { size: 1 },
  '__Type.possibleTypes': { size: 1 },
  '__Type.enumValues': { size: 1 },
  '__Type.inputFields': { size: 1 },
  '__Field.args': { size: 1 },
};
