import { describe, expect, it } from 'vitest';
import { toCursor } from '../../../src/registry/cursor.ts';
import { Discovery } from '../../../src/registry/discovery.ts';
import type { NodeRecord } from '../../../src/registry/node-record.ts';
import type { HealthyServicesQuery } from '../../../src/registry/registry.ts';
import { RegistryView } from '../../../src/registry/view.ts';
import { T0 } from './fakes/messages.ts';
import { NO_SIGNS, record } from './fakes/node-record.ts';

const capability = 'database.query';

function discoveryOf(nodes: readonly NodeRecord[], random: () => number = () => 0): Discovery {
  const view = new RegistryView();
  view.load(nodes, toCursor(nodes.length));
  return new Discovery(view, random);
}

const ids = (nodes: readonly NodeRecord[]) => nodes.map(({ nodeId }) => nodeId);

function found(nodes: readonly NodeRecord[], query: Partial<HealthyServicesQuery>): string[] {
  return ids(discoveryOf(nodes).healthyServices({ capability, strategy: 'FRESHEST', ...query }));
}

describe('healthyServices', () => {
  it('should return registered and healthy nodes only', () => {
    const nodes = [
      record('a'),
      record('b', { health: 'DEGRADED' }),
      record('c', { health: 'UNHEALTHY' }),
      record('d', { health: 'UNKNOWN' }),
      record('e', { state: 'EXPIRED' }),
      record('f', { capabilities: ['other'] }),
    ];
    expect(found(nodes, {})).toEqual(['a']);
  });

  it('should leave out at once what Consul holds critical', () => {
    const view = new RegistryView();
    view.load([record('a'), record('b')], toCursor(2));
    view.observeChecks(new Map([['effect-a', { status: 'critical', output: 'refused' }]]));
    expect(ids(new Discovery(view, () => 0).healthyServices({ capability }))).toEqual(['b']);
  });

  it.each(['database-adapter', 'DatabaseAdapter', 'DATABASE ADAPTER', ' databaseAdapter '])(
    'should find what can do it, or is called so, for %j',
    (asked) => {
      expect(found([record('a', { capabilities: ['Database_Adapter'] })], { capability: asked })).toEqual(['a']);
      expect(found([record('a', { capabilities: [], serviceName: 'database-adapter' })], { capability: asked })).toEqual(['a']);
    },
  );

  it('should be an empty list where nobody can do it', () => {
    expect(found([record('a')], { capability: 'unknown' })).toEqual([]);
    expect(discoveryOf([]).healthyServices({ capability, strategy: 'ROUND_ROBIN' })).toEqual([]);
  });

  it('should want one of the types, in any spelling', () => {
    const nodes = [record('a'), record('b', { type: 'runtime_host' }), record('c', { type: 'reducer' })];
    expect(found(nodes, { types: ['Runtime-Host', 'REDUCER'] })).toEqual(['b', 'c']);
    expect(found(nodes, { types: [] })).toEqual([]);
    expect(found(nodes, { types: null })).toEqual(['a', 'b', 'c']);
  });

  it('should return at most the limit', () => {
    expect(found([record('a'), record('b'), record('c')], { limit: 2 })).toEqual(['a', 'b']);
    expect(found([record('a')], { limit: null })).toEqual(['a']);
  });
});

describe('allOf', () => {
  const nodes = [
    record('a', { capabilities: ['database.query', 'transactions'] }),
    record('b', { capabilities: ['database.query', 'Database_Write'] }),
    record('c', { capabilities: ['database.query', 'database-write', 'transactions'], serviceName: 'adapter' }),
  ];

  it('should want all of them, each in any spelling', () => {
    expect(found(nodes, { allOf: ['DATABASE-WRITE'] })).toEqual(['b', 'c']);
    expect(found(nodes, { allOf: ['database_write', 'Transactions'] })).toEqual(['c']);
    expect(found(nodes, { allOf: ['database.query', 'unknown'] })).toEqual([]);
  });

  it('should take a service name, node name or type for one of them where no capability has that name', () => {
    expect(found(nodes, { allOf: ['adapter-service'] })).toEqual(['c']);
    expect(found(nodes, { allOf: ['name of b'] })).toEqual(['b']);
    expect(found(nodes, { capability: 'effect', allOf: ['transactions'] })).toEqual(['a', 'c']);
  });

  it('should be no condition when it is empty or null', () => {
    expect(found(nodes, { allOf: [] })).toEqual(['a', 'b', 'c']);
    expect(found(nodes, { allOf: null })).toEqual(['a', 'b', 'c']);
  });
});

