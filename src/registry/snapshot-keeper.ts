import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ChangeFeed } from './change-feed.ts';
import type { Cursor } from './cursor.ts';
import type { Clock, SnapshotStore } from './ports.ts';
import type { RegistryView } from './view.ts';

/**
 * Where only signs of life came in, which move with every second, the snapshot is written at every tenth interval: it need not be
 * younger to answer from, but should not look a day old after a quiet day.
 */
const QUIET_INTERVALS = 10;

export interface SnapshotKeeperParts {
  readonly store: SnapshotStore;
  readonly feed: ChangeFeed;
  readonly view: RegistryView;
  readonly registryId: () => string;
  /** SNAPSHOT_INTERVAL, at which `keep` is called. Milliseconds. */
  readonly interval: number;
  readonly now: Clock;
  readonly log: Log;
}

/** Writes the registry in memory to where the next start finds it. A snapshot that cannot be written is no reason to end. */
export class SnapshotKeeper {
  readonly #parts: SnapshotKeeperParts;
  #last: { readonly cursor: Cursor; readonly asOf: number } | null = null;
  #written = 0;
  #failed = 0;

  constructor(parts: SnapshotKeeperParts) {
    this.#parts = parts;
  }

  /** Until when what the last written snapshot holds is known to be right, milliseconds since 1970; null: none was written yet. */
  lastAsOf(): number | null {
    return this.#last?.asOf ?? null;
  }

  counts(): { readonly written: number; readonly failed: number } {
    return { written: this.#written, failed: this.#failed };
  }

  /** Writes it if the log went on since the last time, or that was long ago. Never throws: a failure is logged and counted. */
  async keep(): Promise<void> {
    const { feed, interval } = this.#parts;
    const asOf = feed.lastReadAt();
    if (asOf === null) return;
    const age = this.#last === null ? Number.POSITIVE_INFINITY : asOf - this.#last.asOf;
    // Below zero the clock was put back: how old it is is not known.
    if (feed.head() !== this.#last?.cursor || age >= QUIET_INTERVALS * interval || age < 0) await this.#write(asOf);
  }

  /** The last time, at a clean stop: writes it if it was read at all since. Never throws. */
  async finish(): Promise<void> {
    const asOf = this.#parts.feed.lastReadAt();
    if (asOf !== null && asOf !== this.#last?.asOf) await this.#write(asOf);
  }

  async #write(asOf: number): Promise<void> {
    const { store, view, registryId, now, log } = this.#parts;
    const cursor = view.head();
    const start = now();
    // What is read now belongs together, whatever arrives while it is written: records are replaced, never changed.
    const nodes = [...view.values()];
    try {
      await store.write({ registryId: registryId(), cursor, asOf, nodes });
      this.#last = { cursor, asOf };
      this.#written += 1;
      log.debug({ nodes: nodes.length, cursor, milliseconds: now() - start }, 'wrote the snapshot');
    } catch (error) {
      this.#failed += 1;
      log.warn({ error: messageOf(error) }, 'could not write the snapshot, will try again at the next interval');
    }
  }
}
