import { define } from '../../../../src/consul/service-definition.ts';
import type { NodeContent } from '../../../../src/events/announcement.ts';
import { contentHashOf } from '../../../../src/events/content-hash.ts';
import type { NewChange } from '../../../../src/registry/change.ts';
import { toCursor } from '../../../../src/registry/cursor.ts';
import type { Liveness, NodeRecord } from '../../../../src/registry/node-record.ts';
import { REGISTRY_ID } from './memory-catalog.ts';
import { content, T0 } from './messages.ts';

export const NO_SIGNS: Liveness = {
  lastSeenAt: T0,
  lastHeartbeatAt: null,
  reportedHealth: null,
  activeOperations: null,
  cpuPercent: null,
  memoryMb: null,
  memoryPercent: null,
  uptimeSeconds: null,
};

/** A node as it stands after its announcement at {@link T0}: registered, passing, healthy, never heartbeated. */
export function record(id: string, different: Partial<NodeRecord> = {}, announced: Partial<NodeContent> = {}): NodeRecord {
  const what = content(id, announced);
  const contentHash = contentHashOf(what);
  const service = define(what, contentHash, REGISTRY_ID);
  return {
    state: 'REGISTERED',
    stateReason: 'startup',
    health: 'HEALTHY',
    serviceName: service.name,
    consulServiceId: service.id,
    checkStatus: service.check.kind === 'none' ? 'none' : 'passing',
    checkOutput: null,
    currentState: 'ready',
    contentHash,
    accepted: { epoch: null, time: T0 * 1000, payloadTime: T0 * 1000, rawTime: T0 * 1000, aheadTime: 0, receivedAt: T0 },
    leaseSeconds: null,
    liveness: NO_SIGNS,
    acknowledgedAt: null,
    registeredAt: T0,
    updatedAt: T0,
    cursor: toCursor(0),
    // Last, as in decide.ts: it takes 40 µs otherwise.
    ...what,
    ...different,
  };
}

/** An entry about the node, not numbered yet. */
export function change(node: NodeRecord, different: Partial<NewChange> = {}): NewChange {
  return {
    type: 'ADDED',
    nodeId: node.nodeId,
    node,
    before: null,
    reason: 'startup',
    changedFields: [],
    correlationId: null,
    operator: null,
    occurredAt: T0,
    ...different,
  };
}
