import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UnsettledError } from '../../../src/errors.ts';
import type { NewChange } from '../../../src/registry/change.ts';
import { toCursor } from '../../../src/registry/cursor.ts';
import { Publisher } from '../../../src/registry/publisher.ts';
import { FakeMessenger } from './fakes/fake-messenger.ts';
import { MemoryPosition } from './fakes/memory-position.ts';
import { MemoryStore } from './fakes/memory-store.ts';
import { T0 } from './fakes/messages.ts';
import { change, record } from './fakes/node-record.ts';
import { recordedLog } from './fakes/recorded-log.ts';
import { RunningFeed, useGateways } from './running-feed.ts';

const gateways = useGateways();
let stops: (() => Promise<void>)[] = [];

beforeEach(() => {
  stops = [];
});

afterEach(async () => {
  for (const stop of stops) await stop();
});

/** A publisher of its own over a log and a position that may be shared. */
async function publishing({ store = new MemoryStore(), position = new MemoryPosition(), messenger = new FakeMessenger() } = {}) {
  const gateway = await gateways.start(new RunningFeed(store));
  const { log, lines } = recordedLog();
  const publisher = new Publisher({ feed: gateway.feed, log: store.log, position, messenger, now: () => Date.now(), logger: log });
  const abort = new AbortController();
  const running = publisher.run(abort.signal);
  stops.push(async () => {
    abort.abort();
    await running;
  });
  await vi.advanceTimersByTimeAsync(0);
  return { gateway, store, position, messenger, lines, said: () => messenger.published.map(({ cursor }) => cursor) };
}

const many = (count: number) => Array.from({ length: count }, (_, index) => change(record(`n${index}`)));
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe('run', () => {
  it('should say a change that comes after silence at once, and those of a steady stream together, in cursor order', async () => {
    const { gateway, said, messenger, position } = await publishing();
    await gateway.commit('a');
    expect(said()).toEqual([1]);
    await gateway.commit('b');
    await gateway.commit('c', 'd');
    await vi.advanceTimersByTimeAsync(50);
    expect(said()).toEqual([1, 2, 3, 4]);
    expect(messenger.said.filter((call) => call === 'publishChanges')).toHaveLength(2);
    expect(position.cursor).toBe(4);
  });

  it('should say what was committed while nobody published, page by page', async () => {
    const store = new MemoryStore();
    store.commit(...many(950));
    const { said, messenger } = await publishing({ store });
    expect(said()).toEqual(upTo(950));
    expect(messenger.said.filter((call) => call === 'publishChanges')).toHaveLength(5);
  });

  it('should tell accepted to the nodes that registered or changed, and to nobody else', async () => {
    const { gateway, messenger } = await publishing();
    const about = (id: string, different: Partial<NewChange>, state: 'REGISTERED' | 'REMOVED' | 'EXPIRED' = 'REGISTERED') =>
      change(record(id, { state }), { correlationId: `of ${id}`, ...different });
    await gateway.commit(
      about('new', { type: 'ADDED' }),
      about('changed', { type: 'MODIFIED' }),
      about('ill', { type: 'HEALTH_CHANGED' }),
      about('left', { type: 'REMOVED' }, 'REMOVED'),
      about('expired', { type: 'REMOVED' }, 'EXPIRED'),
    );
    expect(messenger.accepted).toEqual([
      { nodeId: 'new', consulServiceId: 'effect-new', cursor: 1, correlationId: 'of new', acceptedAt: T0 },
      { nodeId: 'changed', consulServiceId: 'effect-changed', cursor: 2, correlationId: 'of changed', acceptedAt: T0 },
    ]);
    expect(messenger.published).toHaveLength(5);
  });

  it('should say nothing to Kafka while there is nothing to say: an empty call would pass for an answer', async () => {
    const { messenger } = await publishing();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(messenger.said).toEqual([]);
  });

  it.each([
    ['before it takes the changes', 'publishChanges', 'fail'],
    ['after it took the changes', 'publishChanges', 'sent'],
    ['before it takes accepted', 'accept', 'fail'],
    ['after it took accepted', 'accept', 'sent'],
  ] as const)('should say a page again, and lose none, when Kafka fails %s', async (_, call, fault) => {
    const { gateway, messenger, position, lines } = await publishing();
    messenger.faults.next(call, fault);
    await gateway.commit('a', 'b');
    expect(position.cursor).toBe(0);
    expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    await gateway.commit('c');
    await vi.advanceTimersByTimeAsync(2000);
    expect(position.cursor).toBe(3);
    expect(new Set(messenger.published.map(({ cursor }) => cursor))).toEqual(new Set([1, 2, 3]));
    expect(new Set(messenger.accepted.map(({ nodeId }) => nodeId))).toEqual(new Set(['a', 'b', 'c']));
    expect(messenger.published.slice(-3).map(({ cursor }) => cursor)).toEqual([1, 2, 3]);
  });

  it('should end the topic with what is stored, when what it gave up on came through after what another gateway said', async () => {
    const first = await publishing();
    let arrive: () => void = () => undefined;
    const { published } = first.messenger;
    first.messenger.publishChanges = async (changes) => {
      const settled = new Promise<void>((resolve) => {
        arrive = () => {
          published.push(...changes);
          resolve();
        };
      });
      throw new UnsettledError('kafka', 'injected: on its way', settled);
    };
    await first.gateway.commit(change(record('a', { state: 'REMOVED' }), { type: 'REMOVED' }));
    Reflect.deleteProperty(first.messenger, 'publishChanges');
    first.position.isHeldElsewhere = true;
    // Another gateway has the place: it says that page, and the next.
    await first.gateway.commit(change(record('a')), change(record('b')));
    published.push(...first.store.log.entries);
    first.position.cursor = toCursor(3);
    first.position.isHeldElsewhere = false;
    arrive();
    expect(published.at(-1)?.cursor).toBe(1);
    await vi.advanceTimersByTimeAsync(3000);
    expect(published.slice(-1).map(({ nodeId, cursor }) => [nodeId, cursor])).toEqual([['a', 2]]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(published).toHaveLength(5);
  });

  it('should say a page twice rather than not at all when it dies before the position is stored', async () => {
    const first = await publishing();
    first.position.faults.always('advance', 'after');
    await first.gateway.commit('a', 'b');
    await stops.pop()?.();
    first.position.faults.clear();
    const second = await publishing({ store: first.store, position: first.position, messenger: first.messenger });
    expect(second.said()).toEqual([1, 2, 1, 2]);
  });

  it('should leave the log to the gateway that holds the place, and go on when that one is gone', async () => {
    const { gateway, position, said } = await publishing();
    position.isHeldElsewhere = true;
    await gateway.commit('a');
    await vi.advanceTimersByTimeAsync(5000);
    expect(said()).toEqual([]);
    position.isHeldElsewhere = false;
    await vi.advanceTimersByTimeAsync(1000);
    expect(said()).toEqual([1]);
  });

  it('should retry when Postgres does not answer', async () => {
    const { gateway, store, position, said } = await publishing();
    position.faults.next('advance', 'fail');
    await gateway.commit('a');
    expect(said()).toEqual([]);
    store.log.faults.next('readAfter', 'fail', 2);
    await vi.advanceTimersByTimeAsync(8000);
    expect(said()).toEqual([1]);
  });
});
