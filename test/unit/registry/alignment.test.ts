import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nodeId } from './fakes/messages.ts';
import { record } from './fakes/node-record.ts';
import { RegistryCore } from './fakes/registry-core.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Services of the node that Consul may hold, whatever is stored. */
const touched = (id: string, ...services: readonly string[]) => new Map([[nodeId(id), services]]);

function standing(core: RegistryCore, ...ids: readonly string[]): void {
  for (const id of ids) {
    const node = record('n', { consulServiceId: id });
    core.catalog.seed({ ...core.catalog.define(node, 'left over'), id }, { status: 'passing', output: '' });
  }
}

describe('restore', () => {
  it('should ask nobody when nothing was touched', async () => {
    const core = new RegistryCore();
    await core.alignment.restore(new Map());
    expect(core.store.transactions).toEqual([]);
  });

  it('should deregister what no registration stands behind', async () => {
    const core = new RegistryCore();
    standing(core, 'effect-n', 'compute-n');
    await core.alignment.restore(touched('n', 'effect-n', 'compute-n'));
    expect(core.services()).toEqual({});
  });

  it('should register what is stored, with its content and the status that is stored', async () => {
    const core = new RegistryCore();
    core.store.seed(record('n', { checkStatus: 'critical' }));
    standing(core, 'compute-n');
    await core.alignment.restore(touched('n', 'compute-n', 'effect-n'));
    expect(core.services()).toEqual({ 'effect-n': '1.0.0' });
    expect(core.catalog.calls[0]).toEqual({ call: 'register', id: 'effect-n', initial: 'critical' });
  });

  it.each(['REMOVED', 'EXPIRED'] as const)('should leave a node that is %s out of Consul', async (state) => {
    const core = new RegistryCore();
    core.store.seed(record('n', { state, consulServiceId: null, checkStatus: null }));
    standing(core, 'effect-n');
    await core.alignment.restore(touched('n', 'effect-n'));
    expect(core.services()).toEqual({});
  });

  it('should read under the lock, so that a registration on its way is not undone', async () => {
    const core = new RegistryCore();
    let commit: () => void = () => undefined;
    core.store.beforeCommit = () =>
      new Promise((resolve) => {
        commit = resolve;
      });
    const registered = record('n');
    standing(core, 'effect-n');
    const other = core.store.transact([registered.nodeId], [], async () => ({
      nodes: [registered],
      changes: [],
      processed: [],
      completed: [],
      rejected: [],
    }));
    const restored = core.alignment.restore(touched('n', 'effect-n'));
    await vi.advanceTimersByTimeAsync(100);
    expect(core.catalog.calls, 'not before the other let go').toEqual([]);
    core.store.beforeCommit = () => Promise.resolve();
    commit();
    await Promise.all([other, restored]);
    expect(core.services()).toEqual({ 'effect-n': '1.0.0' });
  });

  it('should give up a service that Consul refuses', async () => {
    const core = new RegistryCore();
    core.store.seed(record('n'));
    core.catalog.refuses = () => true;
    await core.alignment.restore(touched('n', 'effect-n'));
    expect(core.alignment.pending()).toBe(0);
  });

  it('should hand on an error that is not of a back end', async () => {
    const core = new RegistryCore();
    core.store.seed(record('n'));
    core.catalog.register = () => Promise.reject(new TypeError('a bug'));
    await expect(core.alignment.restore(touched('n', 'effect-n'))).rejects.toThrow('a bug');
  });
});

describe('run', () => {
  it('should try again what a back end failed, ever less often, until it succeeds', async () => {
    const core = new RegistryCore();
    const stop = new AbortController();
    standing(core, 'effect-n', 'compute-n');
    core.store.faults.always('transact', 'before');
    await core.alignment.restore(touched('n', 'effect-n'));
    await core.alignment.restore(touched('n', 'compute-n'));
    expect(core.alignment.pending()).toBe(1);
    const running = core.alignment.run(stop.signal);
    core.store.transactions.length = 0;
    await vi.advanceTimersByTimeAsync(60_000);
    // After 0.5, 1.5, 3.5, 7.5, 15.5 s and then every 10 s.
    expect(core.store.transactions).toHaveLength(9);
    core.store.faults.clear();
    core.catalog.faults.next('deregister', 'fail');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(core.alignment.pending(), 'Consul failed one').toBe(1);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(core.alignment.pending()).toBe(0);
    expect(core.services()).toEqual({});
    stop.abort();
    await running;
  });

  it('should put back more nodes than one transaction locks', async () => {
    const core = new RegistryCore();
    core.store.faults.next('transact', 'before');
    await core.alignment.restore(new Map(Array.from({ length: 1200 }, (_, index) => [nodeId(`n-${index}`), [`effect-n-${index}`]])));
    expect(core.alignment.pending()).toBe(1200);
    const stop = new AbortController();
    const running = core.alignment.run(stop.signal);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(core.alignment.pending()).toBe(0);
    stop.abort();
    await running;
  });

  it('should end at once when told to', async () => {
    const core = new RegistryCore();
    const stop = new AbortController();
    const running = core.alignment.run(stop.signal);
    stop.abort();
    await running;
    expect(vi.getTimerCount()).toBe(0);
  });
});
