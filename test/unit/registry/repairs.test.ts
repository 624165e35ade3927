import { describe, expect, it } from 'vitest';
import { SECOND_TRY } from '../../../src/registry/second-try.ts';
import { NO_ENDPOINT, nodeId } from './fakes/messages.ts';
import { change, NO_SIGNS, record } from './fakes/node-record.ts';
import { INTERVAL, START, useReconcilers } from './running-reconciler.ts';

const reconciling = useReconcilers();
const critical = { checkStatus: 'critical', health: 'UNHEALTHY' } as const;
/** Nodes without an endpoint live by what they say, and have said nothing yet. */
const unchecked = { checkStatus: 'none', health: 'UNKNOWN' } as const;
const gone = { state: 'REMOVED', stateReason: 'shutdown', consulServiceId: null, checkStatus: null } as const;

describe('a service that is missing in Consul', () => {
  it('should be registered again, as its probe says', async () => {
    const gateway = reconciling(record('a'), record('b'));
    gateway.catalog.wipe();
    await gateway.start();
    expect(gateway.catalog.calls).toEqual([
      { call: 'register', id: 'effect-a', initial: 'passing' },
      { call: 'register', id: 'effect-b', initial: 'passing' },
    ]);
    expect(gateway.told()).toEqual([]);
    expect(gateway.reconciler.drift()?.missing).toBe(2);
  });

  it('should be registered as critical, and told of, where its endpoint does not answer', async () => {
    const gateway = reconciling(record('a'));
    gateway.catalog.wipe();
    gateway.probe.otherwise = { status: 'critical', output: 'connection refused' };
    await gateway.start();
    await gateway.pass(SECOND_TRY);
    expect(gateway.catalog.services.get('effect-a')?.check?.status).toBe('critical');
    expect(gateway.told()).toEqual(['HEALTH_CHANGED a reconciled']);
    expect(gateway.store.node(nodeId('a'))).toMatchObject({ health: 'UNHEALTHY', checkOutput: 'connection refused' });
  });

  it('should be registered as passing where only the first of two probes failed', async () => {
    const gateway = reconciling(record('a'));
    gateway.catalog.wipe();
    gateway.probe.next.push({ status: 'critical', output: 'no answer within 1000 ms' });
    await gateway.start();
    expect(gateway.catalog.calls).toEqual([]);
    await gateway.pass(SECOND_TRY);
    expect(gateway.catalog.services.get('effect-a')?.check?.status).toBe('passing');
    expect(gateway.told()).toEqual([]);
  });

  it('should hold no lock while its endpoint is probed', async () => {
    const gateway = reconciling(record('a'));
    gateway.catalog.wipe();
    gateway.probe.otherwise = { status: 'critical', output: 'no answer within 1000 ms' };
    await gateway.start();
    expect([gateway.probe.probed.length, gateway.store.transactions]).toEqual([1, []]);
    await gateway.pass(SECOND_TRY);
    expect([gateway.probe.probed.length, gateway.store.transactions]).toEqual([2, [[nodeId('a')]]]);
  });

  it('should come back as it is stored where its content changed while its endpoint was probed', async () => {
    const gateway = reconciling(record('a'));
    gateway.catalog.wipe();
    gateway.probe.otherwise = { status: 'critical', output: 'refused' };
    await gateway.start();
    gateway.store.seed(record('a', { contentHash: 'another' }));
    await gateway.pass(SECOND_TRY);
    expect(gateway.catalog.services.get('effect-a')?.check?.status).toBe('passing');
    expect(gateway.told()).toEqual([]);
  });

  it('should come back without a check where the node has no endpoint', async () => {
    const gateway = reconciling(record('a', unchecked, NO_ENDPOINT));
    gateway.catalog.wipe();
    await gateway.start();
    expect(gateway.catalog.services.get('effect-a')?.check).toBeNull();
    expect(gateway.told()).toEqual([]);
  });

  it('should mean EXPIRED where Consul last held it critical: it was dropped for that', async () => {
    const gateway = reconciling(record('a', critical), record('b'));
    gateway.catalog.drop('effect-a');
    await gateway.start();
    expect(gateway.told()).toEqual(['REMOVED a consul_critical']);
    expect(gateway.store.node(nodeId('a'))).toMatchObject({ state: 'EXPIRED', stateReason: 'consul_critical', consulServiceId: null });
    expect(gateway.services()).toEqual(['effect-b']);
  });

  it('should not be missed of a node that changed within the last 2 s', async () => {
    const gateway = reconciling(record('a', { updatedAt: START - 1999 }));
    gateway.catalog.wipe();
    await gateway.start();
    expect(gateway.services()).toEqual([]);
    await gateway.pass(INTERVAL);
    expect(gateway.services()).toEqual(['effect-a']);
  });

  it('should not be registered for a node that left meanwhile', async () => {
    const gateway = reconciling(record('a'));
    gateway.catalog.wipe();
    gateway.store.commit(change(record('a', gone), { type: 'REMOVED' }));
    await gateway.start();
    expect(gateway.services()).toEqual([]);
  });

  it('should not keep the others from coming back where Consul refuses it', async () => {
    const silent = record('c', { ...unchecked, liveness: { ...NO_SIGNS, lastSeenAt: 0 } }, NO_ENDPOINT);
    const gateway = reconciling(record('a'), record('b'), silent);
    gateway.hearingSince = 0;
    gateway.catalog.wipe();
    gateway.catalog.refuses = (id) => id === 'effect-a';
    await gateway.start();
    expect(gateway.services()).toEqual(['effect-b']);
    expect(gateway.told()).toEqual(['REMOVED c lease_expired']);
    expect(gateway.lines.find(({ level }) => level === 'error')).toMatchObject({ nodeId: 'a' });
  });

  it('should come back in as many transactions as it takes', async () => {
    const nodes = Array.from({ length: 1100 }, (_, index) => record(`n${index}`));
    const gateway = reconciling(...nodes);
    gateway.catalog.wipe();
    await gateway.start();
    expect(gateway.services()).toHaveLength(1100);
    expect(gateway.store.transactions.map((nodeIds) => nodeIds.length)).toEqual([500, 500, 100]);
  });
});

