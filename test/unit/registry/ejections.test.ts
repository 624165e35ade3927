import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { toCursor } from '../../../src/registry/cursor.ts';
import { Ejections, mostOut } from '../../../src/registry/ejections.ts';
import type { NodeRecord } from '../../../src/registry/node-record.ts';
import { RegistryView } from '../../../src/registry/view.ts';
import { FakeClock } from './fakes/clock.ts';
import { nodeId, T0 } from './fakes/messages.ts';
import { change, record } from './fakes/node-record.ts';
import { instance, OK, REFUSED } from './fakes/probed-instances.ts';
import { recordedLog } from './fakes/recorded-log.ts';

function setUp(...nodes: readonly NodeRecord[]) {
  const view = new RegistryView();
  view.load(nodes, toCursor(nodes.length));
  const clock = new FakeClock();
  const { log, lines } = recordedLog();
  const ejections = new Ejections({ view, now: clock.now, monotonic: () => clock.now() - T0, log });
  const find = (id: string) => view.get(id) ?? record(id);
  return {
    view,
    clock,
    lines,
    ejections,
    fail: (id: string, times = 2) => {
      for (let time = 0; time < times; time += 1) ejections.record(find(id), REFUSED);
    },
    pass: (id: string, times = 2) => {
      for (let time = 0; time < times; time += 1) ejections.record(find(id), OK);
    },
    out: () => [...view.values()].map((node) => node.nodeId).filter((id) => ejections.has(id)),
    change: (id: string, different: Partial<NodeRecord>) => {
      view.apply([{ ...change({ ...find(id), ...different }, { type: 'MODIFIED' }), cursor: toCursor(view.head() + 1) }]);
    },
  };
}

