import type { NodeId } from '../events/node-id.ts';
import type { DiscoveryRequest, RequestedName } from './discovery-request.ts';
import type { Ejection } from './ejections.ts';
import type { NameMatch } from './name-directory.ts';
import type { NodeRecord } from './node-record.ts';
import type { RegistryView } from './view.ts';

/** Why a node is not handed out, in the order in which they are told. */
export const WITHHELD_REASONS = [
  'REMOVED',
  'EXPIRED',
  'UNHEALTHY',
  'DEGRADED',
  'UNKNOWN',
  'EJECTED',
  'WRONG_TYPE',
  'WRONG_VERSION',
  'LACKS_CAPABILITY',
] as const;
export type WithheldReason = (typeof WITHHELD_REASONS)[number];

const BITS = {
  REMOVED: 1,
  EXPIRED: 2,
  UNHEALTHY: 4,
  DEGRADED: 8,
  UNKNOWN: 16,
  EJECTED: 32,
  WRONG_TYPE: 64,
  WRONG_VERSION: 128,
  LACKS_CAPABILITY: 256,
} as const satisfies Record<WithheldReason, number>;

/** A name of a request, together with the nodes that it is a name of. */
export interface MatchedName extends RequestedName, NameMatch {
  /** Nodes that left, and would answer to it if they were back. */
  readonly departed: ReadonlySet<NodeId>;
}

export interface MatchedRequest extends DiscoveryRequest {
  readonly names: readonly [MatchedName, ...MatchedName[]];
}

export function matchRequest(view: RegistryView, { names: [first, ...others], types, range }: DiscoveryRequest): MatchedRequest {
  return { names: [matchName(view, first), ...others.map((name) => matchName(view, name))], types, range };
}

function matchName({ registered, departed }: RegistryView, name: RequestedName): MatchedName {
  const match = registered.match(name.canonical);
  // While a registered node has a capability of that name, no other name would count.
  const isCapability = match.kinds[0] === 'CAPABILITY';
  return { ...name, ...match, departed: isCapability ? departed.named('CAPABILITY', name.canonical) : departed.any(name.canonical) };
}

/** A set of reasons: a bit for each, the first in {@link WITHHELD_REASONS} being 1. 0: nothing stands against the node. */
export type Reasons = number;

/** All that keeps the node from being handed out to who asks this. In numbers, since there may be 10,000 nodes to say it of. */
export function reasonsAgainst(view: RegistryView, node: NodeRecord, ejection: Ejection | null, request: MatchedRequest): Reasons {
  let reasons = 0;
  if (node.state !== 'REGISTERED') reasons |= BITS[node.state];
  else {
    const health = view.healthNow(node);
    if (health !== 'HEALTHY') reasons |= BITS[health];
    else if (ejection !== null) reasons |= BITS.EJECTED;
  }
  if (request.types !== null && !request.types.include(node.type)) reasons |= BITS.WRONG_TYPE;
  if (request.range !== null && !request.range.contains(node.version)) reasons |= BITS.WRONG_VERSION;
  for (const name of request.names) if (lacks(node, name)) reasons |= BITS.LACKS_CAPABILITY;
  return reasons;
}

/** The reasons of a set, in their order. */
export function listReasons(reasons: Reasons): WithheldReason[] {
  return WITHHELD_REASONS.filter((reason) => (reasons & BITS[reason]) !== 0);
}

/** The names of the request that the node does not answer to, or would not if it were back. */
export function lackingNames(node: NodeRecord, { names }: MatchedRequest): RequestedName[] {
  return names.filter((name) => lacks(node, name));
}

function lacks({ state, nodeId }: NodeRecord, { nodes, departed }: MatchedName): boolean {
  return !(state === 'REGISTERED' ? nodes : departed).has(nodeId);
}
