import { z } from 'zod';
import type { registryVariables } from './registry.ts';
import { duration, number } from './values.ts';

export const probingVariables = z.object({
  PROBE_INTERVAL: duration('2s'),
  PROBE_CONCURRENCY: number(64, 1, 10_000),
  PROBE_MAX_INSTANCES: number(500, 0, 1_000_000),
  LIMIT_FAILURE_REPORTS: number(60, 0, 1_000_000),
});

export type ProbingConfig = ReturnType<typeof probingConfig>;

export function probingConfig(e: z.output<typeof probingVariables>) {
  return {
    interval: e.PROBE_INTERVAL,
    concurrency: e.PROBE_CONCURRENCY,
    maxInstances: e.PROBE_MAX_INSTANCES,
    reportsPerMinute: e.LIMIT_FAILURE_REPORTS,
  };
}

/** What no single variable can be blamed for. */
export function probingProblems(
  e: (z.output<typeof probingVariables> & Pick<z.output<typeof registryVariables>, 'PROBE_TIMEOUT'>) | undefined,
): readonly string[] {
  if (e === undefined || e.PROBE_TIMEOUT < e.PROBE_INTERVAL) return [];
  return ['PROBE_INTERVAL must be longer than PROBE_TIMEOUT: an instance is not probed again before its last probe has ended'];
}
