import type { NodeId } from '../events/node-id.ts';
import { Broadcast } from './broadcast.ts';

/** An instance is watched for so long after the last answer that could have contained it. Milliseconds. */
const LINGER = 10_000;

export interface InstanceWatchParts {
  /** A clock that nobody sets, milliseconds. */
  readonly monotonic: () => number;
  readonly random: () => number;
  /** PROBE_INTERVAL, milliseconds. */
  readonly interval: number;
  /** PROBE_MAX_INSTANCES: so many are due within one interval; more take turns. 0: none is watched. */
  readonly maxInstances: number;
}

interface Watched {
  askedAt: number;
  /** Live subscriptions that could contain it. */
  holders: number;
  /** Infinity while it is probed. */
  dueAt: number;
  isNew: boolean;
}

/** The instances that a live subscription could contain: watched as long as it lasts. */
export interface Hold {
  note(nodeId: NodeId): void;
  /** What was noted since the last time is all that is held from here on. */
  settle(): void;
  release(): void;
}

/**
 * Which instances clients ask for, and when each is to be probed: one entry for an instance, however many requests and subscriptions it
 * is in. What nobody asks for any more drops out by itself.
 */
export class InstanceWatch {
  readonly #parts: InstanceWatchParts;
  readonly #watched = new Map<NodeId, Watched>();
  readonly #arrived = new Broadcast();
  /** When somebody last looked for what is due: as exact as answers need it. */
  #lookedAt = 0;

  constructor(parts: InstanceWatchParts) {
    this.#parts = parts;
  }

  /** On the path of every answer: a look into a map, and no look at the clock, where it is watched already. */
  note(nodeId: NodeId): void {
    const watched = this.#watched.get(nodeId);
    if (watched !== undefined) watched.askedAt = this.#lookedAt;
    else if (!this.isOff()) this.#add(nodeId);
  }

  /** PROBE_MAX_INSTANCES is 0. */
  isOff(): boolean {
    return this.#parts.maxInstances === 0;
  }

  hold(): Hold {
    let held = new Set<NodeId>();
    let noted = new Set<NodeId>();
    const settle = () => {
      for (const nodeId of noted) if (!held.has(nodeId)) this.#holdOne(nodeId, 1);
      for (const nodeId of held) if (!noted.has(nodeId)) this.#holdOne(nodeId, -1);
      [held, noted] = [noted, new Set()];
    };
    return {
      note: (nodeId) => {
        this.note(nodeId);
        noted.add(nodeId);
      },
      settle,
      release: () => {
        noted.clear();
        settle();
      },
    };
  }

  size(): number {
    return this.#watched.size;
  }

  /** The time between two probes of one instance at the moment, milliseconds: longer where more are asked for than PROBE_MAX_INSTANCES. */
  interval(): number {
    const { interval, maxInstances } = this.#parts;
    return this.#watched.size <= maxInstances ? interval : (interval * this.#watched.size) / maxInstances;
  }

  /** Those that are to be probed now, the longest due first; what nobody asks for any more is dropped. */
  due(): NodeId[] {
    const now = this.#parts.monotonic();
    this.#lookedAt = now;
    const due: { readonly nodeId: NodeId; readonly dueAt: number }[] = [];
    for (const [nodeId, { holders, askedAt, dueAt }] of this.#watched) {
      if (holders === 0 && now - askedAt > LINGER) this.#watched.delete(nodeId);
      else if (dueAt <= now) due.push({ nodeId, dueAt });
    }
    return due.sort((a, b) => a.dueAt - b.dueAt).map(({ nodeId }) => nodeId);
  }

  /** Its probe begins: it is not due until {@link ended}. */
  begun(nodeId: NodeId): void {
    const watched = this.#watched.get(nodeId);
    if (watched !== undefined) watched.dueAt = Number.POSITIVE_INFINITY;
  }

  /** Due again after an interval. The first is a random part of one: those that were asked for together spread over it from then on. */
  ended(nodeId: NodeId): void {
    const watched = this.#watched.get(nodeId);
    if (watched === undefined) return;
    const { monotonic, random } = this.#parts;
    watched.dueAt = monotonic() + this.interval() * (watched.isNew ? random() : 0.9 + 0.1 * random());
    watched.isNew = false;
  }

  /** Due at once. Nothing happens where it is not watched. */
  hurry(nodeId: NodeId): void {
    const watched = this.#watched.get(nodeId);
    if (watched === undefined || watched.dueAt === Number.POSITIVE_INFINITY) return;
    watched.dueAt = 0;
  }

  /** In how many milliseconds it is probed next; null while nobody asks for it. */
  dueIn(nodeId: NodeId): number | null {
    const dueAt = this.#watched.get(nodeId)?.dueAt;
    if (dueAt === undefined) return null;
    return dueAt === Number.POSITIVE_INFINITY ? 0 : Math.max(0, dueAt - this.#parts.monotonic());
  }

  /** Resolves when something is due at once that was not, when the time (milliseconds) is over, or when the signal aborts. */
  arrival(timeout: number, signal: AbortSignal): Promise<void> {
    return this.#arrived.wait(timeout, signal);
  }

  #add(nodeId: NodeId): void {
    const { monotonic, random, maxInstances } = this.#parts;
    const now = monotonic();
    this.#lookedAt = now;
    // Beyond the limit even the first probe waits for its turn.
    const dueAt = this.#watched.size < maxInstances ? 0 : now + this.interval() * random();
    this.#watched.set(nodeId, { askedAt: now, holders: 0, dueAt, isNew: true });
    if (dueAt === 0) this.#arrived.send();
  }

  #holdOne(nodeId: NodeId, by: 1 | -1): void {
    const watched = this.#watched.get(nodeId);
    // What is held is never dropped, so it is there, unless nothing is watched at all.
    if (watched === undefined) return;
    watched.holders += by;
    watched.askedAt = this.#lookedAt;
  }
}
