import { vi } from 'vitest';
import { ChangeFeed } from '../../../../src/registry/change-feed.ts';
import { toCursor } from '../../../../src/registry/cursor.ts';
import { ProbedDemand } from '../../../../src/registry/demand.ts';
import { Discovery } from '../../../../src/registry/discovery.ts';
import { Ejections } from '../../../../src/registry/ejections.ts';
import { FailureReports } from '../../../../src/registry/failure-reports.ts';
import { InstanceWatch } from '../../../../src/registry/instance-watch.ts';
import type { NodeRecord } from '../../../../src/registry/node-record.ts';
import type { HealthProbe, ObservedCheck, ServiceCheck } from '../../../../src/registry/ports.ts';
import { Probing } from '../../../../src/registry/probing.ts';
import { Subscriptions } from '../../../../src/registry/subscriptions.ts';
import { RegistryView } from '../../../../src/registry/view.ts';
import { MemoryCatalog } from './memory-catalog.ts';
import { MemoryStore } from './memory-store.ts';
import { record } from './node-record.ts';
import { recordedLog } from './recorded-log.ts';

export const REFUSED: ObservedCheck = { status: 'critical', output: 'connection refused' };
export const OK: ObservedCheck = { status: 'passing', output: '200' };

/** An endpoint for each node; the probes of each are on record, and the test says what they find, and how long they take. */
export class ScriptedProbe implements HealthProbe {
  /** Node ids, in the order of the probes. */
  readonly probed: string[] = [];
  readonly dead = new Set<string>();
  /** 429. */
  readonly busy = new Set<string>();
  /** Refused by the rules for endpoints. */
  readonly forbidden = new Set<string>();
  /** Milliseconds. */
  takes = 5;
  underWay = 0;
  mostUnderWay = 0;

  async probe(check: ServiceCheck): Promise<ObservedCheck | null> {
    const nodeId = nodeOf(check);
    this.probed.push(nodeId);
    this.underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    await new Promise((resolve) => setTimeout(resolve, this.takes));
    this.underWay -= 1;
    return this.dead.has(nodeId) ? REFUSED : this.busy.has(nodeId) ? { status: 'warning', output: '429' } : OK;
  }

  mayReach(check: ServiceCheck): boolean {
    return check.kind !== 'none' && !this.forbidden.has(nodeOf(check));
  }

  /** How often each node was probed since the last time this was asked. */
  take(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const nodeId of this.probed.splice(0)) counts[nodeId] = (counts[nodeId] ?? 0) + 1;
    return counts;
  }
}

function nodeOf(check: ServiceCheck): string {
  if (check.kind !== 'http') throw new Error(`no HTTP check: ${check.kind}`);
  return new URL(check.url).hostname.replace(/\.test$/, '');
}

/** A registered instance of the service, with a health endpoint of its own. */
export function instance(id: string, serviceName = 'adapter', different: Partial<NodeRecord> = {}): NodeRecord {
  return record(id, { serviceName, ...different });
}

export interface ProbedOptions {
  readonly interval?: number;
  readonly maxInstances?: number;
  readonly concurrency?: number;
  readonly perMinute?: number;
}

/** Everything that probes, over a registry in memory. Time is that of the fake timers. */
export class ProbedInstances {
  readonly view = new RegistryView();
  readonly probe = new ScriptedProbe();
  readonly log;
  readonly lines;
  readonly watch: InstanceWatch;
  readonly ejections: Ejections;
  readonly probing: Probing;
  readonly reports: FailureReports;
  readonly demand: ProbedDemand;
  readonly discovery: Discovery;
  readonly subscriptions: Subscriptions;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(nodes: readonly NodeRecord[], { interval = 2000, maxInstances = 500, concurrency = 64, perMinute = 60 }: ProbedOptions = {}) {
    const { log, lines } = recordedLog();
    this.log = log;
    this.lines = lines;
    const { view, probe } = this;
    const now = () => Date.now();
    const monotonic = () => Date.now() - 1_000_000;
    this.watch = new InstanceWatch({ monotonic, random: () => 0.5, interval, maxInstances });
    this.ejections = new Ejections({ view, now, monotonic, log });
    const { watch, ejections } = this;
    this.probing = new Probing({ view, watch, ejections, catalog: new MemoryCatalog(), probe, monotonic, concurrency, log });
    this.reports = new FailureReports({ view, probing: this.probing, watch, ejections, monotonic, perMinute, log });
    this.demand = new ProbedDemand(watch, ejections);
    this.discovery = new Discovery(view, () => 0, this.demand);
    const store = new MemoryStore();
    const feed = new ChangeFeed({ log: store.log, store, view, now }, () => undefined);
    this.subscriptions = new Subscriptions({ feed, log: store.log, view, discovery: this.discovery, now, bookmarkInterval: 15_000 });
    this.load(nodes);
  }

  /** The registry holds these from now on. */
  load(nodes: readonly NodeRecord[]): void {
    this.view.load(nodes, toCursor(nodes.length));
  }

  start(): this {
    this.#running = this.probing.run(this.#stop.signal);
    return this;
  }

  stop(): Promise<void> {
    this.#stop.abort();
    return this.#running;
  }

  /** The ids that a client gets for this service. */
  ask(capability = 'database.query', limit: number | null = null): string[] {
    return this.discovery
      .healthyServices({ capability, limit })
      .map(({ nodeId }) => nodeId)
      .sort();
  }

  /** Lets the time pass, asking every 100 ms. Returns the last answer. */
  async askFor(milliseconds: number, capability?: string, limit?: number): Promise<string[]> {
    for (let passed = 0; passed < milliseconds; passed += 100) {
      this.ask(capability, limit);
      await vi.advanceTimersByTimeAsync(100);
    }
    return this.ask(capability, limit);
  }
}
