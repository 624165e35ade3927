import { z } from 'zod';
import { caFile } from './ca-file.ts';
import { duration, flag, number, optional } from './values.ts';

export const consulVariables = z.object({
  CONSUL_HOST: z.string(),
  CONSUL_PORT: number(8500, 1, 65_535),
  CONSUL_HTTP_TOKEN: optional,
  CONSUL_SSL: flag(false),
  CONSUL_CA_FILE: caFile,
  CONSUL_MODE: z.enum(['agent', 'catalog']).default('agent'),
  CONSUL_VIRTUAL_NODES: number(200, 1, 10_000),
  CONSUL_PROBES: z.enum(['gateway', 'esm']).default('gateway'),
  CONSUL_PROBE_CONCURRENCY: number(1000, 1, 100_000),
  CONSUL_CHECK_INTERVAL: duration('30s'),
  CONSUL_CHECK_TIMEOUT: duration('10s'),
  CONSUL_SUCCESS_BEFORE_PASSING: number(2, 0, 100),
  CONSUL_FAILURES_BEFORE_CRITICAL: number(3, 0, 100),
  CONSUL_DEREGISTER_CRITICAL_AFTER: duration('90s'),
});

export type ConsulConfig = ReturnType<typeof consulConfig>;

export function consulConfig(e: z.output<typeof consulVariables>) {
  return {
    host: e.CONSUL_HOST,
    port: e.CONSUL_PORT,
    token: e.CONSUL_HTTP_TOKEN ?? null,
    secure: e.CONSUL_SSL,
    caFile: e.CONSUL_CA_FILE ?? null,
    mode: e.CONSUL_MODE,
    virtualNodes: e.CONSUL_VIRTUAL_NODES,
    probes: e.CONSUL_PROBES,
    probeConcurrency: e.CONSUL_PROBE_CONCURRENCY,
    checkInterval: e.CONSUL_CHECK_INTERVAL,
    checkTimeout: e.CONSUL_CHECK_TIMEOUT,
    successBeforePassing: e.CONSUL_SUCCESS_BEFORE_PASSING,
    failuresBeforeCritical: e.CONSUL_FAILURES_BEFORE_CRITICAL,
    deregisterCriticalAfter: e.CONSUL_DEREGISTER_CRITICAL_AFTER,
  };
}