describe('vanished', () => {
  it('should repair at once what vanished', async () => {
    const gateway = reconciling(record('a'), record('b', critical));
    await gateway.start();
    gateway.catalog.wipe();
    gateway.reconciler.vanished([nodeId('a'), nodeId('b')]);
    await gateway.pass(0);
    expect(gateway.services()).toEqual(['effect-a']);
    expect(gateway.told()).toEqual(['REMOVED b consul_critical']);
  });

  it('should give a service its check back that lost it, and expire nobody for that', async () => {
    const gateway = reconciling(record('a'), record('b', critical));
    await gateway.start();
    for (const id of ['effect-a', 'effect-b']) gateway.catalog.uncheck(id);
    gateway.reconciler.vanished([nodeId('a'), nodeId('b')]);
    await gateway.pass(0);
    expect(['effect-a', 'effect-b'].map((id) => gateway.catalog.services.get(id)?.check?.status)).toEqual(['passing', 'critical']);
    expect(gateway.told()).toEqual([]);
  });

  it('should touch nothing whose service stands after all', async () => {
    const gateway = reconciling(record('a'));
    await gateway.start();
    gateway.reconciler.vanished([nodeId('a')]);
    await gateway.pass(1000);
    expect(gateway.catalog.calls).toEqual([]);
  });
});

describe('unrun', () => {
  it('should start checks anew as what a probe finds, in place of an agent that has not run them', async () => {
    const gateway = reconciling(record('a'));
    await gateway.start();
    gateway.catalog.observe('effect-a', 'critical', '');
    gateway.reconciler.unrun([nodeId('a')]);
    await gateway.pass(0);
    expect(gateway.catalog.services.get('effect-a')?.check?.status).toBe('passing');
    expect(gateway.catalog.restarted).toEqual(['effect-a']);
    expect(gateway.told()).toEqual([]);
  });

  it('should tell of a node whose endpoint does not answer, and leave its check as it is', async () => {
    const gateway = reconciling(record('a'));
    await gateway.start();
    gateway.probe.otherwise = { status: 'critical', output: 'refused' };
    gateway.reconciler.unrun([nodeId('a')]);
    await gateway.pass(SECOND_TRY);
    expect(gateway.told()).toEqual(['HEALTH_CHANGED a check_critical']);
    expect(gateway.catalog.calls).toEqual([]);
  });

  it('should start a check anew as passing where only the first of two probes failed', async () => {
    const gateway = reconciling(record('a'));
    await gateway.start();
    gateway.catalog.observe('effect-a', 'critical', '');
    gateway.probe.next.push({ status: 'critical', output: 'no answer within 1000 ms' });
    gateway.reconciler.unrun([nodeId('a')]);
    await gateway.pass(SECOND_TRY);
    expect(gateway.catalog.services.get('effect-a')?.check?.status).toBe('passing');
    expect(gateway.told()).toEqual([]);
  });

  it('should leave alone what left or was critical before', async () => {
    const gateway = reconciling(record('a', critical), record('b', gone));
    await gateway.start();
    gateway.reconciler.unrun([nodeId('a'), nodeId('b')]);
    await gateway.pass(0);
    expect([gateway.catalog.calls, gateway.probe.probed]).toEqual([[], []]);
  });

  it('should not keep the others waiting for one that Consul refuses', async () => {
    const gateway = reconciling(record('a'), record('b'));
    await gateway.start();
    for (const id of ['effect-a', 'effect-b']) gateway.catalog.observe(id, 'critical', '');
    gateway.catalog.refuses = (id) => id === 'effect-a';
    gateway.reconciler.unrun([nodeId('a'), nodeId('b')]);
    await gateway.pass(0);
    expect(gateway.catalog.services.get('effect-b')?.check?.status).toBe('passing');
  });
});
