import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CheckObserver } from '../../../src/registry/check-observer.ts';
import { toCursor } from '../../../src/registry/cursor.ts';
import type { NodeRecord } from '../../../src/registry/node-record.ts';
import { RegistryView } from '../../../src/registry/view.ts';
import { FakeClock } from './fakes/clock.ts';
import { MemoryCatalog } from './fakes/memory-catalog.ts';
import { NO_ENDPOINT, T0 } from './fakes/messages.ts';
import { record } from './fakes/node-record.ts';
import { recordedLog } from './fakes/recorded-log.ts';

let stop = new AbortController();

beforeEach(() => {
  stop = new AbortController();
});

afterEach(() => {
  stop.abort();
});

/** Follows a Consul in which the nodes stand passing; later than they changed, so that their checks must be there. */
function setUp(...nodes: readonly NodeRecord[]) {
  const catalog = new MemoryCatalog();
  const view = new RegistryView();
  const clock = new FakeClock(T0 + 60_000);
  const { log, lines } = recordedLog();
  view.load(nodes, toCursor(nodes.length));
  for (const node of nodes) {
    if (node.consulServiceId !== null) catalog.seed(catalog.define(node, node.contentHash), { status: 'passing', output: 'ok' });
  }
  const seen = {
    checks: 0,
    returns: 0,
    vanished: [] as (readonly string[])[],
    misplaced: [] as (readonly string[])[],
    unrun: [] as (readonly string[])[],
  };
  const observer = new CheckObserver({
    catalog,
    view,
    now: clock.now,
    log,
    onChecks: () => {
      seen.checks += 1;
    },
    onReturn: () => {
      seen.returns += 1;
    },
    onVanished: (nodeIds) => seen.vanished.push(nodeIds),
    onMisplaced: (nodeIds) => seen.misplaced.push(nodeIds),
    onUnrun: (nodeIds) => seen.unrun.push(nodeIds),
  });
  const follow = () => {
    void observer.run(stop.signal);
  };
  const look = () => {
    observer.look();
    return { vanished: seen.vanished.splice(0).flat(), unrun: seen.unrun.splice(0).flat() };
  };
  return { catalog, view, clock, lines, seen, observer, follow, look };
}

describe('run', () => {
  it('should hand what Consul says to the registry in memory, now and at every change', () => {
    const node = record('a');
    const { catalog, view, seen, follow } = setUp(node);
    follow();
    expect(view.observedCheck(node)?.status).toBe('passing');
    catalog.observe('effect-a', 'critical', 'connection refused');
    expect(view.observedCheck(node)).toEqual({ status: 'critical', output: 'connection refused' });
    expect(seen.checks).toBe(2);
  });

  it('should not take a check that has not run since the agent restarted for a failure', () => {
    const node = record('a');
    const { catalog, view, follow } = setUp(node);
    follow();
    catalog.observe('effect-a', 'critical', '');
    expect(view.observedCheck(node)).toBeUndefined();
    expect(view.isFit(node)).toBe(true);
  });

  it('should say once that it lost sight of Consul, and tell when Consul is back', () => {
    const { catalog, lines, seen, follow } = setUp(record('a'));
    follow();
    catalog.breakWatch();
    catalog.breakWatch();
    expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    expect(seen.returns).toBe(0);
    catalog.observe('effect-a', 'passing');
    catalog.observe('effect-a', 'passing');
    expect(seen.returns).toBe(1);
  });

  it('should keep what it last saw through an outage', () => {
    const node = record('a');
    const { catalog, view, follow } = setUp(node);
    follow();
    catalog.observe('effect-a', 'critical', 'refused');
    catalog.breakWatch();
    expect(view.isFit(node)).toBe(false);
  });

  it('should end when the signal aborts', async () => {
    const { observer } = setUp();
    const running = observer.run(stop.signal);
    stop.abort();
    await running;
  });
});

describe('look', () => {
  it('should report a registered node whose check vanished', () => {
    const { catalog, follow, look } = setUp(record('a'), record('b'));
    follow();
    expect(look()).toEqual({ vanished: [], unrun: [] });
    catalog.drop('effect-a');
    expect(look()).toEqual({ vanished: ['a'], unrun: [] });
  });

  it('should wait 2 s for the check of a node that has just changed', () => {
    const { catalog, clock, follow, look } = setUp(record('a', { updatedAt: T0 + 60_000 }));
    follow();
    catalog.drop('effect-a');
    clock.advance(2000);
    expect(look().vanished).toEqual([]);
    clock.advance(1);
    expect(look().vanished).toEqual(['a']);
  });

  it.each<[string, NodeRecord]>([
    ['that left', record('a', { state: 'REMOVED', consulServiceId: null })],
    ['without an endpoint', record('a', { checkStatus: 'none' }, NO_ENDPOINT)],
    ['of whose check nothing is known yet', record('a', { checkStatus: null })],
  ])('should expect no check of a node %s', (_, node) => {
    const { catalog, follow, look } = setUp(node);
    follow();
    catalog.wipe();
    expect(look()).toEqual({ vanished: [], unrun: [] });
  });

  it('should report checks that have not run since the agent restarted, unless the node was critical before', () => {
    const { catalog, follow, look } = setUp(record('a'), record('b', { checkStatus: 'critical' }), record('c', { checkStatus: 'warning' }));
    follow();
    for (const id of ['effect-a', 'effect-b', 'effect-c']) catalog.observe(id, 'critical', '');
    expect(look()).toEqual({ vanished: [], unrun: ['a', 'c'] });
  });

  it('should report nothing before Consul was seen, nor while it is out of sight', () => {
    const { catalog, follow, look } = setUp(record('a'));
    catalog.drop('effect-a');
    expect(look()).toEqual({ vanished: [], unrun: [] });
    follow();
    expect(look().vanished).toEqual(['a']);
    catalog.breakWatch();
    expect(look()).toEqual({ vanished: [], unrun: [] });
  });

  it('should report what stands where it does not belong any more', () => {
    const { catalog, seen, follow, look } = setUp(record('a'), record('b'));
    catalog.misplaced.add('effect-a');
    follow();
    expect(look()).toEqual({ vanished: [], unrun: [] });
    expect(seen.misplaced).toEqual([['a']]);
    catalog.tell(new Map([['effect-b', { status: 'passing', output: '', isMisplaced: true }]]), new Set());
    look();
    expect(seen.misplaced).toEqual([['a'], ['b']]);
  });

  it('should miss nothing in what is not said to be everything, but what is said to be gone', () => {
    const { catalog, follow, look } = setUp(record('a'), record('b'));
    follow();
    look();
    catalog.tell(new Map(), new Set());
    expect(look().vanished).toEqual([]);
    catalog.tell(new Map(), new Set(['effect-b']));
    expect(look().vanished).toEqual(['b']);
  });

  it('should miss what was not there when everything was looked at, once, and nothing that is younger than that look', () => {
    const { catalog, view, clock, follow, look } = setUp(record('a'), record('b'));
    follow();
    look();
    const newer = record('c', { updatedAt: clock.now() - 1000 });
    view.load([record('a'), record('b'), newer], toCursor(3));
    catalog.tell(new Map([['effect-a', { status: 'passing', output: '' }]]), null);
    catalog.tell(new Map([['effect-a', { status: 'passing', output: '' }]]), new Set());
    clock.advance(5000);
    expect(look().vanished).toEqual(['b']);
    expect(look().vanished).toEqual([]);
  });
});
