import { Chooser } from './chooser.ts';
import { clientClosed } from './errors.ts';
import type { LiveOperationOptions } from './live-operation.ts';
import type { Memory } from './memory.ts';
import type { ServiceRequest } from './service.ts';
import { ServiceSet } from './service-set.ts';
import type { Suspects } from './suspects.ts';
import { Waiters } from './waiters.ts';

export interface ServiceSetsParts extends LiveOperationOptions {
  readonly memory: Memory;
  readonly suspects: Suspects;
  /** Node id → this client's calls under way. */
  readonly calls: ReadonlyMap<string, number>;
  readonly maxRequests: number;
  /** Milliseconds. */
  readonly idleTimeout: number;
  readonly now: () => number;
}

/** The requests that are kept current: opened on first use, closed when nobody used them for a while, and bounded in number. */
export class ServiceSets {
  readonly #parts: ServiceSetsParts;
  readonly #sets = new Map<string, ServiceSet>();
  /** Woken when a request may have found its place: another one was answered, or ended. */
  readonly waiters = new Waiters();
  readonly #sweep: NodeJS.Timeout;
  #isClosed = false;

  constructor(parts: ServiceSetsParts) {
    this.#parts = parts;
    this.#sweep = setInterval(() => this.#tidy(), Math.min(parts.idleTimeout / 4, 60_000));
    this.#sweep.unref();
  }

  get size(): number {
    return this.#sets.size;
  }

  /** Null where there is no place: as many requests as may be are waited for. Throws DiscoveryError `CLIENT_CLOSED`. */
  get(capability: string, { allOf, types, versionRange }: ServiceRequest): ServiceSet | null {
    const request = { allOf, types, versionRange };
    const key = keyOf(capability, request);
    const standing = this.#sets.get(key);
    if (standing !== undefined) {
      standing.lastUsed = this.#parts.now();
      return standing;
    }
    if (this.#isClosed) throw clientClosed();
    if (this.#sets.size >= this.#parts.maxRequests && !this.#evict()) return null;
    const { suspects, calls, random } = this.#parts;
    const chooser = new Chooser(suspects, calls, random);
    const onChange = (changed: ServiceSet) => {
      if (changed.refusal !== null) this.#sets.delete(changed.key);
      this.waiters.wake();
    };
    const set = new ServiceSet({ ...this.#parts, chooser, onChange }, key, capability, request);
    this.#sets.set(key, set);
    set.start();
    return set;
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#sweep);
    for (const set of [...this.#sets.values()]) this.#drop(set);
  }

  #tidy(): void {
    for (const set of [...this.#sets.values()]) {
      const isIdle = this.#parts.now() - set.lastUsed > this.#parts.idleTimeout && set.waiters.size === 0;
      // Without a gateway, what is known could not be had again.
      if (isIdle && set.staleSince === null) this.#drop(set);
      else set.remember();
    }
  }

  /** Whether one could make room: none that somebody waits for does. */
  #evict(): boolean {
    const [oldest] = [...this.#sets.values()].filter(({ waiters }) => waiters.size === 0).sort((a, b) => a.lastUsed - b.lastUsed);
    if (oldest !== undefined) this.#drop(oldest);
    return oldest !== undefined;
  }

  #drop(set: ServiceSet): void {
    set.remember();
    set.stop();
    this.#sets.delete(set.key);
  }
}

/** Most requests name a capability only: their key costs nothing. */
function keyOf(capability: string, { allOf, types, versionRange }: ServiceRequest): string {
  if (allOf === undefined && types === undefined && versionRange === undefined) return capability;
  return JSON.stringify([capability, allOf, types, versionRange]);
}
