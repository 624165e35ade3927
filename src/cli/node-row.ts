import { z } from 'zod';
import type { Cell } from './table.ts';

const moment = z.iso.datetime({ offset: true });

/** A node as `dgw nodes` shows it. */
export const nodeRow = z.object({
  nodeId: z.string(),
  name: z.string().nullable(),
  type: z.string(),
  serviceName: z.string(),
  version: z.string().nullable(),
  state: z.string(),
  stateReason: z.string(),
  health: z.string(),
  address: z.string().nullable(),
  port: z.number().nullable(),
  capabilities: z.array(z.string()),
  endpoints: z.array(z.object({ name: z.string(), url: z.string() })),
  registeredAt: moment,
  updatedAt: moment,
  lastHeartbeatAt: moment.nullable(),
});
export type NodeRow = z.output<typeof nodeRow>;

const HEALTH_COLOURS = { HEALTHY: 'green', DEGRADED: 'yellow', UNHEALTHY: 'red' } as const;

export function healthCell(health: string): Cell {
  const colour = health === 'HEALTHY' || health === 'DEGRADED' || health === 'UNHEALTHY' ? HEALTH_COLOURS[health] : undefined;
  return { text: health.toLowerCase(), colour };
}

export function placeOf({ address, port }: Pick<NodeRow, 'address' | 'port'>): string {
  if (address === null) return '';
  const host = address.includes(':') ? `[${address}]` : address;
  return port === null ? host : `${host}:${port}`;
}
