import type { Goodbye } from '../events/announcement.ts';
import { toCursor } from './cursor.ts';
import type { NodeRecord } from './node-record.ts';

/** Of a node that was not heard yet. */
export const NO_LIVENESS = {
  lastSeenAt: 0,
  lastHeartbeatAt: null,
  reportedHealth: null,
  activeOperations: null,
  cpuPercent: null,
  memoryMb: null,
  memoryPercent: null,
  uptimeSeconds: null,
} as const;

/** Only the order key of a node that was never registered: an announcement said before its goodbye must not register it. */
export function tombstone(event: Goodbye, accepted: NodeRecord['accepted'], now: number): NodeRecord {
  return {
    nodeId: event.nodeId,
    instance: null,
    type: 'unknown',
    name: null,
    role: null,
    version: null,
    announcedServiceName: null,
    capabilities: [],
    capabilityDetails: {},
    endpoints: [],
    address: null,
    port: null,
    metadata: {},
    environment: null,
    networkId: null,
    deploymentId: null,
    state: 'REMOVED',
    stateReason: 'shutdown',
    health: 'UNKNOWN',
    serviceName: '',
    consulServiceId: null,
    checkStatus: null,
    checkOutput: null,
    currentState: null,
    contentHash: '',
    accepted,
    leaseSeconds: null,
    liveness: { ...NO_LIVENESS, lastSeenAt: now },
    acknowledgedAt: null,
    registeredAt: now,
    updatedAt: now,
    cursor: toCursor(0),
  };
}
