import { describe, expect, it } from 'vitest';
import type { RegistryEvent, WatchFilter, WatchOptions } from '../../../src/client/index.ts';
import { GatewayError } from '../../../src/errors.ts';
import { until } from '../../until.ts';
import { type MemoryRegistry, sampleNode } from '../graphql/memory-registry.ts';
import { startServer } from '../http/running-server.ts';
import { BreakableLink } from './breakable-link.ts';
import { startClient } from './running-client.ts';

async function start() {
  const server = await startServer();
  const link = await BreakableLink.to(server.port);
  const { client, lines } = startClient(link.url);
  return {
    registry: server.registry,
    link,
    client,
    lines,
    /** Collects what a watch yields. */
    watch: (filter?: WatchFilter, options?: WatchOptions) => {
      const events: RegistryEvent[] = [];
      const ended = (async () => {
        for await (const event of client.watch(filter, options)) events.push(event);
      })();
      return { events, ended };
    },
  };
}

function brief(event: RegistryEvent): string {
  if (event.kind === 'change') return `${event.type} ${event.nodeId} ${event.reason} @${Number(event.cursor)}`;
  if (event.kind === 'bookmark') return `bookmark @${Number(event.cursor)}`;
  return `snapshot ${event.nodes.map(({ nodeId }) => nodeId).join()} ${event.reset} @${Number(event.cursor)}`;
}

const follows = (registry: MemoryRegistry, count = 1) => until('the watch stands', () => registry.subscribers === count);
const last = (events: readonly RegistryEvent[], cursor: number) =>
  until(`cursor ${cursor} arrived`, () => Number(events.at(-1)?.cursor) === cursor);

