import { describe, expect, it, vi } from 'vitest';
import type { NodeRecord } from '../../../src/registry/node-record.ts';
import { heartbeat, T0 } from './fakes/messages.ts';
import { change, record } from './fakes/node-record.ts';
import { type RunningFeed, settle, take, useGateways, watched } from './running-feed.ts';

const gateways = useGateways();

describe('healthyServices', () => {
  const query = { capability: 'database.query' } as const;
  const ids = (nodes: readonly NodeRecord[]) => nodes.map(({ nodeId }) => nodeId);
  const modified = (node: NodeRecord) => change(node, { type: 'MODIFIED' });

  async function services(gateway: RunningFeed) {
    const sets = gateway.subscriptions.healthyServices(query);
    gateways.close(sets);
    const [first] = await take(sets, 1);
    return { sets, first };
  }

  it('should send the full set now, in node id order, and again when it changes', async () => {
    const gateway = await gateways.start();
    await gateway.commit('b', 'a');
    const { sets, first } = await services(gateway);
    expect(ids(first ?? [])).toEqual(['a', 'b']);
    const next = take(sets, 1);
    await gateway.commit('0');
    await vi.advanceTimersByTimeAsync(100);
    expect((await next).map(ids)).toEqual([['0', 'a', 'b']]);
  });

  it('should send the empty set as well', async () => {
    expect((await services(await gateways.start())).first).toEqual([]);
  });

  it('should send all changes within 100 ms as one set, the latest', async () => {
    const gateway = await gateways.start();
    const { sets } = await services(gateway);
    const next = watched(sets.next());
    for (let i = 0; i < 5; i += 1) {
      await gateway.commit(`n${i}`);
      await vi.advanceTimersByTimeAsync(15);
    }
    expect(next.state()).toBe('pending');
    await vi.advanceTimersByTimeAsync(100);
    expect(ids((await next.promise).value ?? [])).toEqual(['n0', 'n1', 'n2', 'n3', 'n4']);
  });

  it.each<[string, Partial<NodeRecord>]>([
    ['an address', { address: '10.0.0.9' }],
    ['a port', { port: 1 }],
    ['a version', { version: '9.9.9' }],
    ['a URL', { endpoints: [{ name: 'api', url: 'http://elsewhere' }] }],
    ['health', { health: 'DEGRADED' }],
  ])('should fire for a change of %s', async (_, different) => {
    const gateway = await gateways.start();
    await gateway.commit('a');
    const { sets } = await services(gateway);
    const next = watched(sets.next());
    await gateway.commit(modified(record('a', different)));
    await vi.advanceTimersByTimeAsync(100);
    expect(next.state()).toBe('resolved');
  });

  it('should not fire for what clients cannot see', async () => {
    const gateway = await gateways.start();
    await gateway.commit('a');
    const { sets } = await services(gateway);
    const next = watched(sets.next());
    await gateway.commit(
      modified(record('a', { metadata: { region: 'eu' }, currentState: 'busy' })),
      change(record('z', { capabilities: [] })),
    );
    await vi.advanceTimersByTimeAsync(1000);
    expect(next.state()).toBe('pending');
  });

  it('should fire when Consul holds an instance critical, before the log says so', async () => {
    const gateway = await gateways.start();
    await gateway.commit('a', 'b');
    const { sets } = await services(gateway);
    const next = take(sets, 1);
    await settle();
    gateway.view.observeChecks(new Map([['effect-a', { status: 'critical', output: 'refused' }]]));
    await vi.advanceTimersByTimeAsync(100);
    expect((await next).map(ids)).toEqual([['b']]);
  });

  it('should with allOf send those that have all of them, and again when one gets the last of them', async () => {
    const gateway = await gateways.start();
    await gateway.commit('a', change(record('b', { capabilities: ['database.query', 'Database_Write'] })));
    const sets = gateway.subscriptions.healthyServices({ ...query, allOf: ['database-write'] });
    gateways.close(sets);
    expect((await take(sets, 1)).map(ids)).toEqual([['b']]);
    const next = take(sets, 1);
    await gateway.commit(modified(record('a', { capabilities: ['database-write', 'database.query'] })));
    await vi.advanceTimersByTimeAsync(100);
    expect((await next).map(ids)).toEqual([['a', 'b']]);
  });

  it('should give a reader that paused the latest set only', async () => {
    const gateway = await gateways.start();
    const { sets } = await services(gateway);
    for (let i = 0; i < 3; i += 1) {
      await gateway.commit(`n${i}`);
      await vi.advanceTimersByTimeAsync(500);
    }
    const next = take(sets, 1);
    await vi.advanceTimersByTimeAsync(100);
    expect((await next).map(ids)).toEqual([['n0', 'n1', 'n2']]);
  });

  it('should not swap the members of a limited set for every heartbeat', async () => {
    const gateway = await gateways.start();
    await gateway.commit('a', 'b', 'c');
    const sets = gateway.subscriptions.healthyServices({ ...query, limit: 2 });
    gateways.close(sets);
    expect((await take(sets, 1)).map(ids)).toEqual([['a', 'b']]);
    const next = watched(sets.next());
    await gateway.store.recordLiveness([heartbeat('c')], T0 + 5000, { processed: [], completed: [] });
    await vi.advanceTimersByTimeAsync(1000);
    await gateway.commit(change(record('z', { capabilities: [] })));
    await vi.advanceTimersByTimeAsync(1000);
    expect(gateway.view.get('c')?.liveness.lastHeartbeatAt).toBe(T0 + 5000);
    expect(next.state()).toBe('pending');
  });

  it('should end with BAD_USER_INPUT for a bad version range, and leave nothing listening', async () => {
    const gateway = await gateways.start();
    const stops = vi.spyOn(gateway.view, 'onChange');
    const sets = gateway.subscriptions.healthyServices({ ...query, versionRange: 'newest' });
    await expect(sets.next()).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(stops).not.toHaveBeenCalled();
    expect(gateway.subscriptions.open()).toBe(0);
  });
});
