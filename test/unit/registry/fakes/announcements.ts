import { createHash } from 'node:crypto';
import type { Announcement, Goodbye, MessagePosition, NodeContent } from '../../../../src/events/announcement.ts';
import { type NodeId, toNodeId } from '../../../../src/events/node-id.ts';

export function nodeId(text: string): NodeId {
  const id = toNodeId(text);
  if (id === undefined) throw new Error(`"${text}" is no node id`);
  return id;
}

export function content(id: string, more: Partial<NodeContent> = {}): NodeContent {
  return {
    nodeId: nodeId(id),
    instance: null,
    type: 'effect',
    name: null,
    role: null,
    version: '1.0.0',
    announcedServiceName: null,
    capabilities: ['ping'],
    capabilityDetails: { ping: true },
    endpoints: [{ name: 'health', url: `http://${id}.example/health` }],
    address: `${id}.example`,
    port: 80,
    metadata: {},
    environment: null,
    networkId: null,
    deploymentId: null,
    ...more,
  };
}

/** Said at this time, in seconds since 1970. */
export function announcement(
  id: string,
  time: number,
  more: Partial<Announcement> & { readonly content?: NodeContent } = {},
): Announcement {
  const said = { epoch: null, time: time * 1e6, payloadTime: time * 1e6 };
  const announced = more.content ?? content(id);
  return {
    kind: 'announcement',
    content: announced,
    contentHash: createHash('sha256').update(JSON.stringify(announced)).digest('hex'),
    currentState: null,
    reason: 'startup',
    reportedHealth: null,
    leaseSeconds: null,
    said,
    correlationId: null,
    ...more,
  };
}

export function goodbye(id: string, time: number, more: Partial<Goodbye> = {}): Goodbye {
  return {
    kind: 'goodbye',
    nodeId: nodeId(id),
    said: { epoch: null, time: time * 1e6, payloadTime: time * 1e6 },
    reason: 'shutdown',
    correlationId: null,
    ...more,
  };
}

export function position(offset: number, partition = 0): MessagePosition {
  return { topic: 'introspection', partition, offset: String(offset) };
}
