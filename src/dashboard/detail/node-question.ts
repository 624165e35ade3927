import * as z from 'zod/mini';
import * as documents from '../../dashboard-documents.ts';
import { moment } from '../gateway/moment.ts';
import { nodeShape } from '../gateway/node-shape.ts';

const detail = z.extend(nodeShape, {
  instance: z.nullable(z.string()),
  role: z.nullable(z.string()),
  networkId: z.nullable(z.string()),
  deploymentId: z.nullable(z.string()),
  epoch: z.nullable(z.number()),
  acknowledgedAt: z.nullable(moment),
  leaseExpiresAt: z.nullable(moment),
  consulServiceId: z.nullable(z.string()),
  contentHash: z.string(),
  checkStatus: z.nullable(z.enum(['PASSING', 'WARNING', 'CRITICAL', 'NONE'])),
  checkOutput: z.nullable(z.string()),
  reportedHealth: z.nullable(z.string()),
  currentState: z.unknown(),
  cpuPercent: z.nullable(z.number()),
  memoryMb: z.nullable(z.number()),
  memoryPercent: z.nullable(z.number()),
  activeOperations: z.nullable(z.number()),
  uptimeSeconds: z.nullable(z.number()),
  endpoints: z.array(z.object({ name: z.string(), url: z.string() })),
  capabilityDetails: z.unknown(),
  metadata: z.unknown(),
  ejection: z.nullable(
    z.object({ since: moment, error: z.string(), failures: z.number(), successesNeeded: z.number(), retryAt: z.nullable(moment) }),
  ),
});

/** All that the gateway knows of a node. */
export type NodeDetail = Readonly<z.infer<typeof detail>>;

/** null: no node of this id was ever known. */
export const NODE = {
  document: documents.NODE,
  answer: z.object({ nodeById: z.nullable(detail) }),
};
