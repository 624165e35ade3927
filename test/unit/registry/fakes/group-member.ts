import { BackendError } from '../../../../src/errors.ts';
import { Alignment } from '../../../../src/registry/alignment.ts';
import { ChangeFeed } from '../../../../src/registry/change-feed.ts';
import { Discovery } from '../../../../src/registry/discovery.ts';
import { ExpiryGuard } from '../../../../src/registry/expiry-guard.ts';
import type { Hearing } from '../../../../src/registry/health.ts';
import { type IncomingBatch, Ingest } from '../../../../src/registry/ingest.ts';
import { Reconciler } from '../../../../src/registry/reconciler.ts';
import { RegistrationSaga } from '../../../../src/registry/saga.ts';
import { Subscriptions } from '../../../../src/registry/subscriptions.ts';
import { RegistryView } from '../../../../src/registry/view.ts';
import { FakeLeadership } from './fake-leadership.ts';
import { Killed } from './killed.ts';
import { type Life, mortal } from './life.ts';
import { silentLog } from './recorded-log.ts';
import { settled, turn, until } from './settle.ts';
import type { SharedBackEnds } from './shared-back-ends.ts';

const RECONCILE_INTERVAL = 60_000;

/** A gateway of several: all that touches a registration, as the composition root builds it, with a life that can end at any call. */
export class GroupMember {
  readonly view = new RegistryView();
  readonly alignment: Alignment;
  readonly subscriptions: Subscriptions;
  readonly #feed: ChangeFeed;
  readonly #ingest: Ingest;
  readonly #reconciler: Reconciler;
  readonly #shared: SharedBackEnds;
  readonly #life: Life;
  readonly #stop = new AbortController();
  #tasks: readonly Promise<void>[] = [];

  constructor(shared: SharedBackEnds, life: Life) {
    this.#shared = shared;
    this.#life = life;
    const { clock, messenger, probe } = shared;
    const { now } = clock;
    const log = silentLog();
    const store = mortal(shared.store, life, ['transact', 'recordLiveness', 'recordAcknowledgements', 'recordRejections', 'livenessSince']);
    const catalog = mortal(shared.catalog, life, ['register', 'deregister', 'exists', 'owned']);
    const changeLog = mortal(shared.store.log, life, ['readAfter', 'bounds']);
    const hearing = (): Hearing => ({ now: now(), since: 0, timeout: 90_000 });
    const { view } = this;
    const feed = new ChangeFeed({ log: changeLog, store, view, now }, rethrowUnlessExpected);
    const onCommitted = () => feed.wake();
    const alignment = new Alignment({ store, catalog, log });
    const saga = new RegistrationSaga({ store, catalog, probe, view, alignment, hearing, log });
    const discovery = new Discovery(view, () => 0);
    this.#feed = feed;
    this.alignment = alignment;
    this.#ingest = new Ingest({ saga, store, messenger, now, log, onCommitted, onRenewed: () => undefined, onHeartbeats: onCommitted });
    this.subscriptions = new Subscriptions({ feed, log: changeLog, view, discovery, now, bookmarkInterval: 86_400_000 });
    this.#reconciler = new Reconciler({
      view,
      store,
      catalog,
      probe,
      alignment,
      guard: new ExpiryGuard(),
      leadership: new FakeLeadership(),
      hearing,
      random: () => 0,
      interval: RECONCILE_INTERVAL,
      leaseSeconds: 365 * 86_400,
      log,
      onCommitted,
    });
  }

  /** Loads the registry, and runs what runs beside the messages. */
  async start(): Promise<void> {
    const { signal } = this.#stop;
    const { clock, store } = this.#shared;
    await settled(this.#load(), clock, 'loading the registry');
    this.#tasks = [
      this.#feed.run(signal),
      this.alignment.run(signal),
      store.log.follow((head) => this.#feed.heard(head), rethrowUnlessExpected, signal),
    ];
    for (const task of this.#tasks) task.catch(rethrowUnlessExpected);
  }

  isDead(): boolean {
    return this.#life.isOver();
  }

  /** Whether every registration that failed half-way was put back. */
  isAligned(): boolean {
    return this.alignment.pending() === 0;
  }

  /** Works off a batch, whatever back ends fail meanwhile. false: the gateway was killed over it. */
  async process(batch: IncomingBatch): Promise<boolean> {
    try {
      return await this.#ingest.process(batch, this.#stop.signal);
    } catch (error) {
      rethrowUnlessExpected(error);
      return false;
    }
  }

  /** Until memory holds all that was committed. */
  async catchUp(): Promise<void> {
    const { clock, store } = this.#shared;
    await until(() => this.view.head() === store.log.head, clock, 'a gateway did not catch up with the change log');
  }

  /** Two passes of the reconciler, so far apart that an orphan's grace period is over, and both followed by memory. */
  async reconcile(): Promise<void> {
    const { clock } = this.#shared;
    const stop = new AbortController();
    const running = this.#reconciler.run(stop.signal);
    for (let pass = 0; pass < 2; pass += 1) {
      clock.advance(RECONCILE_INTERVAL + 1);
      this.#reconciler.kick();
      const from = clock.now();
      const passed = until(() => (this.#reconciler.drift()?.at ?? 0) >= from, clock, 'the reconciler made no pass');
      await Promise.race([passed, running]);
      await this.catchUp();
    }
    stop.abort();
    await running;
  }

  /** As a kill: what it had in memory is gone, and its back ends hear nothing of it any more. */
  async kill(): Promise<void> {
    this.#life.end();
    this.#stop.abort();
    await turn();
    await Promise.allSettled(this.#tasks);
  }

  async #load(): Promise<void> {
    for (;;) {
      try {
        return await this.#feed.load();
      } catch (error) {
        rethrowUnlessExpected(error);
        if (this.isDead()) return;
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    }
  }
}

/** Back ends fail in these tests, and gateways are killed. Everything else is a bug. */
function rethrowUnlessExpected(error: unknown): void {
  if (!(error instanceof BackendError || error instanceof Killed)) throw error;
}
