import { describe, expect, it } from 'vitest';
import type { NodeRecord } from '../../../src/registry/node-record.ts';
import { NO_ENDPOINT, nodeId, T0 } from './fakes/messages.ts';
import { NO_SIGNS, record } from './fakes/node-record.ts';
import { INTERVAL, LEASE_SECONDS, START, useReconcilers } from './running-reconciler.ts';

const reconciling = useReconcilers();
/** Nodes without an endpoint live by what they say, and have said nothing yet. */
const unchecked = { checkStatus: 'none', health: 'UNKNOWN' } as const;
const LEASE = LEASE_SECONDS * 1000;

/** Last seen so that its lease ends this much (milliseconds) after the start. */
function ending(id: string, after: number, different: Partial<NodeRecord> = {}): NodeRecord {
  const liveness = { ...NO_SIGNS, lastSeenAt: START + after - LEASE };
  return record(id, { ...unchecked, liveness, ...different }, NO_ENDPOINT);
}

const fleet = (count: number, of: (id: string) => NodeRecord) => Array.from({ length: count }, (_, index) => of(`n${index}`));
const dropped = (id: string) => record(id, { checkStatus: 'critical', health: 'UNHEALTHY' });

describe('a lease', () => {
  it('should end NODE_TTL_HOURS after the last sign of life: EXPIRED, and out of Consul', async () => {
    const gateway = reconciling(ending('a', INTERVAL), ending('b', INTERVAL + 1));
    gateway.hearingSince = 0;
    await gateway.start();
    expect(gateway.told()).toEqual([]);
    await gateway.pass();
    expect(gateway.told()).toEqual(['REMOVED a lease_expired']);
    expect(gateway.store.node(nodeId('a'))).toMatchObject({ state: 'EXPIRED', stateReason: 'lease_expired', consulServiceId: null });
    expect(gateway.services()).toEqual(['effect-b']);
    expect(gateway.reconciler.drift()?.expired).toBe(1);
  });

  it('should end earlier where the node announced a shorter one', async () => {
    const gateway = reconciling(ending('a', 3_600_000, { leaseSeconds: LEASE_SECONDS - 3600 }));
    gateway.hearingSince = 0;
    await gateway.start();
    expect(gateway.told()).toEqual(['REMOVED a lease_expired']);
  });

  it('should not end while the check passes', async () => {
    const gateway = reconciling(record('a', { liveness: { ...NO_SIGNS, lastSeenAt: 0 } }));
    gateway.hearingSince = 0;
    await gateway.start();
    expect(gateway.told()).toEqual([]);
  });

  it('should begin anew after an outage of Kafka: silence that nobody could have heard does not count', async () => {
    const gateway = reconciling(ending('a', 0));
    gateway.hearingSince = START;
    await gateway.start();
    await gateway.pass(INTERVAL * 5);
    expect(gateway.told()).toEqual([]);
  });

  it('should not end for a node whose sign of life is stored, though this gateway has not read it', async () => {
    const gateway = reconciling(ending('a', 0));
    gateway.hearingSince = 0;
    gateway.store.seed({ ...ending('a', INTERVAL), cursor: gateway.store.log.head });
    await gateway.start();
    expect(gateway.told()).toEqual([]);
  });

  it.each(['before', 'after'] as const)('should end at the next try when Postgres fails %s the work, in both stores', async (fault) => {
    const gateway = reconciling(ending('a', 0));
    gateway.hearingSince = 0;
    gateway.store.faults.next('transact', fault);
    await gateway.start();
    expect(gateway.told()).toEqual([]);
    // The try that failed has used up the allowance of its interval.
    await gateway.pass(INTERVAL + 1000);
    expect([gateway.told(), gateway.services()]).toEqual([['REMOVED a lease_expired'], []]);
  });
});

