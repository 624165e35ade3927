import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { until } from '../../until.ts';
import { announcement, freshEnvironment, Nodes, type RunningGateway, runGateway, type SeenChange, sql } from './running-gateway.ts';

describe('the change feed, on two gateways', () => {
  let first: RunningGateway;
  let second: RunningGateway;
  let nodes: Nodes;
  let url: string;

  const logged = (changes: readonly SeenChange[]) => changes.filter(({ type }) => type !== 'BOOKMARK' && type !== 'SNAPSHOT');
  const registered = (gateway: RunningGateway, count: number) =>
    until(`${count} are registered`, async () => (await gateway.client.registered()).length === count);

  beforeAll(async () => {
    const env = await freshEnvironment({ BOOKMARK_INTERVAL: '1s' });
    url = env['DATABASE_URL'] ?? '';
    [first, second] = await Promise.all([runGateway({ ...env, GATEWAY_ID: 'first' }), runGateway({ ...env, GATEWAY_ID: 'second' })]);
    nodes = await Nodes.connect(first.config);
    await until('both gateways have registered themselves', async () => {
      const shape = z.object({ totalCount: z.number() });
      return (await first.client.get(shape, 'nodes', '{ nodes(filter: { types: ["registry"] }) { totalCount } }')).totalCount === 2;
    });
  }, 120_000);

  afterAll(async () => {
    await nodes?.close();
    await Promise.all([first?.stop(), second?.stop()]);
  });

  it('should give both gateways the same log, in order, without a hole, while several write', async () => {
    const live = [first, second].map(({ client }) => client.follow({ after: '0' }));
    for (let round = 0; round < 5; round += 1) {
      // Keyed, so that one node's messages share a partition; without, some would be read late and be superseded.
      const values = Array.from({ length: 20 }, (_, index) => announcement(`many-${index}`, { capabilities: [`round-${round}`] }));
      await nodes.send(nodes.topic('introspection'), ...values.map((value) => ({ key: value.node_id, value })));
    }
    const arrived = await until('all changes arrived on both', async () => {
      const changes = await first.client.changes();
      const isWhole = changes.length >= 100 && live.every(({ seen }) => logged(seen).length >= changes.length);
      return isWhole ? changes : null;
    });
    const log = arrived.map(({ cursor, type, nodeId }) => ({ cursor, type, nodeId }));
    for (const { seen, errors } of live) {
      expect(errors).toEqual([]);
      expect(
        logged(seen)
          .slice(0, log.length)
          .map(({ cursor, type, nodeId }) => ({ cursor, type, nodeId })),
      ).toEqual(log);
    }
    expect(log.map(({ cursor }) => Number(cursor))).toEqual(log.map((_, index) => index + 1));
    for (const { stop } of live) stop();
  });

  it('should resume from any cursor, on the other gateway, with exactly the rest', async () => {
    const log = await second.client.changes();
    for (const from of [0, 1, Math.floor(log.length / 2), log.length - 1]) {
      const after = log[from]?.cursor;
      const { seen, stop } = second.client.follow({ after });
      await until('the rest arrived', () => logged(seen).length >= log.length - from - 1);
      expect(
        logged(seen)
          .slice(0, log.length - from - 1)
          .map(({ cursor }) => cursor),
      ).toEqual(log.slice(from + 1).map(({ cursor }) => cursor));
      stop();
    }
  });

  it('should begin with a snapshot in the order of cursors, a bookmark, and then live changes', async () => {
    const { seen, stop } = first.client.follow({ snapshot: true, filter: { nodeTypes: ['effect'] } });
    await until('the snapshot ended', () => seen.some(({ type }) => type === 'BOOKMARK'));
    const end = seen.findIndex(({ type }) => type === 'BOOKMARK');
    const snapshot = seen.slice(0, end);
    expect(snapshot).toHaveLength(20);
    expect(snapshot.every(({ type }) => type === 'SNAPSHOT')).toBe(true);
    expect(snapshot.map(({ cursor }) => cursor)).toEqual(snapshot.map(({ cursor }) => cursor).toSorted());
    await nodes.announce(announcement('snap-1'));
    await until('the new node arrived', () => seen.some(({ nodeId, type }) => nodeId === 'snap-1' && type === 'ADDED'));
    await until('silence is bookmarked', () => seen.at(-1)?.type === 'BOOKMARK');
    stop();
    await registered(second, 21);
  });

  it('should say REMOVED with reason `filter` when a node stops matching', async () => {
    await nodes.announce(announcement('leaves-1', { capabilities: ['wanted'] }));
    await until('it is registered', () => first.client.node('leaves-1'));
    const { seen, stop } = await first.client.followFromNow({ anyCapability: ['WANTED'] });
    await nodes.announce(announcement('leaves-1', { capabilities: ['other'] }));
    await until('it left', () => seen.some(({ type, reason }) => type === 'REMOVED' && reason === 'filter'));
    await nodes.announce(announcement('leaves-1', { capabilities: ['wanted'] }));
    await until('it is back', () => seen.some(({ type }) => type === 'ADDED'));
    stop();
  });

  it('should refuse a cursor beyond the log, one that is none, and one from before the log was trimmed', async () => {
    const beyond = first.client.follow({ after: '0000000099999999' });
    await until('it is refused', () => beyond.errors.length > 0);
    expect(beyond.errors[0]).toMatchObject({ extensions: { code: 'CURSOR_INVALID' } });
    const { errors } = await first.client.ask('{ changes(after: "nonsense") { cursor } }');
    expect(errors?.[0]?.extensions.code).toBe('CURSOR_INVALID');
    const third = await runGateway({ ...(await freshEnvironment({ DATABASE_URL: url })), GATEWAY_ID: 'third' });
    await sql(url, 'delete from registration_changes where cursor <= 50');
    await sql(url, 'update registry set floor = 50');
    // It began at the head, so the cut is beyond its memory.
    const expired = third.client.follow({ after: '0000000000000010' });
    await until('it is refused', () => expired.errors.length > 0);
    expect(expired.errors[0]).toMatchObject({ extensions: { code: 'CURSOR_EXPIRED' } });
    const kept = third.client.follow({ after: '0000000000000050' });
    await until('the floor itself still works', () => logged(kept.seen).length > 10);
    kept.stop();
    await third.stop();
  });

  it('should follow healthyServices as a set', async () => {
    const shape = z.array(z.object({ nodeId: z.string() }));
    await nodes.announce(announcement('set-1', { capabilities: ['set'] }));
    await nodes.heartbeat('set-1');
    await until('one is healthy', async () => {
      await nodes.heartbeat('set-1');
      return (await first.client.get(shape, 'healthyServices', '{ healthyServices(capability: "set") { nodeId } }')).length === 1;
    });
    const closing = new AbortController();
    const response = await fetch(`${first.client.url}/graphql`, {
      signal: closing.signal,
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: 'subscription { healthyServices(capability: "set") { nodeId } }' }),
    });
    let text = '';
    const reading = (async () => {
      for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString();
    })().catch(() => undefined);
    await until('the set now', () => text.includes('"set-1"'));
    await nodes.announce(announcement('set-1', { reason: 'shutdown', timestamp: new Date(Date.now() + 5000).toISOString() }));
    await until('the empty set', () => text.includes('"healthyServices":[]'));
    closing.abort();
    await reading;
  });
});
