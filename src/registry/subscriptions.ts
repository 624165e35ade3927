import { isDeepStrictEqual } from 'node:util';
import { delay } from '../delay.ts';
import { GatewayError } from '../errors.ts';
import { Audience, type AudienceParts } from './audience.ts';
import { backendRead } from './backend-call.ts';
import type { ChangeEvent, ChangeFilter } from './change.ts';
import { bookmark, changeView, nodeCondition, snapshotOf } from './change-filter.ts';
import { type Cursor, printCursor } from './cursor.ts';
import { byNodeId, type Discovery } from './discovery.ts';
import { readRequest } from './discovery-request.ts';
import type { NodeRecord } from './node-record.ts';
import type { ChangeLog } from './ports.ts';
import type { HealthyServicesQuery, SubscribeOptions } from './registry.ts';
import type { RegistryView } from './view.ts';

const PAGE = 500;
/** Changes within this time reach a healthyServices subscriber as one set. Milliseconds. */
const COALESCE = 100;

export interface SubscriptionParts extends AudienceParts {
  readonly log: ChangeLog;
  readonly view: RegistryView;
  readonly discovery: Discovery;
}

/** What live subscriptions receive: docs/PROTOCOL.md has the guarantees. */
export class Subscriptions {
  readonly #parts: SubscriptionParts;
  #audience: Audience;
  readonly #open = { changes: 0, healthy_services: 0 };

  constructor(parts: SubscriptionParts) {
    this.#parts = parts;
    this.#audience = new Audience(parts);
  }

  /** Subscriptions that are being read. */
  open(): number {
    return this.#open.changes + this.#open.healthy_services;
  }

  /** The same, by what they follow. */
  openByKind(): Readonly<Record<'changes' | 'healthy_services', number>> {
    return this.#open;
  }

  changes(options: SubscribeOptions): AsyncGenerator<ChangeEvent, void, undefined> {
    return stoppable((signal) => this.#changes(options, signal));
  }

  healthyServices(query: HealthyServicesQuery): AsyncGenerator<readonly NodeRecord[], void, undefined> {
    return stoppable((signal) => this.#healthyServices(query, signal));
  }

  /** What a subscriber gets before it follows live; returns how far it has come then. */
  async *#beginning(
    { after, snapshot, filter }: SubscribeOptions,
    head: Cursor,
    signal: AbortSignal,
  ): AsyncGenerator<ChangeEvent, Cursor, undefined> {
    if (after != null) {
      await this.#checkCursor(after);
      let position = after;
      // What memory no longer holds is read from Postgres, a page at a time, at the subscriber's pace.
      const view = changeView(filter ?? null);
      for (let page = await this.#pageBeyondMemory(position); page !== null; page = await this.#pageBeyondMemory(position)) {
        for (const change of page) {
          position = change.cursor;
          const event = view(change);
          if (event !== null) yield event;
          if (signal.aborted) return position;
        }
      }
      return position;
    }
    if (snapshot) {
      for (const node of this.#snapshot(filter ?? null)) {
        yield snapshotOf(node);
        if (signal.aborted) return head;
      }
      yield bookmark(head, this.#parts.now());
    }
    return head;
  }

  /** One generator while it follows live: each one around it would cost every subscriber some 600 bytes. */
  async *#changes(options: SubscribeOptions, signal: AbortSignal): AsyncGenerator<ChangeEvent, void, undefined> {
    this.#open.changes += 1;
    try {
      const { feed, now, bookmarkInterval: interval } = this.#parts;
      const restores = feed.restores();
      const { filter = null, taker } = options;
      let position = yield* this.#beginning(options, feed.head(), signal);
      const view = changeView(filter);
      let silentSince = now();
      while (!signal.aborted) {
        if (feed.restores() !== restores) {
          throw new GatewayError(
            'CURSOR_INVALID',
            'the change log was set back to an earlier state, where other changes follow: take a snapshot instead',
          );
        }
        const changes = feed.recentAfter(position, PAGE);
        if (changes === null) {
          if (position < feed.floor()) throw expired(position, feed.floor());
          throw new GatewayError(
            'SUBSCRIBER_TOO_SLOW',
            'this subscriber fell too far behind: subscribe again with `after` set to lastCursor',
            {
              lastCursor: printCursor(position),
            },
          );
        }
        for (const change of changes) {
          position = change.cursor;
          const event = view(change);
          if (event === null) continue;
          yield event;
          if (signal.aborted) return;
          silentSince = now();
        }
        if (changes.length > 0) continue;
        // One that came with a cursor of another gateway may be ahead of the feed.
        if (position === feed.head() && taker?.join()) {
          if (this.#audience.isOver()) this.#audience = new Audience(this.#parts);
          position = await this.#audience.join({ taker, filter, position, signal });
          continue;
        }
        const silence = now() - silentSince;
        // Below zero the clock was put back: how long it has been silent is not known.
        if (silence >= interval || silence < 0) {
          yield bookmark(position, now());
          silentSince = now();
          continue;
        }
        await feed.arrival(interval - silence, signal);
      }
    } finally {
      this.#open.changes -= 1;
    }
  }

  /** The next entries from Postgres, or null once memory reaches back to the position. */
  async #pageBeyondMemory(position: Cursor) {
    const { feed, log } = this.#parts;
    if (feed.recentAfter(position, 1) !== null) return null;
    const page = await backendRead(() => log.readAfter(position, PAGE));
    const [first] = page;
    if (first?.cursor !== position + 1) await this.#checkCursor(position);
    return page;
  }

  /** Throws CURSOR_EXPIRED or CURSOR_INVALID. A cursor ahead of this gateway but not of Postgres is fine: it will arrive. */
  async #checkCursor(after: Cursor): Promise<void> {
    const { feed, log } = this.#parts;
    if (after <= feed.head() && feed.recentAfter(after, 1) !== null) return;
    checkBounds(after, await backendRead(() => log.bounds()));
  }

