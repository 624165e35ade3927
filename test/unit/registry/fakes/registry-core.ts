import type { Announcement, Goodbye } from '../../../../src/events/announcement.ts';
import { Alignment } from '../../../../src/registry/alignment.ts';
import type { Hearing } from '../../../../src/registry/health.ts';
import { RegistrationSaga } from '../../../../src/registry/saga.ts';
import type { SagaItem } from '../../../../src/registry/saga-groups.ts';
import { RegistryView } from '../../../../src/registry/view.ts';
import { FakeClock } from './clock.ts';
import { FakeMessenger } from './fake-messenger.ts';
import { FakeProbe } from './fake-probe.ts';
import { MemoryCatalog } from './memory-catalog.ts';
import { MemoryStore } from './memory-store.ts';
import { position } from './messages.ts';
import { recordedLog } from './recorded-log.ts';

/** HEARTBEAT_TIMEOUT_SECONDS in milliseconds. */
export const TIMEOUT = 90_000;

/** The saga with what it works on, all in memory. */
export class RegistryCore {
  readonly clock = new FakeClock();
  readonly store = new MemoryStore();
  readonly catalog = new MemoryCatalog();
  readonly probe = new FakeProbe();
  readonly messenger = new FakeMessenger();
  readonly view = new RegistryView();
  readonly log;
  readonly lines;
  readonly alignment: Alignment;
  readonly saga: RegistrationSaga;
  #offset = 0;

  constructor() {
    const { log, lines } = recordedLog();
    this.log = log;
    this.lines = lines;
    this.alignment = new Alignment({ store: this.store, catalog: this.catalog, log });
    this.saga = this.newSaga(this.alignment);
  }

  readonly hearing = (): Hearing => ({ now: this.clock.now(), since: 0, timeout: TIMEOUT });

  newSaga(alignment: Alignment): RegistrationSaga {
    const { store, catalog, probe, view, hearing, log } = this;
    return new RegistrationSaga({ store, catalog, probe, view, alignment, hearing, log });
  }

  /** The events as the next messages of partition 0. */
  items(...events: readonly (Announcement | Goodbye)[]): SagaItem[] {
    return events.map((event) => {
      const item = { position: position(this.#offset), event };
      this.#offset += 1;
      return item;
    });
  }

  /** Runs the saga over these events, and lets the view follow. */
  async run(...events: readonly (Announcement | Goodbye)[]) {
    const result = await this.saga.run(this.items(...events), []);
    this.follow();
    return result;
  }

  /** The view as it is once it has read the change log to its end. */
  follow(): void {
    this.view.load(
      this.store.nodes().filter(({ cursor }) => cursor > 0),
      this.store.log.head,
    );
  }

  /** The ids of the services that stand, with the version that each tells. */
  services(): Record<string, string | undefined> {
    return Object.fromEntries([...this.catalog.services].map(([id, { service }]) => [id, service.meta['node_version']]));
  }
}
