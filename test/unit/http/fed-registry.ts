import { onTestFinished } from 'vitest';
import type { ChangeEvent } from '../../../src/registry/change.ts';
import { ChangeFeed } from '../../../src/registry/change-feed.ts';
import { Discovery } from '../../../src/registry/discovery.ts';
import type { NodeRecord } from '../../../src/registry/node-record.ts';
import type { SubscribeOptions } from '../../../src/registry/registry.ts';
import { Subscriptions } from '../../../src/registry/subscriptions.ts';
import { RegistryView } from '../../../src/registry/view.ts';
import { MemoryRegistry } from '../graphql/memory-registry.ts';
import { MemoryStore } from '../registry/fakes/memory-store.ts';
import { change, record } from '../registry/fakes/node-record.ts';

/** A registry whose changes come the way they do in a gateway: out of a log, through the feed. */
export class FedRegistry extends MemoryRegistry {
  readonly store = new MemoryStore();
  /** How often the end of a lease was looked up: once for each time that an event which asks for it is executed. */
  leaseLookUps = 0;
  readonly #subscriptions: Subscriptions;

  private constructor(feed: ChangeFeed, store: MemoryStore, view: RegistryView) {
    super();
    this.store = store;
    const now = () => Date.now();
    const discovery = new Discovery(view, Math.random);
    this.#subscriptions = new Subscriptions({ feed, log: store.log, view, discovery, now, bookmarkInterval: 15_000 });
  }

  /** Follows its log until the test ends. */
  static async start(): Promise<FedRegistry> {
    const store = new MemoryStore();
    const view = new RegistryView();
    const errors: unknown[] = [];
    const feed = new ChangeFeed({ log: store.log, store, view, now: () => Date.now() }, (error) => errors.push(error));
    await feed.load();
    const stop = new AbortController();
    const running = Promise.all([
      feed.run(stop.signal),
      store.log.follow(
        (head) => feed.heard(head),
        () => undefined,
        stop.signal,
      ),
    ]);
    onTestFinished(async () => {
      stop.abort();
      await running;
      if (errors.length > 0) throw errors[0];
    });
    return new FedRegistry(feed, store, view);
  }

  override get subscribers(): number {
    return this.#subscriptions.open();
  }

  commit(id: string, different: Partial<NodeRecord> = {}): void {
    this.store.commit(change(record(id, different)));
  }

  override subscribeChanges(options: SubscribeOptions): AsyncGenerator<ChangeEvent, void, undefined> {
    return this.#subscriptions.changes(options);
  }

  override leaseExpiresAt(node: NodeRecord): number | null {
    this.leaseLookUps += 1;
    return super.leaseExpiresAt(node);
  }
}
