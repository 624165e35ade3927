import { z } from 'zod';
import { duration, number, UNITS } from './values.ts';

export const registryVariables = z.object({
  NODE_TTL_HOURS: number(24, 0.001, 8760, false),
  CLEANUP_INTERVAL_HOURS: number(1, 0.001, 168, false),
  HEARTBEAT_TIMEOUT_SECONDS: number(90, 1, 86_400),
  RECONCILE_INTERVAL: duration('60s'),
  PROBE_TIMEOUT: duration('1s'),
  BOOKMARK_INTERVAL: duration('15s'),
});

export type RegistryConfig = ReturnType<typeof registryConfig>;

export function registryConfig(e: z.output<typeof registryVariables>) {
  return {
    leaseSeconds: e.NODE_TTL_HOURS * 3600,
    cleanUpInterval: e.CLEANUP_INTERVAL_HOURS * UNITS.h,
    heartbeatTimeout: e.HEARTBEAT_TIMEOUT_SECONDS * 1000,
    reconcileInterval: e.RECONCILE_INTERVAL,
    probeTimeout: e.PROBE_TIMEOUT,
    bookmarkInterval: e.BOOKMARK_INTERVAL,
  };
}