  /** Matching REGISTERED nodes in the order of their latest change, so that a snapshot cut half-way resumes like anything else. */
  #snapshot(filter: ChangeFilter | null): NodeRecord[] {
    const matches = nodeCondition(filter);
    const nodes: NodeRecord[] = [];
    for (const node of this.#parts.view.values()) if (node.state === 'REGISTERED' && matches(node.nodeId, node)) nodes.push(node);
    return nodes.sort((a, b) => a.cursor - b.cursor);
  }

  async *#healthyServices(query: HealthyServicesQuery, signal: AbortSignal): AsyncGenerator<readonly NodeRecord[], void, undefined> {
    const { discovery } = this.#parts;
    const request = readRequest(query);
    let sent: readonly unknown[] | null = null;
    const demand = discovery.standing();
    this.#open.healthy_services += 1;
    try {
      while (!signal.aborted) {
        // The limit counts in this order: in any other, a heartbeat could swap the set.
        const fit = discovery.handedOut(request, demand).sort(byNodeId);
        demand.settle();
        const nodes = query.limit == null ? fit : fit.slice(0, query.limit);
        const shown = nodes.map(({ nodeId, serviceName, address, port, version, endpoints }) => [
          nodeId,
          serviceName,
          address,
          port,
          version,
          endpoints,
        ]);
        // Before the yield, so that no change is missed.
        const changed = nextChange(discovery, signal);
        if (sent === null || !isDeepStrictEqual(shown, sent)) {
          sent = shown;
          yield nodes;
        }
        await changed;
        await delay(COALESCE, signal);
      }
    } finally {
      this.#open.healthy_services -= 1;
      demand.end();
    }
  }
}

/** Throws CURSOR_EXPIRED for a cursor before the trimmed log's floor, CURSOR_INVALID for one that the log never reached. */
export function checkBounds(after: Cursor, { head, floor }: { readonly head: Cursor; readonly floor: Cursor }): void {
  if (after > head) {
    throw new GatewayError(
      'CURSOR_INVALID',
      `cursor ${printCursor(after)} lies beyond the change log, which ends at ${printCursor(head)}: take a snapshot instead`,
    );
  }
  if (after < floor) throw expired(after, floor);
}

function expired(after: Cursor, floor: Cursor): GatewayError {
  return new GatewayError(
    'CURSOR_EXPIRED',
    `the change log no longer reaches back to ${printCursor(after)}, it starts after ${printCursor(floor)}: take a snapshot instead`,
  );
}

function nextChange(discovery: Discovery, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stop();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const stop = discovery.onChange(done);
    signal.addEventListener('abort', done, { once: true });
  });
}

/**
 * A generator whose `return` takes effect at once. A plain one would finish waiting first, and hold its subscriber's resources as long.
 */
function stoppable<T>(start: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>): AsyncGenerator<T, void, undefined> {
  const controller = new AbortController();
  const inner = start(controller.signal);
  const stop = () => {
    controller.abort();
    return inner.return();
  };
  return {
    next: () => inner.next(),
    return: stop,
    throw: (error) => {
      controller.abort();
      return inner.throw(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
