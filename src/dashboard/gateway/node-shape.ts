import * as z from 'zod/mini';
import { moment } from './moment.ts';

export const health = z.enum(['HEALTHY', 'DEGRADED', 'UNHEALTHY', 'UNKNOWN']);
export const state = z.enum(['REGISTERED', 'EXPIRED', 'REMOVED']);

export type Health = z.infer<typeof health>;
export type State = z.infer<typeof state>;

export const HEALTHS: readonly Health[] = ['HEALTHY', 'DEGRADED', 'UNHEALTHY', 'UNKNOWN'];
export const STATES: readonly State[] = ['REGISTERED', 'EXPIRED', 'REMOVED'];

/** What tables and lists show of a node: `NODE_FIELDS` of dashboard-documents.ts. */
export const nodeShape = z.object({
  nodeId: z.string(),
  name: z.nullable(z.string()),
  type: z.string(),
  serviceName: z.string(),
  version: z.nullable(z.string()),
  state,
  stateReason: z.string(),
  health,
  address: z.nullable(z.string()),
  port: z.nullable(z.number()),
  capabilities: z.array(z.string()),
  environment: z.nullable(z.string()),
  registeredAt: moment,
  updatedAt: moment,
  lastSeenAt: moment,
  lastHeartbeatAt: z.nullable(moment),
  cursor: z.string(),
});

/** A node, as tables and lists show it. Moments are milliseconds since 1970. */
export type FleetNode = Readonly<z.infer<typeof nodeShape>>;
