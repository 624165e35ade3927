import { afterEach, beforeEach, vi } from 'vitest';
import type { ChangeEvent, NewChange } from '../../../src/registry/change.ts';
import { ChangeFeed } from '../../../src/registry/change-feed.ts';
import { Discovery } from '../../../src/registry/discovery.ts';
import type { SubscribeOptions } from '../../../src/registry/registry.ts';
import { Subscriptions } from '../../../src/registry/subscriptions.ts';
import { RegistryView } from '../../../src/registry/view.ts';
import { MemoryStore } from './fakes/memory-store.ts';
import { T0 } from './fakes/messages.ts';
import { change, record } from './fakes/node-record.ts';

export const BOOKMARK_INTERVAL = 15_000;

/** One gateway's feed over a store that may be shared with others. Time is that of the fake timers. */
export class RunningFeed {
  readonly store: MemoryStore;
  readonly view = new RegistryView();
  readonly errors: unknown[] = [];
  readonly feed: ChangeFeed;
  readonly subscriptions: Subscriptions;
  readonly #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(store = new MemoryStore(), monotonic = () => performance.now()) {
    const now = () => Date.now();
    this.store = store;
    this.feed = new ChangeFeed({ log: store.log, store, view: this.view, now }, (error) => this.errors.push(error));
    const discovery = new Discovery(this.view, () => 0);
    this.subscriptions = new Subscriptions({
      feed: this.feed,
      log: store.log,
      view: this.view,
      discovery,
      now,
      monotonic,
      bookmarkInterval: BOOKMARK_INTERVAL,
    });
  }

  /** Loads and follows, notifications included. */
  async start(): Promise<this> {
    await this.feed.load();
    const { signal } = this.#stop;
    this.#running = Promise.all([
      this.feed.run(signal),
      this.store.log.follow(
        (head) => this.feed.heard(head),
        () => undefined,
        signal,
      ),
    ]);
    await settle();
    return this;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Commits one ADDED entry for each id, or the given changes, and lets the feed read them. */
  async commit(...changes: readonly (string | NewChange)[]): Promise<void> {
    this.store.commit(...changes.map((one) => (typeof one === 'string' ? change(record(one)) : one)));
    await settle();
  }
}

/** Gateways and subscriptions that end with the test, on fake timers that begin at {@link T0}. */
export function useGateways() {
  const started: RunningFeed[] = [];
  const open: AsyncGenerator<unknown, void, undefined>[] = [];
  beforeEach(() => {
    vi.useFakeTimers({ now: T0 });
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((events) => events.return()));
    await Promise.all(started.splice(0).map((gateway) => gateway.stop()));
    vi.useRealTimers();
  });
  return {
    started,
    start(gateway = new RunningFeed()): Promise<RunningFeed> {
      started.push(gateway);
      return gateway.start();
    },
    subscribe({ subscriptions }: RunningFeed, options: SubscribeOptions = {}): AsyncGenerator<ChangeEvent, void, undefined> {
      const events = subscriptions.changes(options);
      open.push(events);
      return events;
    },
    /** Ends what the test opened itself. */
    close(events: AsyncGenerator<unknown, void, undefined>): void {
      open.push(events);
    },
  };
}

/** How many nodes {@link entries} are about: making one takes longer than what is done with its entry. */
const NODES = 1500;

/** So many ADDED entries, of n0, n1 and so on (from another one than n0, where that is said), 1,500 nodes over and over. */
export function entries(count: number, from = 0): NewChange[] {
  const nodes = Array.from({ length: Math.min(count, NODES) }, (_, index) => record(`n${(from + index) % NODES}`));
  return Array.from({ length: Math.ceil(count / NODES) }, () => nodes.map((node) => change(node)))
    .flat()
    .slice(0, count);
}

/** Lets everything run that waits for no timer. */
export async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

/** The next values, as many as asked for. Throws when there are no more. */
export async function take<T>(values: AsyncGenerator<T, void, undefined>, count: number): Promise<T[]> {
  const taken: T[] = [];
  while (taken.length < count) {
    const next = await values.next();
    if (next.done === true) throw new Error(`ended after ${taken.length} of ${count}`);
    taken.push(next.value);
  }
  return taken;
}

/** What a promise came to so far. */
export function watched<T>(promise: Promise<T>): {
  readonly state: () => 'pending' | 'resolved' | 'rejected';
  readonly promise: Promise<T>;
} {
  let state: 'pending' | 'resolved' | 'rejected' = 'pending';
  promise.then(
    () => {
      state = 'resolved';
    },
    () => {
      state = 'rejected';
    },
  );
  return { state: () => state, promise };
}
