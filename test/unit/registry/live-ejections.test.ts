import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { NodeRecord } from '../../../src/registry/node-record.ts';
import { T0 } from './fakes/messages.ts';
import { instance, ProbedInstances } from './fakes/probed-instances.ts';

let instances: ProbedInstances;
const open: AsyncGenerator<unknown, void, undefined>[] = [];
beforeEach(() => {
  vi.useFakeTimers({ now: T0 });
  instances = new ProbedInstances(['a', 'b'].map((id) => instance(id))).start();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((sets) => sets.return()));
  await instances.stop();
  vi.useRealTimers();
});

/** The sets that a live subscription received so far. */
function follow(): string[][] {
  const sets = instances.subscriptions.healthyServices({ capability: 'database.query' });
  open.push(sets);
  const seen: string[][] = [];
  const collect = async () => {
    for await (const nodes of sets) seen.push(nodes.map(({ nodeId }: NodeRecord) => nodeId));
  };
  void collect();
  return seen;
}

it('should reach a live subscription, which asks for its instances as long as it lasts', async () => {
  const seen = follow();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(seen).toEqual([['a', 'b']]);
  instances.probe.dead.add('b');
  await vi.advanceTimersByTimeAsync(2500);
  expect(seen).toEqual([['a', 'b'], ['a']]);
  instances.probe.dead.delete('b');
  await vi.advanceTimersByTimeAsync(4200);
  expect(seen).toEqual([['a', 'b'], ['a'], ['a', 'b']]);
});

it('should probe for many subscriptions as for one, and for none any more once they have ended', async () => {
  for (let subscriber = 0; subscriber < 20; subscriber += 1) follow();
  await vi.advanceTimersByTimeAsync(20_000);
  const { a = 0 } = instances.probe.take();
  expect(a).toBeLessThanOrEqual(12);
  await Promise.all(open.splice(0).map((sets) => sets.return()));
  await vi.advanceTimersByTimeAsync(11_000);
  instances.probe.take();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(instances.probe.take()).toEqual({});
  expect(instances.watch.size()).toBe(0);
});

it('should watch a node that joins the set, and no longer one that leaves it', async () => {
  follow();
  await vi.advanceTimersByTimeAsync(1000);
  instances.load([instance('a'), instance('b', 'adapter', { capabilities: ['other'] }), instance('c')]);
  await vi.advanceTimersByTimeAsync(12_000);
  instances.probe.take();
  await vi.advanceTimersByTimeAsync(5000);
  expect(Object.keys(instances.probe.take()).sort()).toEqual(['a', 'c']);
});

it('should follow a report at once', async () => {
  const seen = follow();
  await vi.advanceTimersByTimeAsync(2000);
  instances.probe.dead.add('b');
  const report = instances.reports.report({ nodeId: 'b' }, { key: 'me', operator: null });
  await vi.advanceTimersByTimeAsync(350);
  expect((await report).outcome).toBe('EJECTED');
  expect(seen.at(-1)).toEqual(['a']);
});

it('should count in what capabilities has as healthy, which asks for nobody', async () => {
  instances.ask();
  instances.probe.dead.add('b');
  await instances.askFor(2500);
  expect(instances.discovery.capabilities()).toEqual([{ name: 'database.query', nodes: 2, healthy: 1 }]);
  await vi.advanceTimersByTimeAsync(15_000);
  instances.probe.take();
  instances.discovery.capabilities();
  await vi.advanceTimersByTimeAsync(5000);
  expect(instances.probe.take()).toEqual({});
});
