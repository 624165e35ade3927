import * as z from 'zod/mini';
import * as documents from '../../dashboard-documents.ts';
import { moment } from '../gateway/moment.ts';
import { health, state } from '../gateway/node-shape.ts';

const backend = z.enum(['KAFKA', 'CONSUL', 'POSTGRES']);
export type Backend = z.infer<typeof backend>;

const backendStatus = z.object({
  name: backend,
  available: z.boolean(),
  circuit: z.enum(['CLOSED', 'HALF_OPEN', 'OPEN']),
  lastError: z.nullable(z.string()),
  since: moment,
});
export type BackendStatus = Readonly<z.infer<typeof backendStatus>>;

const nodeCount = z.object({ type: z.string(), state, health, nodes: z.number() });

const registryStatus = z.object({
  stale: z.boolean(),
  source: z.enum(['LIVE', 'SNAPSHOT']),
  asOf: moment,
  cursor: z.string(),
  nodes: z.number(),
  backends: z.array(backendStatus),
  nodeCounts: z.array(nodeCount),
  gatewayId: z.string(),
  environment: z.string(),
  version: z.string(),
  startedAt: moment,
  leader: z.boolean(),
  subscribers: z.number(),
  consumerLag: z.nullable(z.number()),
  consumerPausedFor: z.array(backend),
  expiriesHeldBack: z.number(),
  ejected: z.number(),
});
export type RegistryStatus = Readonly<z.infer<typeof registryStatus>>;

const viewer = z.object({ name: z.nullable(z.string()), mayRead: z.boolean(), mayWrite: z.boolean() });
export type Viewer = Readonly<z.infer<typeof viewer>>;

export const STATUS = {
  document: documents.STATUS,
  answer: z.object({ viewer, registryStatus }),
};

export const NAME_OF_BACKEND: Readonly<Record<Backend, string>> = { KAFKA: 'Kafka', CONSUL: 'Consul', POSTGRES: 'Postgres' };
