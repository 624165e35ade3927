import { vi } from 'vitest';
import { GatewayError } from '../../../../src/errors.ts';
import type { NodeEvent } from '../../../../src/events/announcement.ts';
import { Alignment } from '../../../../src/registry/alignment.ts';
import type { ChangeEvent } from '../../../../src/registry/change.ts';
import { ChangeFeed } from '../../../../src/registry/change-feed.ts';
import { Deregistration } from '../../../../src/registry/deregistration.ts';
import { Discovery } from '../../../../src/registry/discovery.ts';
import { ExpiryGuard } from '../../../../src/registry/expiry-guard.ts';
import { Ingest } from '../../../../src/registry/ingest.ts';
import { Reconciler } from '../../../../src/registry/reconciler.ts';
import { Subscriptions } from '../../../../src/registry/subscriptions.ts';
import { FakeLeadership } from './fake-leadership.ts';
import { batch } from './incoming.ts';
import { Killed } from './killed.ts';
import { RegistryCore } from './registry-core.ts';

const SECOND = 1000;
/** RECONCILE_INTERVAL. */
const INTERVAL = 60_000;
/** A back end that works again is enough, so nothing may take longer than this many seconds of the model's time. */
const BOUND = 600;

/**
 * A gateway in memory that reads one topic, dies where a fault says so and is started again with nothing but its back ends; beside it
 * one subscriber, whose feed lives on. Time passes only here: needs vitest's fake timers.
 */
export class ModelGateway {
  readonly core = new RegistryCore();
  readonly seen: ChangeEvent[] = [];
  readonly #topic: NodeEvent[] = [];
  readonly #stop = new AbortController();
  readonly #feed: ChangeFeed;
  #committed = 0;
  #kills = 0;
  #alignment: Alignment;
  #ingest: Ingest;
  #life = new AbortController();

  constructor() {
    const { store, view, clock } = this.core;
    this.#feed = new ChangeFeed({ log: store.log, store, view, now: clock.now }, () => undefined);
    const started = this.#start();
    this.#alignment = started.alignment;
    this.#ingest = started.ingest;
  }

  /** Loads the registry and begins to follow the log. */
  async open(): Promise<void> {
    const { store, view, clock } = this.core;
    await this.#feed.load();
    void this.#feed.run(this.#stop.signal);
    void store.log.follow(
      (head) => this.#feed.heard(head),
      () => undefined,
      this.#stop.signal,
    );
    const discovery = new Discovery(view, () => 0);
    const parts = { feed: this.#feed, log: store.log, view, discovery, now: clock.now, bookmarkInterval: 1e9 };
    const changes = new Subscriptions(parts).changes({});
    void (async () => {
      for await (const change of changes) this.seen.push(change);
    })();
    this.#stop.signal.addEventListener('abort', () => void changes.return());
    await this.#pass(0);
  }

  /** Ends everything that this gateway started. */
  async close(): Promise<void> {
    this.#life.abort();
    this.#stop.abort();
    await this.#pass(SECOND);
  }

  produce(event: NodeEvent): void {
    this.#topic.push(event);
  }

  produced(): number {
    return this.#topic.length;
  }

  kills(): number {
    return this.#kills;
  }

  /** Works off the next messages; `commits` false: the offset is not committed, and they will come again. */
  async consume(count: number, commits: boolean): Promise<void> {
    const events = this.#topic.slice(this.#committed, this.#committed + count);
    if (events.length === 0) return;
    await this.#living(() => this.#ingest.process(batch(events, this.#committed), this.#life.signal));
    if (commits) this.#committed += events.length;
  }

  /** The topic from its start again. */
  replay(): void {
    this.#committed = 0;
  }

  isAtEnd(): boolean {
    return this.#committed >= this.#topic.length;
  }

  /** As an operator, until it succeeds. Returns whether there is such a node. */
  async deregister(nodeId: string): Promise<boolean> {
    const { view, store, catalog, clock, log } = this.core;
    const newId = () => `removal of ${nodeId}`;
    return this.#living(async () => {
      for (let tries = 0; tries < BOUND; tries += 1) {
        const parts = { view, store, catalog, alignment: this.#alignment, now: clock.now, newId, log, onCommitted: () => undefined };
        try {
          await new Deregistration(parts).deregister({ nodeId }, { operator: 'ann' });
          return true;
        } catch (error) {
          if (!(error instanceof GatewayError)) throw error;
          if (error.code === 'NODE_NOT_FOUND') return false;
        }
      }
      throw new Error(`Bounded: ${nodeId} could not be removed`);
    });
  }

  /** Lets pending compensations end, and the reconciler pass often enough for orphans to outlive their grace. */
  async rest(): Promise<void> {
    const { view, store, catalog, probe, hearing, log } = this.core;
    await this.#pass(20 * SECOND);
    const reconciler = new Reconciler({
      view,
      store,
      catalog,
      probe,
      alignment: this.#alignment,
      guard: new ExpiryGuard(),
      leadership: new FakeLeadership(),
      hearing,
      random: () => 0.5,
      interval: INTERVAL,
      leaseSeconds: 86_400,
      log,
      onCommitted: () => this.#feed.wake(),
    });
    void reconciler.run(this.#life.signal);
    await this.#pass(2 * INTERVAL + 5 * SECOND);
  }

  /** Runs the work; where the gateway is killed in it, starts a new one and runs it again. */
  async #living<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await this.#whileTimePasses(work());
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
        this.#kills += 1;
        this.#life.abort();
        this.#life = new AbortController();
        const { alignment, ingest } = this.#start();
        this.#alignment = alignment;
        this.#ingest = ingest;
      }
    }
  }

  #start(): { readonly alignment: Alignment; readonly ingest: Ingest } {
    const { store, catalog, messenger, clock, log } = this.core;
    const alignment = new Alignment({ store, catalog, log });
    void alignment.run(this.#life.signal).catch((error: unknown) => {
      // What is pending dies with its gateway.
      if (!(error instanceof Killed)) throw error;
    });
    const ingest = new Ingest({
      saga: this.core.newSaga(alignment),
      store,
      messenger,
      now: clock.now,
      log,
      onCommitted: () => this.#feed.wake(),
      onRenewed: () => undefined,
      onHeartbeats: () => this.#feed.wakeForHeartbeats(),
    });
    return { alignment, ingest };
  }

  async #whileTimePasses<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    const end = () => {
      isOver = true;
    };
    work.then(end, end);
    await this.#pass(0);
    for (let seconds = 0; !isOver; seconds += 1) {
      if (seconds > BOUND) throw new Error(`Bounded: the work did not end within ${BOUND} s although the back ends work again`);
      await this.#pass(SECOND);
    }
    return work;
  }

  async #pass(milliseconds: number): Promise<void> {
    for (let left = milliseconds; left > 0; left -= SECOND) {
      this.core.clock.advance(Math.min(SECOND, left));
      await vi.advanceTimersByTimeAsync(Math.min(SECOND, left));
    }
    await vi.advanceTimersByTimeAsync(0);
  }
}
