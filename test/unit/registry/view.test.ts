import { describe, expect, it } from 'vitest';
import type { Change, NewChange } from '../../../src/registry/change.ts';
import { toCursor } from '../../../src/registry/cursor.ts';
import type { NodeRecord } from '../../../src/registry/node-record.ts';
import type { ObservedCheck } from '../../../src/registry/ports.ts';
import type { NodeFilter } from '../../../src/registry/registry.ts';
import { RegistryView } from '../../../src/registry/view.ts';
import { T0 } from './fakes/messages.ts';
import { change, NO_SIGNS, record } from './fakes/node-record.ts';

function viewOf(...nodes: readonly NodeRecord[]): RegistryView {
  const view = new RegistryView();
  view.load(nodes, toCursor(nodes.length));
  return view;
}

function entry(cursor: number, node: NodeRecord, different: Partial<NewChange> = {}): Change {
  return { ...change({ ...node, cursor: toCursor(cursor) }, different), cursor: toCursor(cursor) };
}

const ids = (nodes: readonly NodeRecord[]) => nodes.map(({ nodeId }) => nodeId);
const checks = (entries: Record<string, ObservedCheck['status']>) =>
  new Map(Object.entries(entries).map(([id, status]) => [id, { status, output: 'said' }]));
const left = { state: 'REMOVED', stateReason: 'shutdown', consulServiceId: null } as const;

describe('answering', () => {
  const database = record('db', {
    capabilities: ['database.query'],
    serviceName: 'Database-Adapter-service',
    type: 'effect',
    name: 'Postgres_Node',
  });
  const other = record('other', { capabilities: ['image.resize'], serviceName: 'effect-service', type: 'effect', name: null });

  it.each([
    ['a capability', 'database.query'],
    ['a capability in another spelling', 'DATABASE.Query'],
    ['a service name', 'database-adapter-service'],
    ['a service name without -service', 'database-adapter'],
    ['a service name in another spelling', 'Database_Adapter'],
    ['a node name', 'postgres-node'],
  ])('should find a node by %s', (_, name) => {
    expect(ids(viewOf(database, other).answering(name))).toEqual(['db']);
  });

  it('should find nodes by their type', () => {
    expect(ids(viewOf(database, other).answering('EFFECT')).toSorted()).toEqual(['db', 'other']);
  });

  it('should find a service whose name ends in _service without that ending', () => {
    const view = viewOf(record('a', { serviceName: 'database_adapter_service' }));
    expect(ids(view.answering('database-adapter'))).toEqual(['a']);
  });

  it('should find a service by its name with -service where it is registered without', () => {
    const view = viewOf(record('a', { serviceName: 'database-adapter' }));
    expect(ids(view.answering('database-adapter-service'))).toEqual(['a']);
  });

  it('should fall back on names only while no registered node has such a capability', () => {
    const named = record('named', { serviceName: 'cache-service', capabilities: [] });
    const capable = record('capable', { capabilities: ['cache'], health: 'UNHEALTHY' });
    const view = viewOf(named, capable);
    expect(ids(view.answering('cache'))).toEqual(['capable']);
    view.apply([entry(3, { ...capable, ...left }, { type: 'REMOVED' })]);
    expect(ids(view.answering('cache'))).toEqual(['named']);
  });

  it('should not know nodes that left, and know them again when they are back', () => {
    const view = viewOf({ ...database, ...left });
    expect(view.answering('database.query')).toEqual([]);
    view.apply([entry(2, database)]);
    expect(ids(view.answering('database.query'))).toEqual(['db']);
  });

  it('should follow a changed set of capabilities', () => {
    const view = viewOf(database);
    view.apply([entry(2, { ...database, capabilities: ['database.write'] }, { type: 'MODIFIED' })]);
    expect(view.answering('database.query')).toEqual([]);
    expect(ids(view.answering('database.write'))).toEqual(['db']);
  });

  it('should answer an unknown name with nobody', () => {
    expect(viewOf(database).answering('unknown')).toEqual([]);
  });
});

