import * as z from 'zod/mini';
import { moment } from './moment.ts';
import { health, nodeShape } from './node-shape.ts';

export const loggedType = z.enum(['ADDED', 'MODIFIED', 'HEALTH_CHANGED', 'REMOVED']);
export type LoggedType = z.infer<typeof loggedType>;
export const LOGGED_TYPES: readonly LoggedType[] = ['ADDED', 'MODIFIED', 'HEALTH_CHANGED', 'REMOVED'];

const told = {
  cursor: z.string(),
  reason: z.nullable(z.string()),
  changedFields: z.array(z.string()),
  occurredAt: moment,
  operator: z.nullable(z.string()),
  correlationId: z.nullable(z.string()),
};

/** What the subscription delivers. */
export const feedEvent = z.discriminatedUnion('type', [
  z.object({ ...told, type: z.literal('BOOKMARK') }),
  z.object({ ...told, type: z.literal('SNAPSHOT'), nodeId: z.string(), node: nodeShape }),
  z.object({ ...told, type: loggedType, nodeId: z.string(), node: nodeShape }),
]);
export type FeedEvent = Readonly<z.infer<typeof feedEvent>>;

/** Of the node of a past change only what a line about it shows. */
export const pastChange = z.object({
  ...told,
  type: loggedType,
  nodeId: z.string(),
  node: z.object({ type: z.string(), name: z.nullable(z.string()), health }),
});
export type PastChange = Readonly<z.infer<typeof pastChange>>;
