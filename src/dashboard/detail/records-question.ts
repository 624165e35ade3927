import * as z from 'zod/mini';
import * as documents from '../../dashboard-documents.ts';
import { moment } from '../gateway/moment.ts';
import { health, state } from '../gateway/node-shape.ts';

const checkStatus = z.enum(['PASSING', 'WARNING', 'CRITICAL', 'NONE']);

const stored = z.object({
  state,
  health,
  checkStatus: z.nullable(checkStatus),
  serviceName: z.string(),
  address: z.nullable(z.string()),
  port: z.nullable(z.number()),
  version: z.nullable(z.string()),
  capabilities: z.array(z.string()),
  contentHash: z.string(),
  consulServiceId: z.nullable(z.string()),
  updatedAt: moment,
});
export type StoredNode = Readonly<z.infer<typeof stored>>;

const consul = z.object({
  id: z.string(),
  name: z.string(),
  node: z.string(),
  address: z.nullable(z.string()),
  port: z.nullable(z.number()),
  tags: z.array(z.string()),
  meta: z.record(z.string(), z.unknown()),
  checks: z.array(z.object({ id: z.string(), status: checkStatus, output: z.string() })),
});
export type ConsulService = Readonly<z.infer<typeof consul>>;

const difference = z.object({
  field: z.string(),
  gateway: z.nullable(z.string()),
  postgres: z.nullable(z.string()),
  consul: z.nullable(z.string()),
});
export type Difference = Readonly<z.infer<typeof difference>>;

/** What both back ends hold at this moment. */
export const RECORDS = {
  document: documents.RECORDS,
  answer: z.object({
    nodeById: z.nullable(
      z.object({
        records: z.object({ postgres: z.nullable(stored), consul: z.nullable(consul), differences: z.nullable(z.array(difference)) }),
      }),
    ),
  }),
};
