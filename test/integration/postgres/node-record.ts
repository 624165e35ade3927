import type { NodeId } from '../../../src/events/node-id.ts';
import type { NewChange } from '../../../src/registry/change.ts';
import { toCursor } from '../../../src/registry/cursor.ts';
import type { NodeRecord } from '../../../src/registry/node-record.ts';
import { nodeContent } from '../../unit/consul/node-content.ts';

/** Milliseconds since 1970; whole seconds, so that every column holds it exactly. */
export const NOON = Date.UTC(2026, 10, 24, 12);

/** A registered node as the saga would write it, with what a test wants to differ. */
export function nodeRecord(nodeId: NodeId, different: Partial<NodeRecord> = {}): NodeRecord {
  return {
    ...nodeContent({ nodeId }),
    state: 'REGISTERED',
    stateReason: 'startup',
    health: 'HEALTHY',
    serviceName: 'effect-service',
    consulServiceId: `effect-${nodeId}`,
    checkStatus: 'passing',
    checkOutput: null,
    currentState: null,
    contentHash: 'a'.repeat(64),
    accepted: { epoch: null, time: NOON * 1000, payloadTime: NOON * 1000, rawTime: NOON * 1000, aheadTime: 0, receivedAt: NOON },
    leaseSeconds: null,
    liveness: {
      lastSeenAt: NOON,
      lastHeartbeatAt: null,
      reportedHealth: null,
      activeOperations: null,
      cpuPercent: null,
      memoryMb: null,
      memoryPercent: null,
      uptimeSeconds: null,
    },
    acknowledgedAt: null,
    registeredAt: NOON,
    updatedAt: NOON,
    cursor: toCursor(0),
    ...different,
  };
}

/** That the node was added, or what else a test wants to have happened to it. */
export function newChange(node: NodeRecord, different: Partial<NewChange> = {}): NewChange {
  return {
    type: 'ADDED',
    nodeId: node.nodeId,
    node,
    before: null,
    reason: 'startup',
    changedFields: [],
    correlationId: null,
    operator: null,
    occurredAt: NOON,
    ...different,
  };
}