describe('versionRange', () => {
  const versions = ['1.0.0', '1.9.3', '2.0.0-beta.1', '2.0.0', 'v2.1', '3', 'unversioned', null];
  const nodes = versions.map((version, index) => record(`n${index}`, { version }));
  const inRange = (versionRange: string) => found(nodes, { versionRange }).map((id) => nodes.find(({ nodeId }) => nodeId === id)?.version);

  it.each([
    ['^1.0.0', ['1.0.0', '1.9.3']],
    ['>=2.0.0', ['2.0.0', 'v2.1', '3']],
    ['>=1.9 <2', ['1.9.3']],
    ['2.0.0-beta.1', ['2.0.0-beta.1']],
    ['>=2.0.0-alpha <2.1', ['2.0.0-beta.1', '2.0.0']],
    ['2.1', ['v2.1']],
    ['~3', ['3']],
    ['1.0.0 || 3', ['1.0.0', '3']],
  ])('should for %j find %j', (range, expected) => {
    expect(inRange(range)).toEqual(expected);
  });

  it('should never match a node without a version', () => {
    expect(inRange('*')).not.toContain(null);
    expect(inRange('*')).not.toContain('unversioned');
    expect(inRange('*')).toContain('1.0.0');
  });

  it('should be no condition where it is blank, as a form sends it', () => {
    expect(inRange(' ')).toEqual(versions);
    expect(inRange('')).toEqual(versions);
  });

  it.each(['newest', '>=', '1.2.3.4', '^^1'])('should refuse %j as BAD_USER_INPUT and show a range that is one', (range) => {
    expect(() => inRange(range)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT', message: expect.stringContaining('^1.0.0') }));
  });

  it('should not repeat a long range whole', () => {
    expect(() => inRange('x'.repeat(5000))).toThrow(expect.objectContaining({ message: expect.stringMatching(/^.{1,250}$/) }));
  });
});

describe('strategy', () => {
  const three = [record('a'), record('b'), record('c')];

  it('should be RANDOM by default: every order is possible, and each instance comes first as often', () => {
    let seed = 1;
    // A linear congruential generator, so that a failure repeats.
    const random = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed / 2 ** 31;
    };
    const discovery = discoveryOf(three, random);
    const first = { a: 0, b: 0, c: 0 };
    const orders = new Set<string>();
    for (let i = 0; i < 3000; i += 1) {
      const order = ids(discovery.healthyServices({ capability }));
      orders.add(order.join(''));
      for (const id of ['a', 'b', 'c'] as const) if (order[0] === id) first[id] += 1;
    }
    expect(orders.size).toBe(6);
    // 1000 each; 5 standard deviations are 129.
    for (const count of Object.values(first)) expect(Math.abs(count - 1000)).toBeLessThan(129);
  });

  it('should with ROUND_ROBIN begin with each instance in turn', () => {
    const discovery = discoveryOf(three);
    const ask = () => ids(discovery.healthyServices({ capability, strategy: 'ROUND_ROBIN' })).join('');
    expect([ask(), ask(), ask(), ask()]).toEqual(['abc', 'bca', 'cab', 'abc']);
  });

  it('should with ROUND_ROBIN take turns for each name apart, whatever its spelling', () => {
    const discovery = discoveryOf(three.map((node) => ({ ...node, capabilities: ['one', 'two_b'] })));
    const first = (name: string) => discovery.healthyServices({ capability: name, strategy: 'ROUND_ROBIN', limit: 1 })[0]?.nodeId;
    expect([first('one'), first('one'), first('two-b'), first('TWO_B'), first('one')]).toEqual(['a', 'b', 'a', 'b', 'c']);
  });

  it('should with ROUND_ROBIN take turns for each request apart, whatever the order and spelling of what it asks for', () => {
    const nodes = three.map((node) => ({ ...node, capabilities: ['one', 'two', 'three'] }));
    const discovery = discoveryOf(nodes);
    const first = (query: Partial<HealthyServicesQuery>) =>
      discovery.healthyServices({ capability: 'one', strategy: 'ROUND_ROBIN', limit: 1, ...query })[0]?.nodeId;
    expect([first({}), first({ types: ['effect'] }), first({ versionRange: '^1' }), first({ limit: 2 })]).toEqual(['a', 'a', 'a', 'a']);
    expect(first({ allOf: ['two', 'three'] })).toBe('a');
    expect(first({ allOf: ['THREE', 'two', 'One'] })).toBe('b');
    expect(first({ types: ['Effect'] })).toBe('b');
    expect(first({})).toBe('b');
  });

  it('should with ROUND_ROBIN go on behind the last one when others come and go', () => {
    const view = new RegistryView();
    const discovery = new Discovery(view, () => 0);
    const first = (...nodes: string[]) => {
      view.load(
        nodes.map((id) => record(id)),
        toCursor(1),
      );
      return discovery.healthyServices({ capability, strategy: 'ROUND_ROBIN' })[0]?.nodeId;
    };
    expect([first('b', 'd'), first('a', 'b', 'c', 'd'), first('d'), first('a', 'd')]).toEqual(['b', 'c', 'd', 'a']);
  });

  const loaded = (id: string, activeOperations: number | null, cpuPercent: number | null = null, memoryPercent: number | null = null) =>
    record(id, { liveness: { ...NO_SIGNS, activeOperations, cpuPercent, memoryPercent } });

  it('should with LEAST_LOADED go by operations, then CPU, then memory, and put last what was never said', () => {
    const nodes = [
      loaded('unknown', null),
      loaded('cool-unknown', null, 1),
      loaded('busy', 9, 0),
      loaded('idle', 0),
      loaded('hot', 0, 90),
      loaded('cool-fat', 0, 10, 90),
      loaded('cool-lean', 0, 10, 11),
    ];
    expect(found(nodes, { strategy: 'LEAST_LOADED' })).toEqual(['cool-lean', 'cool-fat', 'hot', 'idle', 'busy', 'cool-unknown', 'unknown']);
  });

  it('should with LEAST_LOADED put equals in random order', () => {
    const nodes = [loaded('busy', 2), loaded('a', 1), loaded('b', 1)];
    const first = (random: () => number) => ids(discoveryOf(nodes, random).healthyServices({ capability, strategy: 'LEAST_LOADED' }));
    expect(first(() => 0)).toEqual(['a', 'b', 'busy']);
    expect(first(() => 0.99)).toEqual(['b', 'a', 'busy']);
  });

  it('should with FRESHEST put the last sign of life first', () => {
    const at = (id: string, lastSeenAt: number) => record(id, { liveness: { ...NO_SIGNS, lastSeenAt } });
    expect(found([at('old', T0), at('new', T0 + 2), at('b', T0 + 1), at('a', T0 + 1)], { strategy: 'FRESHEST' })).toEqual([
      'new',
      'a',
      'b',
      'old',
    ]);
  });
});
