import type { FeedEvent, LoggedType } from '../../../src/dashboard/gateway/change-shape.ts';
import type { FleetNode } from '../../../src/dashboard/gateway/node-shape.ts';

export function fleetNode(nodeId: string, changes: Partial<FleetNode> = {}): FleetNode {
  return {
    nodeId,
    name: null,
    type: 'effect',
    serviceName: 'effect-service',
    version: '1.0.0',
    state: 'REGISTERED',
    stateReason: 'startup',
    health: 'HEALTHY',
    address: '10.0.0.1',
    port: 8080,
    capabilities: ['query'],
    environment: 'dev',
    registeredAt: 1000,
    updatedAt: 1000,
    lastSeenAt: 1000,
    lastHeartbeatAt: null,
    cursor: cursorOf(1),
    ...changes,
  };
}

export const cursorOf = (position: number): string => String(position).padStart(16, '0');

const told = (position: number) => ({
  cursor: cursorOf(position),
  reason: null,
  changedFields: [],
  occurredAt: position * 1000,
  operator: null,
  correlationId: null,
});

export const snapshotOf = (position: number, node: FleetNode): FeedEvent => ({
  ...told(position),
  type: 'SNAPSHOT',
  nodeId: node.nodeId,
  node,
});

export const bookmark = (position: number): FeedEvent => ({ ...told(position), type: 'BOOKMARK' });

export const changed = (position: number, type: LoggedType, node: FleetNode, reason: string | null = 'startup'): FeedEvent => ({
  ...told(position),
  type,
  nodeId: node.nodeId,
  node,
  reason,
});
