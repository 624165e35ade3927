import type {
  Acknowledgement,
  Announcement,
  Goodbye,
  Heartbeat,
  MessagePosition,
  MessageTime,
  NodeContent,
} from '../../../../src/events/announcement.ts';
import { contentHashOf } from '../../../../src/events/content-hash.ts';
import { type NodeId, toNodeId } from '../../../../src/events/node-id.ts';

/** When the tests begin, milliseconds since 1970. */
export const T0 = Date.parse('2026-11-24T12:00:00.000Z');

export function nodeId(text: string): NodeId {
  const id = toNodeId(text);
  if (id === undefined) throw new Error(`not a node id: ${text}`);
  return id;
}

/** An effect node with an `api` and a `health` endpoint at a host named after it. */
export function content(id: string, different: Partial<NodeContent> = {}): NodeContent {
  return {
    nodeId: nodeId(id),
    instance: null,
    type: 'effect',
    name: `name of ${id}`,
    role: null,
    version: '1.0.0',
    announcedServiceName: null,
    capabilities: ['database.query'],
    capabilityDetails: ['database.query'],
    endpoints: [
      { name: 'api', url: `http://${id}.test:8080` },
      { name: 'health', url: healthUrl(id) },
    ],
    address: `${id}.test`,
    port: 8080,
    metadata: {},
    environment: 'dev',
    networkId: null,
    deploymentId: null,
    ...different,
  };
}

/** Where a node of {@link content} is probed. */
export function healthUrl(id: string): string {
  return `http://${id}.test:8080/health`;
}

/** What is left of a node without any endpoint. */
export const NO_ENDPOINT = { endpoints: [], address: null, port: null } as const;

/** Said at this moment, in milliseconds after {@link T0}. */
export function said(at: number, epoch: number | null = null, payloadAt = at): MessageTime {
  return { epoch, time: (T0 + at) * 1000, payloadTime: (T0 + payloadAt) * 1000 };
}

export interface Saying {
  /** Milliseconds after {@link T0}. */
  readonly at?: number;
  readonly epoch?: number | null;
}

export function announcement(
  id: string,
  {
    at = 0,
    epoch = null,
    content: different = {},
    ...rest
  }: Saying & { content?: Partial<NodeContent> } & Partial<Omit<Announcement, 'content'>> = {},
): Announcement {
  const announced = content(id, different);
  return {
    kind: 'announcement',
    content: announced,
    contentHash: contentHashOf(announced),
    currentState: 'ready',
    reason: 'startup',
    reportedHealth: null,
    leaseSeconds: null,
    said: said(at, epoch),
    correlationId: null,
    ...rest,
  };
}

export function goodbye(id: string, { at = 0, epoch = null, ...rest }: Saying & Partial<Goodbye> = {}): Goodbye {
  return { kind: 'goodbye', nodeId: nodeId(id), said: said(at, epoch), reason: 'shutdown', correlationId: null, ...rest };
}

export function heartbeat(id: string, { at = 0, epoch = null, ...rest }: Saying & Partial<Heartbeat> = {}): Heartbeat {
  return {
    kind: 'heartbeat',
    nodeId: nodeId(id),
    type: null,
    reportedHealth: null,
    uptimeSeconds: null,
    activeOperations: null,
    cpuPercent: null,
    memoryMb: null,
    memoryPercent: null,
    said: said(at, epoch),
    correlationId: null,
    ...rest,
  };
}

export function acknowledgement(id: string, at = 0): Acknowledgement {
  return { kind: 'acknowledgement', nodeId: nodeId(id), said: said(at), correlationId: null };
}

export const TOPIC = 'dev.omninode_bridge.onex.evt.node-introspection.v1';

export function position(offset: number, partition = 0): MessagePosition {
  return { topic: TOPIC, partition, offset: String(offset) };
}
