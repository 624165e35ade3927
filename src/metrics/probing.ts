import type { Registry } from 'prom-client';
import type { Ejections } from '../registry/ejections.ts';
import type { InstanceWatch } from '../registry/instance-watch.ts';
import type { Probing } from '../registry/probing.ts';
import { followCount, followCounts } from './followed-counts.ts';
import { defineReading } from './readings.ts';

export interface ProbingSources {
  readonly watch: Pick<InstanceWatch, 'size' | 'interval'>;
  readonly ejections: Pick<Ejections, 'size' | 'heldBack' | 'total'>;
  readonly probing: Pick<Probing, 'counts'>;
}

/** What clients ask for, how often it is probed, and what is left out. */
export function defineProbingMetrics(registry: Registry, { watch, ejections, probing }: ProbingSources): void {
  followCounts(registry, {
    name: 'discovery_gateway_probes_total',
    help: "Probes of instances that clients ask for, by what they found. Consul's own checks are not among them.",
    label: 'outcome',
    read: () => Object.entries(probing.counts()),
  });
  defineReading(registry, {
    name: 'discovery_gateway_probed_instances',
    help: 'Instances that clients asked for lately: these are probed.',
    read: () => watch.size(),
  });
  defineReading(registry, {
    name: 'discovery_gateway_probe_interval_seconds',
    help: 'Time between two probes of one instance. Above PROBE_INTERVAL where more instances are asked for than PROBE_MAX_INSTANCES: they take turns.',
    read: () => watch.interval() / 1000,
  });
  defineReading(registry, {
    name: 'discovery_gateway_ejected_instances',
    help: 'Instances that Consul calls passing and this gateway leaves out of its answers, since its own probes fail.',
    read: () => ejections.size(),
  });
  defineReading(registry, {
    name: 'discovery_gateway_ejections_held_back',
    help: 'Instances whose probes fail and that are handed out all the same, since half of their service is left out already.',
    read: () => ejections.heldBack(),
  });
  followCount(registry, {
    name: 'discovery_gateway_ejections_total',
    help: 'Instances left out of the answers, counted each time.',
    read: () => ejections.total(),
  });
}
