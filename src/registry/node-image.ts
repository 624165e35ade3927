import { z } from 'zod';
import { isJsonObject, type Json, type JsonObject } from '../events/json.ts';
import { isNodeId } from '../events/node-id.ts';
import { isCursor } from './cursor.ts';
import type { NodeRecord } from './node-record.ts';

/** What was parsed from JSON already is JSON; walking it again would cost most of the time of loading 10,000 nodes. */
export const json = z.custom<Json>((value) => value !== undefined);
export const jsonObject = z.custom<JsonObject>(isJsonObject);
export const nodeId = z.string().refine(isNodeId);
export const cursor = z.number().refine(isCursor);
export const text = z.string().nullable();
export const number = z.number().nullable();
export const reportedHealth = z.enum(['healthy', 'degraded', 'unhealthy', 'critical', 'recovering']).nullable();
export const checkStatus = z.enum(['passing', 'warning', 'critical', 'none']).nullable();
export const state = z.enum(['REGISTERED', 'EXPIRED', 'REMOVED']);
export const health = z.enum(['HEALTHY', 'DEGRADED', 'UNHEALTHY', 'UNKNOWN']);

const liveness = z.object({
  lastSeenAt: z.number(),
  lastHeartbeatAt: number,
  reportedHealth,
  activeOperations: number,
  cpuPercent: number,
  memoryMb: number,
  memoryPercent: number.default(null),
  uptimeSeconds: number,
});

/**
 * A node as the change log and the snapshot file keep it, in JSON. Both outlive a version of the gateway: what a later one adds must have a
 * default here.
 */
export const nodeImage: z.ZodType<NodeRecord> = z.object({
  nodeId,
  instance: text,
  type: z.string(),
  name: text,
  role: text,
  version: text,
  announcedServiceName: text,
  serviceName: z.string(),
  capabilities: z.array(z.string()),
  capabilityDetails: json,
  endpoints: z.array(z.object({ name: z.string(), url: z.string() })),
  address: text,
  port: number,
  metadata: jsonObject,
  environment: text,
  networkId: text,
  deploymentId: text,
  state,
  stateReason: z.string(),
  health,
  consulServiceId: text,
  checkStatus,
  checkOutput: text,
  currentState: json,
  contentHash: z.string(),
  accepted: z.object({
    epoch: number,
    time: z.number(),
    payloadTime: z.number(),
    rawTime: z.number(),
    aheadTime: z.number().default(0),
    receivedAt: z.number(),
  }),
  leaseSeconds: number,
  liveness,
  acknowledgedAt: number,
  registeredAt: z.number(),
  updatedAt: z.number(),
  cursor,
});