describe('watch', () => {
  it('should yield a snapshot, then changes', async () => {
    const { registry, watch } = await start();
    registry.put(sampleNode('n-1'));
    const { events } = watch({}, { snapshot: true });
    await last(events, 1);
    registry.put(sampleNode('n-2'));
    registry.put(sampleNode('n-1', { version: '2.0.0' }), 'MODIFIED', 'capability_change');
    await last(events, 3);
    expect(events.map(brief)).toEqual(['snapshot n-1 null @1', 'ADDED n-2 startup @2', 'MODIFIED n-1 capability_change @3']);
    expect(events[2]).toMatchObject({
      node: {
        nodeId: 'n-1',
        version: '2.0.0',
        health: 'HEALTHY',
        endpoints: { api: 'http://10.0.3.17:8080' },
        metadata: { region: 'eu-1' },
      },
      changedFields: ['capabilities', 'version'],
      occurredAt: new Date('2026-11-24T13:29:00.000Z'),
    });
  });

  it('should resume from a cursor', async () => {
    const { registry, watch } = await start();
    for (const name of ['n-1', 'n-2', 'n-3']) registry.put(sampleNode(name));
    const { events } = watch({}, { after: '0000000000000001' });
    await last(events, 3);
    expect(events.map(brief)).toEqual(['ADDED n-2 startup @2', 'ADDED n-3 startup @3']);
  });

  it('should lose nothing between its start and a break before the first event', async () => {
    const { registry, watch, link } = await start();
    registry.put(sampleNode('n-1'));
    const { events } = watch();
    await follows(registry);
    link.isDown = true;
    link.cut();
    await follows(registry, 0);
    registry.put(sampleNode('n-2'));
    link.isDown = false;
    await last(events, 2);
    expect(events.map(brief)).toEqual(['ADDED n-2 startup @2']);
  });

  it('should report what vanished while the log did not reach back, and then the whole', async () => {
    const { registry, watch, link } = await start();
    for (const name of ['gone', 'stays', 'changes']) registry.put(sampleNode(name));
    const { events } = watch({}, { snapshot: true });
    await last(events, 3);
    link.isDown = true;
    link.cut();
    await follows(registry, 0);
    registry.put(sampleNode('gone', { state: 'REMOVED' }), 'REMOVED', 'shutdown');
    registry.put(sampleNode('changes', { version: '9.0.0' }), 'MODIFIED');
    registry.put(sampleNode('new'));
    registry.floor = 6;
    link.isDown = false;
    await last(events, 6);
    expect(events.map(brief)).toEqual([
      'snapshot gone,stays,changes null @3',
      'REMOVED gone reset @3',
      'MODIFIED changes reset @3',
      'ADDED new reset @3',
      'snapshot stays,changes,new CURSOR_EXPIRED @6',
    ]);
  });

  it('should know who vanished even where it yields no additions', async () => {
    const { registry, watch, link } = await start();
    const { events } = watch({ changeTypes: ['REMOVED'] }, { bookmarks: true });
    await follows(registry);
    registry.put(sampleNode('gone'));
    registry.put(sampleNode('left', { state: 'REMOVED' }), 'REMOVED', 'shutdown');
    await last(events, 2);
    link.isDown = true;
    link.cut();
    await follows(registry, 0);
    registry.put(sampleNode('gone', { state: 'REMOVED' }), 'REMOVED', 'shutdown');
    registry.floor = 3;
    link.isDown = false;
    await last(events, 3);
    expect(events.map(brief)).toEqual(['REMOVED left shutdown @2', 'REMOVED gone reset @2', 'snapshot  CURSOR_EXPIRED @3']);
  });

  it('should go on where a subscriber was too slow, and when a back end fails', async () => {
    const { registry, watch } = await start();
    const { events } = watch();
    await follows(registry);
    for (const [index, code] of (['SUBSCRIBER_TOO_SLOW', 'BACKEND_UNAVAILABLE'] as const).entries()) {
      registry.failFeeds(new GatewayError(code, 'for the test'));
      registry.put(sampleNode(`n-${index}`));
      await last(events, index + 1);
    }
    expect(events.map(brief)).toEqual(['ADDED n-0 startup @1', 'ADDED n-1 startup @2']);
  });

  it('should throw what would come again for ever, and end', async () => {
    const { registry, watch, client } = await start();
    const { events, ended } = watch({ nodeTypes: Array.from({ length: 101 }, (_, index) => `type-${index}`) });
    await expect(ended).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect([events, registry.subscribers, client.status().watches]).toEqual([[], 0, 0]);
  });

  it.each([0, -1, Number.NaN])('should not be asked to hold %d events', async (maxUnread) => {
    const { client } = await start();
    expect(() => client.watch({}, { maxUnread })).toThrow('option maxUnread');
    expect(client.status().watches).toBe(0);
  });

  it('should hold no more than it may, and still yield everything', async () => {
    const { registry, client } = await start();
    const watch = client.watch({}, { maxUnread: 10 });
    const first = watch.next();
    await follows(registry);
    for (let index = 1; index <= 60; index += 1) registry.put(sampleNode(`n-${index}`));
    await first;
    await follows(registry, 0);
    const seen: number[] = [];
    for await (const { cursor } of watch) {
      seen.push(Number(cursor));
      if (seen.length === 59) break;
    }
    expect(seen).toEqual(Array.from({ length: 59 }, (_, index) => index + 2));
  });

  it('should end with return, at once, and leave the gateway', async () => {
    const { registry, client, link } = await start();
    const watch = client.watch();
    const waiting = watch.next();
    await follows(registry);
    await watch.return();
    expect(await waiting).toEqual({ done: true, value: undefined });
    await until('the gateway is left', () => registry.subscribers === 0 && link.open === 0);
    expect(await watch.next()).toEqual({ done: true, value: undefined });
  });

  it('should end with its signal and with the client, without an error', async () => {
    const { registry, watch, client } = await start();
    const stop = new AbortController();
    const one = watch({}, { signal: stop.signal });
    const other = watch();
    await follows(registry, 2);
    stop.abort();
    await one.ended;
    await follows(registry, 1);
    await client.close();
    await other.ended;
    expect(() => client.watch()).toThrow('This client was closed');
    await expect(client.resolve('x')).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
  });
});
