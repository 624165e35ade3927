import type { NodeRecord } from './node-record.ts';

/** When the lease of a REGISTERED node ends: NODE_TTL_HOURS, or what the node announced if shorter, after its last sign of life. Milliseconds. */
export function leaseEnd(node: NodeRecord, now: number, leaseSeconds: number, hearingSince = 0): number {
  // A passing check is a sign of life at every moment that it passes.
  const lastSign = node.checkStatus === 'passing' ? now : Math.max(node.liveness.lastSeenAt, hearingSince);
  return lastSign + Math.min(node.leaseSeconds ?? leaseSeconds, leaseSeconds) * 1000;
}
