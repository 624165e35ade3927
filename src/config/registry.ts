import { z } from 'zod';
import { messageOf } from '../errors.ts';
import { EndpointAllowList } from '../events/endpoint-allow-list.ts';
import { duration, list, number, UNITS } from './values.ts';

/** Checked here, so that a wrong rule is reported with all other problems. */
const endpointRules = (fallback: string) =>
  list(fallback).transform((rules, context) => {
    try {
      return new EndpointAllowList(rules);
    } catch (error) {
      context.addIssue({ code: 'custom', message: messageOf(error) });
      return z.NEVER;
    }
  });

export const registryVariables = z.object({
  NODE_TTL_HOURS: number(24, 0.001, 8760, false),
  CLEANUP_INTERVAL_HOURS: number(1, 0.001, 168, false),
  HEARTBEAT_TIMEOUT_SECONDS: number(90, 1, 86_400),
  RECONCILE_INTERVAL: duration('60s'),
  PROBE_TIMEOUT: duration('1s'),
  BOOKMARK_INTERVAL: duration('15s'),
  ENDPOINT_ALLOW: endpointRules('*'),
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
    endpointAllow: e.ENDPOINT_ALLOW,
  };
}
