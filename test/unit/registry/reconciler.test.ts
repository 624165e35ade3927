import { describe, expect, it, vi } from 'vitest';
import type { NodeRecord } from '../../../src/registry/node-record.ts';
import { NO_ENDPOINT, nodeId } from './fakes/messages.ts';
import { NO_SIGNS, record } from './fakes/node-record.ts';
import { INTERVAL, type RunningReconciler, START, useReconcilers } from './running-reconciler.ts';

const reconciling = useReconcilers();
const critical = { checkStatus: 'critical', health: 'UNHEALTHY' } as const;
/** Nodes without an endpoint live by what they say, and have said nothing yet. */
const unchecked = { checkStatus: 'none', health: 'UNKNOWN' } as const;
const NEVER_SEEN = { ...NO_SIGNS, lastSeenAt: 0 };
const silent = record('c', { liveness: NEVER_SEEN, ...unchecked, consulServiceId: 'effect-c' }, NO_ENDPOINT);
const gone = { state: 'REMOVED', stateReason: 'shutdown', consulServiceId: null, checkStatus: null } as const;

describe('services that stand where they do not belong any more', () => {
  it('should be registered where they do, as they are, when somebody reports them', async () => {
    const gateway = reconciling(record('a'), record('b', critical), record('c'));
    await gateway.start();
    for (const id of ['effect-a', 'effect-b']) gateway.catalog.misplaced.add(id);
    gateway.reconciler.misplaced([nodeId('a'), nodeId('b')]);
    await gateway.pass(0);
    expect(gateway.catalog.calls).toEqual([
      { call: 'register', id: 'effect-a', initial: 'passing' },
      { call: 'register', id: 'effect-b', initial: 'critical' },
    ]);
    expect([gateway.told(), gateway.probe.probed]).toEqual([[], []]);
  });

  it('should be found by the pass where nobody reports them', async () => {
    const gateway = reconciling(record('a', unchecked, NO_ENDPOINT));
    gateway.catalog.misplaced.add('effect-a');
    await gateway.start();
    expect(gateway.catalog.misplaced.size).toBe(0);
    expect([gateway.reconciler.drift()?.different, gateway.told()]).toEqual([1, []]);
  });

  it('should not be taken for gone, not even when they are critical', async () => {
    const gateway = reconciling(record('a', critical));
    await gateway.start();
    gateway.catalog.misplaced.add('effect-a');
    gateway.reconciler.vanished([nodeId('a')]);
    await gateway.pass(0);
    expect([gateway.services(), gateway.told()]).toEqual([['effect-a'], []]);
    expect(gateway.catalog.misplaced.size).toBe(0);
  });
});

describe('run', () => {
  it('should touch nothing where Consul and Postgres agree', async () => {
    const gateway = reconciling(record('a'), record('b', critical), record('c', unchecked, NO_ENDPOINT));
    await gateway.start();
    await gateway.pass();
    expect(gateway.catalog.calls).toEqual([]);
    expect(gateway.store.transactions).toEqual([]);
    expect(gateway.reconciler.drift()).toEqual({ missing: 0, different: 0, orphaned: 0, expired: 0, at: START + INTERVAL });
  });

  it('should look at the start, then every interval', async () => {
    const gateway = reconciling(record('a'));
    const owned = vi.spyOn(gateway.catalog, 'owned');
    await gateway.start();
    expect(owned).toHaveBeenCalledTimes(1);
    await gateway.pass(INTERVAL - 1);
    expect(owned).toHaveBeenCalledTimes(1);
    await gateway.pass(1);
    expect(owned).toHaveBeenCalledTimes(2);
  });

  it('should look at once when Consul is back', async () => {
    const gateway = reconciling(record('a', unchecked, NO_ENDPOINT));
    await gateway.start();
    gateway.catalog.wipe();
    gateway.reconciler.kick();
    await gateway.pass(0);
    expect(gateway.services()).toEqual(['effect-a']);
  });

  it('should look again on time when the clock is put back', async () => {
    const gateway = reconciling(record('a'));
    await gateway.start();
    const owned = vi.spyOn(gateway.catalog, 'owned');
    vi.setSystemTime(START - 3_600_000);
    await gateway.pass();
    expect(owned).toHaveBeenCalled();
  });

  it('should be left to the leader', async () => {
    const gateway = reconciling(record('a'));
    gateway.catalog.wipe();
    gateway.leadership.leads = false;
    await gateway.start();
    await gateway.pass();
    expect([gateway.services(), gateway.reconciler.drift()]).toEqual([[], null]);
    gateway.leadership.leads = true;
    await gateway.pass(1000);
    expect(gateway.services()).toEqual(['effect-a']);
  });

  it('should show no drift, and hold nothing back, from the moment it leads no more', async () => {
    const gateway = reconciling(
      record('a'),
      ...['c', 'd', 'e'].map((id) => record(id, { ...unchecked, liveness: NEVER_SEEN }, NO_ENDPOINT)),
    );
    gateway.hearingSince = 0;
    await gateway.start();
    expect(gateway.reconciler.drift()).toMatchObject({ expired: 1 });
    expect([gateway.guard.heldBack(), gateway.reconciler.passes()]).toEqual([2, 1]);
    gateway.leadership.leads = false;
    await gateway.pass();
    expect([gateway.reconciler.drift(), gateway.guard.heldBack(), gateway.reconciler.passes()]).toEqual([null, 0, 1]);
  });

  it.each<[string, NodeRecord, (gateway: RunningReconciler) => void]>([
    ['is missing in Consul', record('a'), ({ catalog }) => catalog.drop('effect-a')],
    ['has another content there', record('a'), ({ catalog }) => catalog.seed(catalog.define(record('a'), 'another hash'))],
    ['stands there without a registration', record('a'), (gateway) => gateway.stand(record('orphan'))],
    ['has come to the end of its lease', silent, (gateway) => gateway.stand(silent)],
    ['was not checked since the agent restarted', record('a'), ({ reconciler }) => reconciler.unrun([nodeId('a')])],
  ])('should touch nothing of what %s as a leader that was deposed and has not heard of it', async (_, node, happens) => {
    const setUp = () => {
      const gateway = reconciling(node);
      gateway.hearingSince = 0;
      happens(gateway);
      return gateway;
    };
    const [leader, deposed] = [setUp(), setUp()];
    deposed.store.term += 1;
    for (const gateway of [leader, deposed]) {
      await gateway.start();
      await gateway.pass();
    }
    expect([deposed.catalog.calls, deposed.told()]).toEqual([[], []]);
    expect(deposed.lines.map(({ msg }) => msg)).toContain('leaves reconciling to the next leader');
    expect(deposed.lines.map(({ msg }) => msg)).not.toContain('could not reconcile, will retry');
    expect(leader.catalog.calls).not.toEqual([]);
  });

  it.each(['owned', 'standing'] as const)('should retry within a second when Consul does not answer %s', async (call) => {
    const gateway = reconciling(record('a'));
    gateway.catalog.wipe();
    gateway.catalog.faults.next(call, 'fail', 2);
    await gateway.start();
    expect([gateway.services(), gateway.reconciler.drift()]).toEqual([[], null]);
    await gateway.pass(2000);
    expect([gateway.services(), gateway.reconciler.drift()?.missing]).toEqual([['effect-a'], 1]);
  });
});

