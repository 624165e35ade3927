import { afterEach, beforeEach, vi } from 'vitest';
import { Alignment } from '../../../src/registry/alignment.ts';
import { ExpiryGuard } from '../../../src/registry/expiry-guard.ts';
import type { NodeRecord } from '../../../src/registry/node-record.ts';
import { Reconciler } from '../../../src/registry/reconciler.ts';
import { SECOND_TRY } from '../../../src/registry/second-try.ts';
import { RegistryView } from '../../../src/registry/view.ts';
import { FakeLeadership } from './fakes/fake-leadership.ts';
import { FakeProbe } from './fakes/fake-probe.ts';
import { MemoryCatalog } from './fakes/memory-catalog.ts';
import { MemoryStore } from './fakes/memory-store.ts';
import { T0 } from './fakes/messages.ts';
import { change } from './fakes/node-record.ts';
import { recordedLog } from './fakes/recorded-log.ts';

export const INTERVAL = 60_000;
export const LEASE_SECONDS = 86_400;
/** The nodes, that changed at T0, have settled by then. */
export const START = T0 + 10_000;

/** A reconciler over a Postgres and a Consul that agree until the test sees to it that they do not. Time is that of the fake timers. */
export class RunningReconciler {
  readonly store = new MemoryStore();
  readonly catalog = new MemoryCatalog();
  readonly probe = new FakeProbe();
  readonly view = new RegistryView();
  readonly guard = new ExpiryGuard();
  readonly leadership = new FakeLeadership();
  readonly lines: ReturnType<typeof recordedLog>['lines'];
  readonly reconciler: Reconciler;
  /** Since when the gateway hears. */
  hearingSince = T0;
  random: () => number = () => 0.5;
  readonly #nodes: number;
  readonly #stop = new AbortController();
  #running = Promise.resolve();

  constructor(...nodes: readonly NodeRecord[]) {
    const { store, catalog, probe, view, guard, leadership } = this;
    const { log, lines } = recordedLog();
    this.lines = lines;
    this.#nodes = nodes.length;
    for (const node of nodes) {
      store.commit(change(node));
      if (node.state === 'REGISTERED' && node.consulServiceId !== null) this.stand(node);
    }
    this.refresh();
    this.reconciler = new Reconciler({
      view,
      store,
      catalog,
      probe,
      alignment: new Alignment({ store, catalog, log }),
      guard,
      leadership,
      hearing: () => ({ now: Date.now(), since: this.hearingSince, timeout: 90_000 }),
      random: () => this.random(),
      interval: INTERVAL,
      leaseSeconds: LEASE_SECONDS,
      log,
      onCommitted: () => this.refresh(),
    });
  }

  /** Puts the node's service into Consul, as its check is recorded. */
  stand(node: NodeRecord): void {
    const status = node.checkStatus === null || node.checkStatus === 'none' ? null : node.checkStatus;
    this.catalog.seed(this.catalog.define(node, node.contentHash), status === null ? null : { status, output: 'seen before' });
  }

  /** The registry in memory as it is stored. */
  refresh(): void {
    this.view.load(this.store.nodes(), this.store.log.head);
  }

  /** Begins, and ends the first pass. */
  async start(): Promise<void> {
    this.#running = this.reconciler.run(this.#stop.signal);
    await this.pass(0);
  }

  /** Lets the time pass, the next interval by default. */
  async pass(milliseconds = INTERVAL): Promise<void> {
    await vi.advanceTimersByTimeAsync(milliseconds);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.pass(SECOND_TRY);
    await this.#running;
  }

  /** What the log says since the nodes were put there. */
  told(): string[] {
    return this.store.log.entries.slice(this.#nodes).map(({ type, nodeId, reason }) => `${type} ${nodeId} ${reason}`);
  }

  services(): string[] {
    return [...this.catalog.services.keys()].sort();
  }
}

/** Reconcilers that end with the test, on fake timers that begin at {@link START}. */
export function useReconcilers() {
  const made: RunningReconciler[] = [];
  beforeEach(() => {
    vi.useFakeTimers({ now: START });
  });
  afterEach(async () => {
    for (const one of made.splice(0)) await one.stop();
    vi.useRealTimers();
  });
  return (...nodes: readonly NodeRecord[]): RunningReconciler => {
    const one = new RunningReconciler(...nodes);
    made.push(one);
    return one;
  };
}
