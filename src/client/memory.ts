import type { ClientLogger } from './client-logger.ts';
import { messageOf } from './errors.ts';
import type { RememberedSet } from './remembered-set.ts';
import type { SnapshotFile } from './snapshot-file.ts';

/** Requests remembered at most; beyond that the one that was right longest ago is dropped. */
const MAX = 200;
/** Changes within this time are written together. Milliseconds. */
const COALESCE = 1000;

/** What was last known, for times without a gateway: in memory, and in a file where one is given. */
export class Memory {
  readonly #file: SnapshotFile | null;
  readonly #logger: ClientLogger;
  readonly #sets = new Map<string, RememberedSet>();
  /** Once the file is read, or could not be. */
  readonly loaded: Promise<void>;
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(file: SnapshotFile | null, logger: ClientLogger) {
    this.#file = file;
    this.#logger = logger;
    this.loaded = file === null ? Promise.resolve() : this.#load(file);
  }

  get(key: string): RememberedSet | undefined {
    return this.#sets.get(key);
  }

  /** An empty set is no use in an outage, and is forgotten. */
  put(set: RememberedSet): void {
    this.#sets.delete(set.key);
    if (set.services.length > 0) this.#sets.set(set.key, set);
    const [oldest] = this.#sets.keys();
    if (this.#sets.size > MAX && oldest !== undefined) this.#sets.delete(oldest);
    if (this.#file === null || this.#timer !== null) return;
    this.#timer = setTimeout(() => this.#write(), COALESCE);
    this.#timer.unref();
  }

  /** Resolves when what is to be written has been. Never rejects. */
  async close(): Promise<void> {
    if (this.#timer !== null) this.#write();
    await this.#writing;
  }

  async #load(file: SnapshotFile): Promise<void> {
    try {
      for (const set of (await file.read()) ?? []) if (!this.#sets.has(set.key)) this.#sets.set(set.key, set);
    } catch (error) {
      this.#logger.warn({ error: messageOf(error) }, 'cannot use the snapshot of services; will go on without, and write it anew');
    }
  }

  #write(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#writing = this.#writing.then(() => this.#save());
  }

  async #save(): Promise<void> {
    await this.loaded;
    try {
      await this.#file?.write([...this.#sets.values()]);
    } catch (error) {
      this.#logger.warn({ error: messageOf(error) }, 'cannot write the snapshot of services; will try again with the next change');
    }
  }
}