describe('Ejections', () => {
  it('should put out who fails twice in a row, and say so to clients, operators and subscribers', () => {
    const { ejections, clock, fail, out, lines } = setUp(instance('a'), instance('b'));
    const onChange = vi.fn();
    ejections.onChange(onChange);
    fail('a', 1);
    expect(out()).toEqual([]);
    expect(ejections.isFailing(nodeId('a'))).toBe(true);
    clock.advance(200);
    fail('a', 1);
    expect(out()).toEqual(['a']);
    expect(ejections.of(nodeId('a'))).toEqual({ since: T0 + 200, error: 'connection refused', failures: 2, successesNeeded: 2 });
    expect(ejections.of(nodeId('b'))).toBeNull();
    expect(onChange).toHaveBeenCalledTimes(1);
    expect(lines).toMatchObject([{ level: 'warn', nodeId: 'a', serviceName: 'adapter', error: 'connection refused' }]);
    expect([ejections.size(), ejections.total(), ejections.heldBack()]).toEqual([1, 1, 0]);
  });

  it('should let it back after two successes in a row, and say so', () => {
    const { ejections, fail, pass, out, lines } = setUp(instance('a'), instance('b'));
    const onChange = vi.fn();
    fail('a', 5);
    ejections.onChange(onChange);
    pass('a', 1);
    expect(ejections.of(nodeId('a'))).toMatchObject({ failures: 0, successesNeeded: 1, error: 'connection refused' });
    expect(onChange).not.toHaveBeenCalled();
    pass('a', 1);
    expect(out()).toEqual([]);
    expect(onChange).toHaveBeenCalledTimes(1);
    expect(lines.at(-1)).toMatchObject({ level: 'info', nodeId: 'a' });
  });

  it('should keep nothing of instances that answer', () => {
    const { ejections, pass } = setUp(instance('a'));
    pass('a', 10);
    expect(ejections.isFailing(nodeId('a'))).toBe(false);
    expect(ejections.size()).toBe(0);
  });

  describe('of one service', () => {
    it.each([
      [1, 1],
      [2, 1],
      [3, 1],
      [4, 2],
      [5, 2],
      [10, 5],
    ])('should put out of %i at most %i', (instances, most) => {
      const ids = Array.from({ length: instances }, (_, index) => `n${index}`);
      const { ejections, fail, out } = setUp(...ids.map((id) => instance(id)));
      for (const id of ids) fail(id);
      expect(out()).toHaveLength(most);
      expect(ejections.heldBack()).toBe(instances - most);
    });

    it('should put out those that have failed the longest, whoever was convicted first', () => {
      const { clock, fail, out, lines } = setUp(...['a', 'b', 'c', 'd'].map((id) => instance(id)));
      fail('d', 1);
      clock.advance(1);
      fail('b');
      clock.advance(1);
      fail('a');
      expect(out()).toEqual(['a', 'b']);
      fail('d', 1);
      expect(out()).toEqual(['b', 'd']);
      expect(lines.at(-1)).toMatchObject({ level: 'warn', nodeId: 'a', msg: expect.stringContaining('half of its service') });
    });

    it('should make room for the next when one is back', () => {
      const { fail, pass, out } = setUp(...['a', 'b', 'c'].map((id) => instance(id)));
      fail('a');
      fail('b');
      expect(out()).toEqual(['a']);
      pass('a');
      expect(out()).toEqual(['b']);
    });

    it('should count what Consul calls passing only, and follow at once', () => {
      const { view, fail, out, change: become } = setUp(...['a', 'b', 'c', 'd'].map((id) => instance(id)));
      for (const id of ['a', 'b', 'c']) fail(id);
      expect(out()).toEqual(['a', 'b']);
      view.observeChecks(new Map([['effect-a', { status: 'critical', output: 'refused' }]]));
      expect(out(), 'three are left, of which b may be out').toEqual(['b']);
      become('b', { health: 'UNHEALTHY', checkStatus: 'critical' });
      expect(out(), 'two are left').toEqual(['c']);
      become('d', { state: 'REMOVED' });
      expect(out(), 'one is left').toEqual(['c']);
    });

    it('should not mind the others', () => {
      const { fail, out } = setUp(instance('a', 'one'), instance('b', 'two'), instance('c', 'two-service'), instance('d', 'Two'));
      for (const id of ['a', 'b', 'c', 'd']) fail(id);
      expect(out()).toEqual(['a', 'b', 'c', 'd']);
    });
  });

  it.each<[string, Partial<NodeRecord>]>([
    ['announced other content', { contentHash: 'other' }],
    ['began another life', { accepted: { ...record('a').accepted, epoch: 7 } }],
    ['was registered anew', { registeredAt: T0 + 1 }],
    ['stands under another id in Consul', { consulServiceId: 'effect-a-2' }],
  ])('should begin anew with a node that %s', (_, different) => {
    const { ejections, fail, out, change: become } = setUp(instance('a'), instance('b'));
    fail('a');
    become('a', different);
    expect(out()).toEqual([]);
    fail('a', 1);
    expect(out(), 'one failure of the new life').toEqual([]);
    fail('a', 1);
    expect(ejections.of(nodeId('a'))?.successesNeeded, 'as if for the first time').toBe(2);
  });

  it('should forgive who started again', () => {
    const { ejections, fail, out } = setUp(instance('a'), instance('b'));
    fail('a');
    ejections.forgive(nodeId('a'));
    ejections.forgive(nodeId('b'));
    expect(out()).toEqual([]);
  });

  it.each<[string, Partial<NodeRecord>]>([
    ['was removed', { state: 'REMOVED' }],
    ['expired', { state: 'EXPIRED' }],
    ['Consul holds critical', { health: 'UNHEALTHY', checkStatus: 'critical' }],
    ['is only degraded by now', { health: 'DEGRADED' }],
  ])('should leave a node that %s to that', (_, different) => {
    const { ejections, fail, out, change: become } = setUp(instance('a'), instance('b'));
    fail('a');
    become('a', different);
    expect(out()).toEqual([]);
    become('a', { state: 'REGISTERED', health: 'HEALTHY', checkStatus: 'passing' });
    expect(out(), 'nothing is held against it').toEqual([]);
    expect(ejections.isFailing(nodeId('a'))).toBe(false);
  });

  it('should not hold a probe of an earlier life against a node, nor one of a node that is gone', () => {
    const { ejections, out, change: become } = setUp(instance('a'));
    become('a', { contentHash: 'other' });
    for (let time = 0; time < 3; time += 1) ejections.record(instance('a'), REFUSED);
    for (let time = 0; time < 3; time += 1) ejections.record(instance('gone'), REFUSED);
    expect(out()).toEqual([]);
  });

  it('should forget what was found two minutes ago and not looked at since', () => {
    const { ejections, clock, fail, out } = setUp(instance('a'), instance('b'), instance('c'), instance('d'));
    fail('a');
    clock.advance(60_000);
    fail('b');
    clock.advance(61_000);
    expect(out()).toEqual(['a', 'b']);
    ejections.lapse();
    expect(out()).toEqual(['b']);
  });

  it('should whatever happens put out only who failed, never more than half of a service, and always one of those who fail', () => {
    const IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const step = fc.record({
      id: fc.constantFrom(...IDS),
      what: fc.constantFrom('fail', 'fail', 'fail', 'pass', 'pass', 'critical', 'healthy', 'gone', 'anew'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const {
          view,
          ejections,
          clock,
          fail,
          pass,
          change: become,
        } = setUp(...IDS.map((id) => instance(id, ['a', 'b'].includes(id) ? 'small' : 'large')));
        const failed = new Set<string>();
        for (const { id, what } of steps) {
          clock.advance(100);
          if (what === 'fail') {
            failed.add(id);
            fail(id, 1);
          } else if (what === 'pass') pass(id, 1);
          else if (what === 'critical') become(id, { health: 'UNHEALTHY' });
          else if (what === 'healthy') become(id, { health: 'HEALTHY', state: 'REGISTERED' });
          else if (what === 'gone') become(id, { state: 'REMOVED' });
          else {
            failed.delete(id);
            become(id, { contentHash: `${id} ${clock.now()}` });
          }
          for (const service of ['small', 'large']) {
            const fit = [...view.values()].filter((node) => node.serviceName === service && view.isFit(node));
            const out = fit.filter((node) => ejections.has(node.nodeId));
            const convicted = fit.filter((node) => ejections.isConvicted(node.nodeId));
            expect(out.length).toBeLessThanOrEqual(mostOut(fit.length));
            expect(out.length).toBe(Math.min(mostOut(fit.length), convicted.length));
            for (const node of out) expect(failed).toContain(node.nodeId);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
