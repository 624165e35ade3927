import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ChangeEvent, ChangeFilter, NewChange } from '../../../src/registry/change.ts';
import { changeView } from '../../../src/registry/change-filter.ts';
import { toCursor } from '../../../src/registry/cursor.ts';
import { MemoryStore } from './fakes/memory-store.ts';
import { T0 } from './fakes/messages.ts';
import { change, record } from './fakes/node-record.ts';
import { SocketSubscriber } from './fakes/socket-subscriber.ts';
import { BOOKMARK_INTERVAL, RunningFeed, settle } from './running-feed.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: T0 });
});
afterEach(() => {
  vi.useRealTimers();
});

const TYPES = ['effect', 'compute'] as const;
const FILTERS: readonly (ChangeFilter | null)[] = [null, { nodeTypes: ['effect'] }, { nodeTypes: ['compute'], changeTypes: ['REMOVED'] }];

const which = fc.nat(9);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('commit'), nodes: fc.array(fc.nat(3), { minLength: 1, maxLength: 4 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('join'), after: fc.option(fc.nat(30)), filter: fc.nat(FILTERS.length - 1) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('stick'), which }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('drain'), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('end'), which }) },
  // Turns of the event loop in which events are handed out; rarely a silence.
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass'), time: fc.oneof(fc.nat(3), fc.constant(BOOKMARK_INTERVAL + 1)) }) },
);

interface Watcher {
  readonly subscriber: SocketSubscriber;
  readonly after: number;
  readonly filter: ChangeFilter | null;
}

function story({ received }: { readonly received: readonly ChangeEvent[] }): string[] {
  return received.filter(({ type }) => type !== 'BOOKMARK').map(({ type, cursor, reason }) => `${type} ${reason} @${cursor}`);
}

/** Each node changes its type with every entry. */
function entries(types: Map<string, number>, nodes: readonly number[]): NewChange[] {
  return nodes.map((index) => {
    const id = `n${index}`;
    const before = types.get(id);
    const next = ((before ?? index) + 1) % TYPES.length;
    types.set(id, next);
    const node = record(id, { type: TYPES[next] ?? 'effect' });
    if (before === undefined) return change(node);
    return change(node, { type: 'MODIFIED', before: { type: TYPES[before] ?? 'effect', capabilities: [] } });
  });
}

it('should give every subscriber what the log has for it, each once and in order, however changes, joins, full sockets and ends mix', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), fc.nat(5), async (steps, eventTime) => {
      let time = 0;
      const gateway = await new RunningFeed(new MemoryStore(), () => (time += eventTime)).start();
      const { subscriptions, feed, store } = gateway;
      const types = new Map<string, number>();
      const watchers: Watcher[] = [];
      const pick = (index: number) => watchers[index % Math.max(1, watchers.length)];
      for (const one of steps) {
        if ('nodes' in one) store.commit(...entries(types, one.nodes));
        else if ('time' in one) await vi.advanceTimersByTimeAsync(one.time);
        else if ('filter' in one) {
          const after = one.after === null ? feed.head() : Math.min(one.after, feed.head());
          const filter = FILTERS[one.filter] ?? null;
          const options = one.after === null ? { filter } : { filter, after: toCursor(after) };
          watchers.push({ subscriber: new SocketSubscriber(subscriptions, options), after, filter });
        } else {
          const watcher = pick(one.which);
          if (watcher === undefined) continue;
          if (one.kind === 'stick') watcher.subscriber.stick();
          else if (one.kind === 'drain') watcher.subscriber.drain();
          else await watcher.subscriber.end();
        }
      }
      for (const { subscriber } of watchers) subscriber.drain();
      await vi.advanceTimersByTimeAsync(1000);
      for (const { subscriber, after, filter } of watchers) {
        const view = changeView(filter);
        const expected = store.log.entries
          .flatMap((entry) => (entry.cursor > after ? [view(entry)] : []))
          .filter((event) => event !== null);
        const wanted = story({ received: expected });
        const seen = story(subscriber);
        expect(subscriber.error).toBeNull();
        expect(seen).toEqual(subscriber.isOver ? wanted.slice(0, seen.length) : wanted);
        let position = after;
        for (const { cursor, type } of subscriber.received) {
          if (type === 'BOOKMARK') expect(cursor).toBeGreaterThanOrEqual(position);
          else expect(cursor).toBeGreaterThan(position);
          position = cursor;
        }
      }
      for (const { subscriber } of watchers) await subscriber.end();
      await settle();
      expect(subscriptions.open()).toBe(0);
      await gateway.stop();
    }),
    { numRuns: 40 },
  );
});
