import { expect, test } from 'vitest';
import { Cell } from '../../../src/dashboard/gateway/cell.ts';
import { ChangeFeed } from '../../../src/dashboard/gateway/change-feed.ts';
import type { FeedEvent } from '../../../src/dashboard/gateway/change-shape.ts';
import { Fault } from '../../../src/dashboard/gateway/fault.ts';
import type { Link } from '../../../src/dashboard/gateway/link.ts';
import { Pause } from '../../../src/dashboard/gateway/pause.ts';
import { until } from '../../until.ts';
import { bookmark, changed, cursorOf, fleetNode, snapshotOf } from './fleet-node.ts';

/** A gateway whose subscriptions the test holds in its hands, and the feed that follows it. */
function rig() {
  const subscriptions: { readonly variables: Record<string, unknown>; deliver(event: FeedEvent): void; end(code: string): void }[] = [];
  const told: string[] = [];
  const link = new Cell<Link>({ state: 'live', since: 0 });
  const pause = new Pause();
  const feed = new ChangeFeed({
    gateway: {
      follow(question, variables, next, ended) {
        subscriptions.push({
          variables: { ...variables },
          deliver: (event) => {
            const parsed = question.answer.safeParse({ registrationChanges: printed(event) });
            if (!parsed.success) throw parsed.error;
            next(parsed.data);
          },
          end: (code) => ended(new Fault(code, `ended with ${code}`)),
        });
        return () => undefined;
      },
    },
    link,
    pause,
    deliver: ({ type, cursor }) => told.push(`${type} ${Number(cursor)}`),
    begin: (isOtherLog) => told.push(isOtherLog ? 'other log' : 'begin'),
    refused: (message) => told.push(`refused: ${message}`),
    now: () => 1000,
    random: () => 0,
  });
  const at = (index: number) => {
    const found = subscriptions[index];
    if (found === undefined) throw new Error(`there is no subscription ${index}`);
    return found;
  };
  const next = async (index: number) => {
    await until('it subscribes again', () => {
      pause.end();
      return subscriptions.length > index;
    });
    return at(index);
  };
  return { feed, at, next, told, link, subscriptions };
}

/** As the gateway sends it. */
function printed(event: FeedEvent): unknown {
  const text = (at: number | null) => (at === null ? null : new Date(at).toISOString());
  if (event.type === 'BOOKMARK') return { ...event, occurredAt: text(event.occurredAt), nodeId: null, node: null };
  const { registeredAt, updatedAt, lastSeenAt, lastHeartbeatAt, ...rest } = event.node;
  const node = {
    ...rest,
    registeredAt: text(registeredAt),
    updatedAt: text(updatedAt),
    lastSeenAt: text(lastSeenAt),
    lastHeartbeatAt: text(lastHeartbeatAt),
  };
  return { ...event, occurredAt: text(event.occurredAt), node };
}

const a = fleetNode('a');

test('begins with a snapshot, and goes on behind the last cursor', async () => {
  const { feed, at, next, told } = rig();
  feed.start();
  expect(at(0).variables).toEqual({ after: null, snapshot: true });
  at(0).deliver(snapshotOf(3, a));
  at(0).deliver(bookmark(5));
  at(0).deliver(changed(6, 'ADDED', a));
  at(0).end('UNREACHABLE');
  expect((await next(1)).variables).toEqual({ after: cursorOf(6), snapshot: true });
  feed.stop();
  expect(told).toEqual(['begin', 'SNAPSHOT 3', 'BOOKMARK 5', 'ADDED 6']);
});

test('what arrives twice is told once', () => {
  const { feed, at, told } = rig();
  feed.start();
  for (const position of [6, 6, 5, 7]) at(0).deliver(changed(position, 'ADDED', a));
  feed.stop();
  expect(told).toEqual(['begin', 'ADDED 6', 'ADDED 7']);
});

test('a cursor that has expired leads to a new snapshot, one of another log too', async () => {
  const { feed, at, next, told } = rig();
  feed.start();
  at(0).deliver(changed(6, 'ADDED', a));
  at(0).end('CURSOR_EXPIRED');
  const second = await next(1);
  expect(second.variables['after']).toBeNull();
  second.deliver(changed(2, 'ADDED', a));
  second.end('CURSOR_INVALID');
  expect((await next(2)).variables['after']).toBeNull();
  feed.stop();
  expect(told.filter((line) => line === 'other log')).toHaveLength(1);
});

test('who was too slow goes on from where it was, without an alarm', async () => {
  const { feed, at, next, link } = rig();
  feed.start();
  at(0).deliver(changed(6, 'ADDED', a));
  at(0).end('SUBSCRIBER_TOO_SLOW');
  expect(link.get().state).toBe('live');
  expect((await next(1)).variables['after']).toBe(cursorOf(6));
  feed.stop();
});

test('a lost connection says so at once, since when and why', () => {
  const { feed, at, link } = rig();
  feed.start();
  at(0).end('BACKEND_UNAVAILABLE');
  expect(link.get()).toMatchObject({ state: 'lost', since: 1000, why: 'ended with BACKEND_UNAVAILABLE' });
  feed.stop();
});

test('where a token is asked for it waits for one', () => {
  const { feed, at, told, link, subscriptions } = rig();
  feed.start();
  at(0).end('UNAUTHENTICATED');
  expect(link.get().state).toBe('refused');
  expect(told).toContain('refused: ended with UNAUTHENTICATED');
  expect(subscriptions).toHaveLength(1);
});

test('what ends after the feed was stopped starts nothing', async () => {
  const { feed, at, subscriptions, link } = rig();
  feed.start();
  feed.stop();
  at(0).end('UNREACHABLE');
  expect([subscriptions.length, link.get().state]).toEqual([1, 'live']);
});