describe('a service with another content', () => {
  it('should be registered as it is stored, and its check go on', async () => {
    const node = record('a');
    const gateway = reconciling(node, record('b'));
    gateway.catalog.seed(gateway.catalog.define({ ...node, port: 1 }, 'another hash'), { status: 'passing', output: 'ok' });
    await gateway.start();
    expect(gateway.catalog.services.get('effect-a')?.service).toMatchObject({ port: 8080, meta: { content_hash: node.contentHash } });
    expect([gateway.catalog.restarted, gateway.told(), gateway.reconciler.drift()?.different]).toEqual([[], [], 1]);
  });

  it('should not keep the others from being corrected where Consul refuses it', async () => {
    const gateway = reconciling(record('a'), record('b'));
    for (const node of [record('a'), record('b')])
      gateway.catalog.seed(gateway.catalog.define(node, 'another hash'), { status: 'passing', output: 'ok' });
    gateway.catalog.refuses = (id) => id === 'effect-a';
    await gateway.start();
    expect(gateway.catalog.services.get('effect-b')?.service.meta['content_hash']).toBe(record('b').contentHash);
    expect(gateway.reconciler.drift()?.different).toBe(2);
  });
});

describe('a service that no registration stands behind', () => {
  const orphan = record('orphan');

  it('should be removed after an interval of grace, and not before', async () => {
    const gateway = reconciling(record('a'));
    gateway.stand(orphan);
    await gateway.start();
    expect(gateway.reconciler.drift()?.orphaned).toBe(1);
    await gateway.pass(INTERVAL - 1);
    expect(gateway.services()).toEqual(['effect-a', 'effect-orphan']);
    await gateway.pass(1);
    expect(gateway.services()).toEqual(['effect-a']);
    await gateway.pass();
    expect(gateway.reconciler.drift()?.orphaned).toBe(0);
  });

  it('should be that of a node that left, or that has another service by now', async () => {
    const moved = record('moved', {}, { type: 'reducer' });
    const gateway = reconciling(record('left', gone), moved);
    gateway.stand(record('left'));
    gateway.stand(record('moved'));
    await gateway.start();
    await gateway.pass();
    expect(gateway.services()).toEqual(['reducer-moved']);
  });

  it('should never be one of somebody else', async () => {
    const gateway = reconciling();
    gateway.catalog.seed(gateway.catalog.define(orphan, orphan.contentHash), null, null);
    gateway.catalog.seed(gateway.catalog.define(record('theirs'), 'hash'), null, 'another registry');
    await gateway.start();
    for (let i = 0; i < 3; i += 1) await gateway.pass();
    expect(gateway.services()).toEqual(['effect-orphan', 'effect-theirs']);
    expect(gateway.catalog.calls).toEqual([]);
  });

  it('should stay where its node registered meanwhile, though this gateway does not know yet', async () => {
    const gateway = reconciling();
    gateway.stand(orphan);
    await gateway.start();
    gateway.store.seed(orphan);
    await gateway.pass();
    expect(gateway.services()).toEqual(['effect-orphan']);
  });

  it('should be given its grace anew when it was gone in between', async () => {
    const gateway = reconciling();
    gateway.stand(orphan);
    await gateway.start();
    gateway.catalog.drop('effect-orphan');
    await gateway.pass();
    gateway.stand(orphan);
    await gateway.pass();
    expect(gateway.services()).toEqual(['effect-orphan']);
    await gateway.pass();
    expect(gateway.services()).toEqual([]);
  });

  it('should be tried again at the next look when Consul fails', async () => {
    const gateway = reconciling();
    gateway.stand(orphan);
    await gateway.start();
    gateway.catalog.faults.next('deregister', 'fail');
    await gateway.pass();
    expect(gateway.services()).toEqual(['effect-orphan']);
    await gateway.pass(1000);
    expect(gateway.services()).toEqual([]);
  });
});
