import { FakeClock } from './clock.ts';
import { FakeMessenger } from './fake-messenger.ts';
import { FakeProbe } from './fake-probe.ts';
import { MemoryCatalog } from './memory-catalog.ts';
import { MemoryStore } from './memory-store.ts';

/** What several gateways share. */
export class SharedBackEnds {
  readonly clock = new FakeClock();
  readonly store = new MemoryStore();
  readonly catalog = new MemoryCatalog();
  readonly probe = new FakeProbe();
  readonly messenger = new FakeMessenger();

  /** Every back end answers from now on. */
  heal(): void {
    this.store.faults.clear();
    this.store.log.faults.clear();
    this.catalog.faults.clear();
    this.messenger.faults.clear();
  }
}