describe('the guard against mass expiry', () => {
  it('should let 15 % of the registry expire in a pass, and say what it holds back', async () => {
    const gateway = reconciling(...fleet(20, (id) => ending(id, 0)));
    gateway.hearingSince = 0;
    await gateway.start();
    expect(gateway.told()).toHaveLength(3);
    expect(gateway.guard.heldBack()).toBe(17);
    expect(gateway.lines.find(({ level }) => level === 'error')).toMatchObject({ heldBack: 17 });
    await gateway.pass();
    // 15 % of the 17 that are left.
    expect(gateway.told()).toHaveLength(5);
  });

  it('should choose at random who goes', async () => {
    const gateway = reconciling(...fleet(20, (id) => ending(id, 0)));
    gateway.hearingSince = 0;
    // The last of those that are left, whose place the first of them takes.
    gateway.random = () => 0.999;
    await gateway.start();
    expect(gateway.told()).toEqual(['REMOVED n19 lease_expired', 'REMOVED n0 lease_expired', 'REMOVED n1 lease_expired']);
  });

  it('should always let one expire', async () => {
    const gateway = reconciling(ending('a', 0), ending('b', 0));
    gateway.hearingSince = 0;
    await gateway.start();
    expect(gateway.told()).toHaveLength(1);
    await gateway.pass();
    expect(gateway.told()).toHaveLength(2);
  });

  it('should register as critical again what it holds back of those that Consul dropped', async () => {
    const gateway = reconciling(...fleet(20, dropped));
    gateway.catalog.wipe();
    await gateway.start();
    expect(gateway.told()).toHaveLength(3);
    expect(gateway.services()).toHaveLength(17);
    expect(new Set([...gateway.catalog.services.values()].map(({ check }) => check?.status))).toEqual(new Set(['critical']));
    expect(gateway.guard.heldBack()).toBe(17);
  });

  it('should count expiries of every kind against one allowance', async () => {
    const gateway = reconciling(...fleet(10, dropped), ...Array.from({ length: 10 }, (_, index) => ending(`m${index}`, 0)));
    gateway.hearingSince = 0;
    gateway.catalog.wipe();
    await gateway.start();
    expect(gateway.told()).toHaveLength(3);
    expect(gateway.told().every((entry) => entry.endsWith('consul_critical'))).toBe(true);
  });

  it('should not let more expire for what vanishes between two passes', async () => {
    const nodes = fleet(20, dropped);
    const gateway = reconciling(...nodes);
    await gateway.start();
    gateway.catalog.wipe();
    const ids = nodes.map((node) => node.nodeId);
    for (let i = 0; i < 10; i += 1) {
      gateway.reconciler.vanished(ids);
      await gateway.pass(1000);
    }
    expect(gateway.told()).toHaveLength(3);
  });

  it('should not let more expire for being kicked', async () => {
    const gateway = reconciling(...fleet(20, (id) => ending(id, 0)));
    gateway.hearingSince = 0;
    await gateway.start();
    for (let i = 0; i < 10; i += 1) {
      gateway.reconciler.kick();
      await gateway.pass(1000);
    }
    expect(gateway.told()).toHaveLength(3);
  });

  it('should not let more expire for a pass that a back end breaks off again and again', async () => {
    const gateway = reconciling(...fleet(20, dropped));
    gateway.catalog.wipe();
    gateway.stand(record('orphan'));
    await gateway.start();
    // From the next pass on, each ends at the orphan, after what Consul dropped is dealt with.
    gateway.catalog.faults.always('deregister', 'fail');
    await gateway.pass(INTERVAL);
    const after = gateway.told().length;
    for (let second = 0; second < 30; second += 1) {
      for (const node of gateway.view.filter({ states: ['REGISTERED'] }))
        if (gateway.catalog.services.has(`effect-${node.nodeId}`)) gateway.catalog.drop(`effect-${node.nodeId}`);
      await gateway.pass(1000);
    }
    // Two passes, 15 % each of 20 and of 17.
    expect([after, gateway.told().length]).toEqual([3, 5]);
    expect(gateway.lines.filter(({ msg }) => msg.startsWith('could not reconcile')).length).toBeGreaterThan(20);
  });

  it('should hold back nothing when the clock is right: T0 is where the nodes were seen', async () => {
    const gateway = reconciling(...fleet(20, (id) => record(id, { ...unchecked, liveness: { ...NO_SIGNS, lastSeenAt: T0 } }, NO_ENDPOINT)));
    await gateway.start();
    await gateway.pass();
    expect([gateway.told(), gateway.guard.heldBack()]).toEqual([[], 0]);
  });
});
