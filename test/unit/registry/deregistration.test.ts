import { describe, expect, it } from 'vitest';
import { Alignment } from '../../../src/registry/alignment.ts';
import { toCursor } from '../../../src/registry/cursor.ts';
import { Deregistration } from '../../../src/registry/deregistration.ts';
import type { NodeRecord } from '../../../src/registry/node-record.ts';
import { RegistryView } from '../../../src/registry/view.ts';
import { FakeClock } from './fakes/clock.ts';
import { MemoryCatalog } from './fakes/memory-catalog.ts';
import { MemoryStore } from './fakes/memory-store.ts';
import { NO_ENDPOINT, nodeId } from './fakes/messages.ts';
import { change, record } from './fakes/node-record.ts';
import { silentLog } from './fakes/recorded-log.ts';

const OPERATOR = { operator: 'ada' };

function setUp(...nodes: readonly NodeRecord[]) {
  const store = new MemoryStore();
  const catalog = new MemoryCatalog();
  const view = new RegistryView();
  const clock = new FakeClock();
  const log = silentLog();
  for (const node of nodes) {
    store.commit(change(node));
    if (node.state === 'REGISTERED') catalog.seed(catalog.define(node, node.contentHash), { status: 'passing', output: '' });
  }
  view.load(store.nodes(), store.log.head);
  let committed = 0;
  const alignment = new Alignment({ store, catalog, log });
  const deregistration = new Deregistration({
    view,
    store,
    catalog,
    alignment,
    now: clock.now,
    newId: () => 'id-1',
    log,
    onCommitted: () => {
      committed += 1;
    },
  });
  return { store, catalog, view, clock, alignment, deregistration, committed: () => committed };
}

describe('deregister', () => {
  it('should take the node out of Consul and Postgres, and say so in the log', async () => {
    const { store, catalog, clock, deregistration, committed } = setUp(record('a'), record('b'));
    clock.advance(5000);
    const result = await deregistration.deregister({ nodeId: 'a', reason: '  a ghost ' }, OPERATOR);
    expect(result).toMatchObject({ cursor: 3, correlationId: 'id-1', node: { state: 'REMOVED', stateReason: 'operator', cursor: 3 } });
    expect([...catalog.services.keys()]).toEqual(['effect-b']);
    expect(store.node(nodeId('a'))).toMatchObject({ state: 'REMOVED', stateReason: 'operator', consulServiceId: null });
    expect(store.log.entries.at(-1)).toMatchObject({
      type: 'REMOVED',
      reason: 'a ghost',
      operator: 'ada',
      correlationId: 'id-1',
      occurredAt: clock.now(),
      before: { type: 'effect' },
    });
    expect(committed()).toBe(1);
  });

  it.each([null, undefined, '   '])('should give the reason operator where %j is given', async (reason) => {
    const { store, deregistration } = setUp(record('a'));
    await deregistration.deregister({ nodeId: 'a', reason }, { operator: null });
    expect(store.log.entries.at(-1)).toMatchObject({ reason: 'operator', operator: null });
  });

  it("should fence with the node's own last announcement, not with the gateway's time", async () => {
    const { store, clock, deregistration } = setUp(record('a'));
    clock.advance(86_400_000);
    await deregistration.deregister({ nodeId: 'a' }, OPERATOR);
    expect(store.node(nodeId('a'))?.accepted).toEqual(record('a').accepted);
  });

  it('should remove a node without a service', async () => {
    const { store, catalog, deregistration } = setUp(record('a', { consulServiceId: null, checkStatus: 'none' }, NO_ENDPOINT));
    await deregistration.deregister({ nodeId: 'a' }, OPERATOR);
    expect(store.node(nodeId('a'))?.state).toBe('REMOVED');
    expect(catalog.calls).toEqual([]);
  });

  it('should turn an expired node, and one that said goodbye, into one that an operator removed', async () => {
    const gone = { consulServiceId: null, checkStatus: null } as const;
    const { store, deregistration } = setUp(
      record('a', { ...gone, state: 'EXPIRED', stateReason: 'lease_expired' }),
      record('b', { ...gone, state: 'REMOVED', stateReason: 'shutdown' }),
    );
    await deregistration.deregister({ nodeId: 'a' }, OPERATOR);
    await deregistration.deregister({ nodeId: 'b' }, OPERATOR);
    expect(store.nodes().map(({ state, stateReason }) => [state, stateReason])).toEqual([
      ['REMOVED', 'operator'],
      ['REMOVED', 'operator'],
    ]);
  });

  it('should leave a node as it is that an operator removed already', async () => {
    const { store, deregistration } = setUp(record('a'));
    const first = await deregistration.deregister({ nodeId: 'a' }, OPERATOR);
    const second = await deregistration.deregister({ nodeId: 'a', reason: 'again' }, { operator: 'bob' });
    expect(second.cursor).toBe(first.cursor);
    expect(store.log.entries).toHaveLength(2);
  });

  it('should refuse a node that never registered', async () => {
    const { deregistration, store } = setUp(record('a'));
    await expect(deregistration.deregister({ nodeId: 'x'.repeat(5000) }, OPERATOR)).rejects.toMatchObject({
      code: 'NODE_NOT_FOUND',
      message: expect.stringMatching(/^.{1,300}$/),
    });
    expect(store.transactions).toEqual([]);
  });

  it('should refuse a node that Postgres has forgotten meanwhile', async () => {
    const { deregistration, view } = setUp();
    view.load([record('a')], toCursor(1));
    await expect(deregistration.deregister({ nodeId: 'a' }, OPERATOR)).rejects.toMatchObject({ code: 'NODE_NOT_FOUND' });
  });

  it.each(['before', 'after', 'contention'] as const)('should put the service back when Postgres fails %s the work', async (fault) => {
    const { store, catalog, deregistration, alignment, committed } = setUp(record('a'));
    store.faults.next('transact', fault);
    await expect(deregistration.deregister({ nodeId: 'a' }, OPERATOR)).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
    expect(store.node(nodeId('a'))?.state).toBe('REGISTERED');
    expect(catalog.services.get('effect-a')?.check?.status).toBe('passing');
    expect([alignment.pending(), committed()]).toEqual([0, 0]);
  });

  it('should go forward when only the answer to COMMIT was lost', async () => {
    const { store, catalog, deregistration } = setUp(record('a'));
    store.faults.next('transact', 'lost');
    await expect(deregistration.deregister({ nodeId: 'a' }, OPERATOR)).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
    expect(store.node(nodeId('a'))?.state).toBe('REMOVED');
    expect(catalog.services.size).toBe(0);
    const again = await deregistration.deregister({ nodeId: 'a' }, OPERATOR);
    expect(again.cursor).toBe(2);
  });

  it.each(['fail', 'applied', 'refuse'] as const)('should keep both stores as they were when Consul answers with %s', async (fault) => {
    const { store, catalog, deregistration } = setUp(record('a'));
    catalog.faults.next('deregister', fault);
    await expect(deregistration.deregister({ nodeId: 'a' }, OPERATOR)).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
    expect(store.node(nodeId('a'))?.state).toBe('REGISTERED');
    expect(catalog.services.has('effect-a')).toBe(true);
  });

  it('should leave the service to the background where it cannot be put back at once', async () => {
    const { store, deregistration, alignment } = setUp(record('a'));
    store.faults.next('transact', 'after');
    store.faults.next('transact', 'before');
    await expect(deregistration.deregister({ nodeId: 'a' }, OPERATOR)).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
    expect(alignment.pending()).toBe(1);
  });
});
