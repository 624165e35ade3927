import type { NodeContent } from '../../../src/events/announcement.ts';
import { type NodeId, toNodeId } from '../../../src/events/node-id.ts';

export function nodeId(text: string): NodeId {
  const id = toNodeId(text);
  if (id === undefined) throw new Error(`not a node id: ${text}`);
  return id;
}

/** A node as the database adapter announces itself, with what a test wants to differ. */
export function nodeContent(different: Partial<NodeContent> = {}): NodeContent {
  return {
    nodeId: nodeId('db-1'),
    instance: null,
    type: 'effect',
    name: 'database adapter',
    role: null,
    version: '1.2.3',
    announcedServiceName: null,
    capabilities: ['read', 'write'],
    capabilityDetails: {},
    endpoints: [],
    address: null,
    port: null,
    metadata: {},
    environment: null,
    networkId: null,
    deploymentId: null,
    ...different,
  };
}