describe('isFit', () => {
  it('should want a registered and healthy node', () => {
    const view = viewOf();
    expect(view.isFit(record('a'))).toBe(true);
    expect(view.isFit(record('a', { health: 'DEGRADED' }))).toBe(false);
    expect(view.isFit(record('a', { health: 'UNKNOWN' }))).toBe(false);
    expect(view.isFit(record('a', { state: 'EXPIRED' }))).toBe(false);
  });

  it('should not call fit what Consul holds critical at this moment, whatever the log says yet', () => {
    const view = viewOf(record('a'), record('b'));
    view.observeChecks(checks({ 'effect-a': 'critical', 'effect-b': 'warning' }));
    expect(view.isFit(record('a'))).toBe(false);
    expect(view.isFit(record('b'))).toBe(true);
    view.observeChecks(checks({ 'effect-a': 'passing' }));
    expect(view.isFit(record('a'))).toBe(true);
  });
});

describe('observedCheck', () => {
  it('should know nothing of a node without a service', () => {
    const view = viewOf();
    view.observeChecks(checks({ 'effect-a': 'passing' }));
    expect(view.observedCheck(record('a'))?.status).toBe('passing');
    expect(view.observedCheck(record('a', { consulServiceId: null }))).toBeUndefined();
  });
});

describe('load', () => {
  it('should forget what was there before, in the indexes too', () => {
    const view = viewOf(record('a'), record('b'));
    view.load([record('c', { capabilities: ['new'] })], toCursor(9));
    expect([view.size(), view.head()]).toEqual([1, 9]);
    expect(view.answering('database.query')).toEqual([]);
    expect(ids(view.answering('new'))).toEqual(['c']);
    expect(ids(view.filter(null))).toEqual(['c']);
  });
});

describe('apply', () => {
  it('should stand where the last entry stands', () => {
    const view = viewOf();
    view.apply([entry(1, record('a')), entry(2, record('b')), entry(3, record('a', { name: 'newer' }))]);
    expect([view.head(), view.size(), view.get('a')?.name]).toEqual([3, 2, 'newer']);
  });

  it('should keep signs of life that are younger than the image in the log', () => {
    const view = viewOf(record('a'));
    const liveness = { ...NO_SIGNS, lastSeenAt: T0 + 9000, activeOperations: 4 };
    view.applyLiveness([{ nodeId: record('a').nodeId, liveness, currentState: 'busy', acknowledgedAt: T0 + 9000 }]);
    view.apply([entry(2, record('a', { name: 'newer', acknowledgedAt: null }), { type: 'MODIFIED' })]);
    expect(view.get('a')).toMatchObject({ name: 'newer', liveness, currentState: 'busy', acknowledgedAt: T0 + 9000 });
  });

  it('should take the signs of life of an image that is younger', () => {
    const view = viewOf(record('a'));
    const liveness = { ...NO_SIGNS, lastSeenAt: T0 + 1 };
    view.apply([entry(2, record('a', { liveness, currentState: 'new' }), { type: 'MODIFIED' })]);
    expect(view.get('a')).toMatchObject({ liveness, currentState: 'new' });
  });
});

describe('applyLiveness', () => {
  it('should pass over nodes that it does not know', () => {
    const view = viewOf();
    view.applyLiveness([{ nodeId: record('a').nodeId, liveness: NO_SIGNS, currentState: null, acknowledgedAt: null }]);
    expect(view.size()).toBe(0);
  });
});

describe('forget', () => {
  it('should drop only what left before the time, and never what an operator removed', () => {
    const view = viewOf(
      record('registered', { updatedAt: T0 }),
      record('old', { ...left, updatedAt: T0 }),
      record('young', { ...left, updatedAt: T0 + 10 }),
      record('expired', { state: 'EXPIRED', updatedAt: T0 }),
      record('by-operator', { ...left, stateReason: 'operator', updatedAt: T0 }),
    );
    view.forget(T0 + 10);
    expect(ids(view.filter(null))).toEqual(['by-operator', 'registered', 'young']);
  });
});

