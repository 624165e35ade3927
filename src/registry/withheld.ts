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

/** A request together with the nodes that its names match, in the same order. */
export interface MatchedRequest extends DiscoveryRequest {
  readonly matches: readonly NameMatch[];
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
  if (request.names.some((name, index) => lacks(view, node, name, request.matches[index]))) reasons.push('LACKS_CAPABILITY');
  return reasons;
}

/** The names of the request that the node does not answer to, or would not if it were back. */
export function lackingNames(view: RegistryView, node: NodeRecord, { names, matches }: MatchedRequest): RequestedName[] {
  return names.filter((name, index) => lacks(view, node, name, matches[index]));
}

function lacks(view: RegistryView, node: NodeRecord, { canonical }: RequestedName, match: NameMatch | undefined): boolean {
  if (node.state === 'REGISTERED') return match === undefined || !match.nodes.has(node.nodeId);
  // While a registered node has a capability of that name, no other name would count.
  return match?.kinds[0] === 'CAPABILITY'
    ? !view.departed.named('CAPABILITY', canonical).has(node.nodeId)
    : !view.departed.has(canonical, node.nodeId);
}
