import type { BackEnds } from './back-ends.ts';
import type { Config } from './config.ts';
import type { NodeId } from './events/node-id.ts';
import type { Log } from './log.ts';
import { ProbedDemand } from './registry/demand.ts';
import { Ejections } from './registry/ejections.ts';
import { FailureReports } from './registry/failure-reports.ts';
import { InstanceWatch } from './registry/instance-watch.ts';
import { Probing } from './registry/probing.ts';
import type { RegistryView } from './registry/view.ts';

export interface InstanceProbingParts {
  readonly backEnds: BackEnds;
  readonly view: RegistryView;
  readonly log: Log;
}

export type InstanceProbing = ReturnType<typeof createInstanceProbing>;

/** What clients ask for, and what of it does not answer: "Answers that answer now" in docs/lifecycle.md. */
export function createInstanceProbing(config: Config['probing'], { backEnds, view, log }: InstanceProbingParts) {
  const { clock, catalog, probe } = backEnds;
  const { now } = clock;
  const { interval, concurrency, maxInstances, reportsPerMinute: perMinute } = config;
  // Not the shared clock, which Postgres may set.
  const monotonic = () => performance.now();
  const watch = new InstanceWatch({ monotonic, random: Math.random, interval, maxInstances });
  const ejections = new Ejections({ view, now, monotonic, log });
  const probing = new Probing({ view, watch, ejections, catalog, probe, monotonic, concurrency, log });
  const reports = new FailureReports({ view, probing, watch, ejections, monotonic, perMinute, log });
  /** Announced as startups with the same content: nothing is known against these lives, and the next probe follows at once. */
  const startedAgain = (nodeIds: readonly NodeId[]) => {
    for (const nodeId of nodeIds) {
      ejections.forgive(nodeId);
      watch.hurry(nodeId);
    }
  };
  return { watch, ejections, probing, reports, startedAgain, demand: new ProbedDemand(watch, ejections) };
}
