import type { BackEnds } from './back-ends.ts';
import type { Config } from './config.ts';
import { CheckRounds } from './consul/check-rounds.ts';
import type { Log } from './log.ts';
import { CheckedServices } from './registry/checked-services.ts';
import type { RegistryView } from './registry/view.ts';

export interface SharedProbingParts {
  readonly backEnds: BackEnds;
  readonly view: RegistryView;
  readonly log: Log;
}

/** The checks of services in the catalog, which no agent runs: shared out among the gateways that are there. */
export function createSharedProbing(config: Config['consul'], { backEnds, view, log }: SharedProbingParts): CheckRounds {
  const { catalog, external, checkWriter, checkProbe, roster } = backEnds;
  const services = new CheckedServices(view, catalog);
  const placeOf = (serviceId: string) => ({ node: external.homeOf(serviceId), serviceId });
  return new CheckRounds({
    isOn: () => roster.placement().mode === 'catalog' && roster.placement().probes === 'gateway',
    services: () => services.all(),
    members: () => roster.members(),
    self: roster.self,
    probe: (check) => checkProbe.probe(check),
    statusOf: (serviceId) => external.sight.statusOf(serviceId),
    criticalFor: (serviceId) => external.sight.criticalFor(serviceId),
    write: ({ id, check }, observed) => checkWriter.write(placeOf(id), check, observed),
    remove: ({ id, check }) => checkWriter.remove(placeOf(id), check),
    thresholds: config,
    interval: config.checkInterval,
    removeAfter: config.deregisterCriticalAfter,
    concurrency: config.probeConcurrency,
    monotonic: () => performance.now(),
    random: Math.random,
    log,
  });
}