describe('filter', () => {
  const nodes = [
    record('b', { type: 'reducer', capabilities: ['sum', 'count'], environment: 'prod', serviceName: 'Totals', name: 'Adder' }),
    record('a', { capabilities: ['Sum_Up'], health: 'DEGRADED' }),
    record('c', { ...left, capabilities: ['count'], name: null }),
  ];

  it.each<[NodeFilter | null, string[]]>([
    [null, ['a', 'b', 'c']],
    [{}, ['a', 'b', 'c']],
    [{ types: ['REDUCER'] }, ['b']],
    [{ types: [] }, []],
    [{ capabilities: ['sum', 'COUNT'] }, ['b']],
    [{ capabilities: [] }, ['a', 'b', 'c']],
    [{ anyCapability: ['sum-up', 'count'] }, ['a', 'b', 'c']],
    [{ anyCapability: [] }, []],
    [{ states: ['REGISTERED'] }, ['a', 'b']],
    [{ health: ['DEGRADED', 'UNHEALTHY'] }, ['a']],
    [{ serviceName: 'totals' }, ['b']],
    [{ environment: 'prod' }, ['b']],
    [{ environment: 'PROD' }, []],
    [{ search: 'ADDE' }, ['b']],
    [{ search: 'sum' }, ['a', 'b']],
    [{ search: '' }, ['a', 'b', 'c']],
    [{ search: 'b', states: ['REGISTERED'], types: ['effect'] }, []],
    [
      {
        types: null,
        capabilities: null,
        anyCapability: null,
        states: null,
        health: null,
        serviceName: null,
        environment: null,
        search: null,
      },
      ['a', 'b', 'c'],
    ],
  ])('should for %j return %j, by node id', (filter, expected) => {
    expect(ids(viewOf(...nodes).filter(filter))).toEqual(expected);
  });

  it('should list a node that came later in its place', () => {
    const view = viewOf(record('a'), record('c'));
    expect(ids(view.filter(null))).toEqual(['a', 'c']);
    view.apply([entry(3, record('b'))]);
    expect(ids(view.filter(null))).toEqual(['a', 'b', 'c']);
  });
});

describe('counts', () => {
  it('should follow what comes, changes, leaves and is forgotten', () => {
    const view = viewOf(
      record('a', { health: 'HEALTHY' }),
      record('b', { health: 'HEALTHY' }),
      record('c', { type: 'compute', health: 'UNKNOWN' }),
    );
    const effect = record('a').type;
    const standing = (health: NodeRecord['health'], nodes: number) => ({ type: effect, state: 'REGISTERED', health, nodes });
    const compute = { type: 'compute', state: 'REGISTERED', health: 'UNKNOWN', nodes: 1 };
    expect(view.counts()).toEqual([compute, standing('HEALTHY', 2)]);
    view.apply([entry(4, record('a', { health: 'DEGRADED' })), entry(5, record('d', { health: 'HEALTHY' }))]);
    expect(view.counts()).toEqual([compute, standing('DEGRADED', 1), standing('HEALTHY', 2)]);
    view.apply([entry(6, record('a', { ...left, health: 'DEGRADED', updatedAt: T0 }))]);
    expect(view.counts()).toEqual(
      [compute, { type: effect, state: 'REMOVED', health: 'DEGRADED', nodes: 1 }, standing('HEALTHY', 2)].toSorted((a, b) =>
        a.type + a.state < b.type + b.state ? -1 : 1,
      ),
    );
    view.forget(T0 + 1);
    expect(view.counts()).toEqual([compute, standing('HEALTHY', 2)]);
    view.load([record('x', { health: 'HEALTHY' })], toCursor(7));
    expect(view.counts()).toEqual([standing('HEALTHY', 1)]);
  });
});

describe('capabilities', () => {
  it('should count registered nodes and the fit among them, by name', () => {
    const view = viewOf(
      record('a', { capabilities: ['y', 'x'] }),
      record('b', { capabilities: ['x'], health: 'UNHEALTHY' }),
      record('c', { capabilities: ['x'] }),
      record('gone', { ...left, capabilities: ['x', 'z'] }),
    );
    view.observeChecks(checks({ 'effect-c': 'critical' }));
    expect(view.capabilities()).toEqual([
      { name: 'x', nodes: 3, healthy: 1 },
      { name: 'y', nodes: 1, healthy: 1 },
    ]);
  });
});

describe('onChange', () => {
  it('should tell of everything that reads can show, until it is stopped', () => {
    const view = viewOf();
    let told = 0;
    const stop = view.onChange(() => {
      told += 1;
    });
    view.apply([entry(1, record('a'))]);
    view.observeChecks(checks({ 'effect-a': 'critical' }));
    view.load([], toCursor(0));
    expect(told).toBe(3);
    stop();
    view.apply([entry(2, record('a'))]);
    expect(told).toBe(3);
  });
});

describe('get', () => {
  it('should not find what can be no node id', () => {
    expect(viewOf(record('a')).get('')).toBeUndefined();
    expect(viewOf(record('a')).get('a')?.nodeId).toBe('a');
  });
});
