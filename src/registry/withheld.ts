import type { NodeId } from '../events/node-id.ts';
import type { DiscoveryRequest, RequestedName } from './discovery-request.ts';
import type { Ejection } from './ejections.ts';
import type { NameMatch } from './name-directory.ts';
import { canonicalName } from './names.ts';
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

/** All that keeps the node from being handed out to who asks this; empty: nothing does. */
export function reasonsAgainst(view: RegistryView, node: NodeRecord, ejection: Ejection | null, request: MatchedRequest): WithheldReason[] {
  const reasons: WithheldReason[] = [];
  if (node.state !== 'REGISTERED') reasons.push(node.state);
  else {
    const health = view.healthNow(node);
    if (health !== 'HEALTHY') reasons.push(health);
    else if (ejection !== null) reasons.push('EJECTED');
  }
  if (request.types !== null && !request.types.has(canonicalName(node.type))) reasons.push('WRONG_TYPE');
  if (request.range !== null && !request.range.contains(node.version)) reasons.push('WRONG_VERSION');
  if (request.names.some((name) => lacks(node, name))) reasons.push('LACKS_CAPABILITY');
  return reasons;
}

/** The names of the request that the node does not answer to, or would not if it were back. */
export function lackingNames(node: NodeRecord, { names }: MatchedRequest): RequestedName[] {
  return names.filter((name) => lacks(node, name));
}

function lacks({ state, nodeId }: NodeRecord, { nodes, departed }: MatchedName): boolean {
  return !(state === 'REGISTERED' ? nodes : departed).has(nodeId);
}
