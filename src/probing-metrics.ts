import { Counter, Gauge, type Registry } from 'prom-client';
import type { Ejections } from './registry/ejections.ts';
import type { InstanceWatch } from './registry/instance-watch.ts';
import type { Probing } from './registry/probing.ts';

export interface ProbingSources {
  readonly watch: Pick<InstanceWatch, 'size' | 'interval'>;
  readonly ejections: Pick<Ejections, 'size' | 'heldBack' | 'total'>;
  readonly probing: Pick<Probing, 'counts'>;
}

/** What clients ask for, how often it is probed, and what is left out. */
export function defineProbingMetrics(registry: Registry, { watch, ejections, probing }: ProbingSources): void {
  const registers = [registry];
  let probed: Readonly<Record<string, number>> = {};
  new Counter({
    name: 'discovery_gateway_probes_total',
    help: "Probes of instances that clients ask for, by what they found. Consul's own checks are not among them.",
    labelNames: ['outcome'],
    registers,
    collect() {
      const now: Record<string, number> = { ...probing.counts() };
      for (const [outcome, count] of Object.entries(now)) this.inc({ outcome }, count - (probed[outcome] ?? 0));
      probed = now;
    },
  });
  new Gauge({
    name: 'discovery_gateway_probed_instances',
    help: 'Instances that clients asked for lately: these are probed.',
    registers,
    collect() {
      this.set(watch.size());
    },
  });
  new Gauge({
    name: 'discovery_gateway_probe_interval_seconds',
    help: 'Time between two probes of one instance. Above PROBE_INTERVAL where more instances are asked for than PROBE_MAX_INSTANCES: they take turns.',
    registers,
    collect() {
      this.set(watch.interval() / 1000);
    },
  });
  new Gauge({
    name: 'discovery_gateway_ejected_instances',
    help: 'Instances that Consul calls passing and this gateway leaves out of its answers, since its own probes fail.',
    registers,
    collect() {
      this.set(ejections.size());
    },
  });
  new Gauge({
    name: 'discovery_gateway_ejections_held_back',
    help: 'Instances whose probes fail and that are handed out all the same, since half of their service is left out already.',
    registers,
    collect() {
      this.set(ejections.heldBack());
    },
  });
  let ejected = 0;
  new Counter({
    name: 'discovery_gateway_ejections_total',
    help: 'Instances left out of the answers, counted each time.',
    registers,
    collect() {
      this.inc(ejections.total() - ejected);
      ejected = ejections.total();
    },
  });
}
