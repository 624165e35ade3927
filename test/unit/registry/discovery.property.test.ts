import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toCursor } from '../../../src/registry/cursor.ts';
import { Discovery } from '../../../src/registry/discovery.ts';
import { readRequest } from '../../../src/registry/discovery-request.ts';
import { DiscoveryExplanation } from '../../../src/registry/explanation.ts';
import type { NodeRecord } from '../../../src/registry/node-record.ts';
import type { DiscoveryQuery, Strategy } from '../../../src/registry/registry.ts';
import { RegistryView } from '../../../src/registry/view.ts';
import { nodeId } from './fakes/messages.ts';
import { change, NO_SIGNS, record } from './fakes/node-record.ts';

const template = record('template');
/** Few names in many spellings, so that capabilities, services, nodes and types share them. */
const word = fc.constantFrom(
  'cache',
  'Cache',
  'CACHE_store',
  'cache-store',
  'a.b',
  'A.B',
  'cache-service',
  'ß',
  'SS',
  'cache-store_SERVICE',
  'CacheStore',
  ' cache store ',
  'v1-1',
  'v11',
  'x',
);
const node = fc.record({
  type: word,
  name: fc.option(word, { nil: null }),
  serviceName: word,
  capabilities: fc.uniqueArray(word, { maxLength: 3 }),
  version: fc.constantFrom(null, '1.0.0', '1.2', 'v2.0.0-rc.1', '2.0.0', 'main'),
  state: fc.constantFrom('REGISTERED', 'REGISTERED', 'REGISTERED', 'EXPIRED', 'REMOVED'),
  health: fc.constantFrom('HEALTHY', 'HEALTHY', 'DEGRADED', 'UNHEALTHY', 'UNKNOWN'),
} as const);
const nodes = fc
  .array(node, { maxLength: 12 })
  .map((list) =>
    list.map(
      (one, index): NodeRecord => ({ ...template, ...one, nodeId: nodeId(`n${String(index).padStart(2, '0')}`), stateReason: 'shutdown' }),
    ),
  );
const query: fc.Arbitrary<DiscoveryQuery> = fc.record({
  capability: word,
  allOf: fc.option(fc.array(word, { maxLength: 2 }), { nil: null }),
  types: fc.option(fc.array(word, { maxLength: 3 }), { nil: null }),
  versionRange: fc.constantFrom(null, null, '^1.0.0', '>=2.0.0', '*'),
});
const strategy: fc.Arbitrary<Strategy> = fc.constantFrom('RANDOM', 'ROUND_ROBIN', 'LEAST_LOADED', 'FRESHEST');

/** What the contract says, over the plain list. */
function expected(all: readonly NodeRecord[], { capability, allOf, types, versionRange }: DiscoveryQuery): string[] {
  const same = (text: string) => (text === 'v1-1' ? text : text.toUpperCase().toLowerCase().replaceAll(/[-_ ]/g, ''));
  const registered = all.filter(({ state }) => state === 'REGISTERED');
  const answers = (name: string, one: NodeRecord) => {
    const isCapability = registered.some(({ capabilities }) => capabilities.some((other) => same(other) === same(name)));
    if (isCapability) return one.capabilities.some((other) => same(other) === same(name));
    const service = [same(name), `${same(name)}service`];
    return (
      service.includes(same(one.serviceName)) ||
      `${same(one.serviceName)}service` === same(name) ||
      (one.name !== null && same(one.name) === same(name)) ||
      same(one.type) === same(name)
    );
  };
  const inRange: Readonly<Record<string, readonly string[]>> = {
    '^1.0.0': ['1.0.0', '1.2'],
    '>=2.0.0': ['2.0.0'],
    '*': ['1.0.0', '1.2', 'v2.0.0-rc.1', '2.0.0'],
  };
  return registered
    .filter(
      (one) =>
        one.health === 'HEALTHY' &&
        [capability, ...(allOf ?? [])].every((name) => answers(name, one)) &&
        (types == null || types.some((type) => same(type) === same(one.type))) &&
        (versionRange == null || (one.version !== null && (inRange[versionRange] ?? []).includes(one.version))),
    )
    .map((one) => String(one.nodeId));
}

function loaded(all: readonly NodeRecord[]) {
  const view = new RegistryView();
  view.load(all, toCursor(1));
  return { view, discovery: new Discovery(view, Math.random) };
}

describe('healthyServices', () => {
  it('should find exactly what the contract says, whatever the strategy', () => {
    fc.assert(
      fc.property(nodes, query, strategy, (all, asked, how) => {
        const found = loaded(all).discovery.healthyServices({ ...asked, strategy: how });
        expect(found.map((one) => String(one.nodeId)).sort()).toEqual(expected(all, asked));
      }),
      { numRuns: 1000 },
    );
  });

  it('should find the same after any changes of the nodes as if they had always been so', () => {
    fc.assert(
      fc.property(nodes, nodes, query, (before, after, asked) => {
        const { view, discovery } = loaded(before);
        const entries = after.map((one, index) => ({ ...change(one), cursor: toCursor(index + 2) }));
        view.apply(entries);
        const all = [...after, ...before.slice(after.length)];
        expect(
          discovery
            .healthyServices(asked)
            .map((one) => String(one.nodeId))
            .sort(),
        ).toEqual(expected(all, asked));
      }),
      { numRuns: 300 },
    );
  });

  it('should cut at the limit after the order, and hand out each as often with ROUND_ROBIN', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 9 }), (size, limit) => {
        const all = Array.from({ length: size }, (_, index) => ({ ...template, nodeId: nodeId(`n${index}`) }));
        const { discovery } = loaded(all);
        const counts = new Map<string, number>();
        for (let turn = 0; turn < 3 * size; turn += 1) {
          const found = discovery.healthyServices({ capability: 'database.query', strategy: 'ROUND_ROBIN', limit });
          expect(found).toHaveLength(Math.min(size, limit));
          for (const one of found) counts.set(one.nodeId, (counts.get(one.nodeId) ?? 0) + 1);
        }
        expect(new Set(counts.values())).toEqual(new Set([3 * Math.min(size, limit)]));
      }),
    );
  });

  it('should order by load as a plain comparison does', () => {
    const load = fc.option(fc.nat(3), { nil: null });
    fc.assert(
      fc.property(fc.array(fc.tuple(load, load), { maxLength: 8 }), (loads) => {
        const all = loads.map(([activeOperations, cpuPercent], index) => ({
          ...template,
          nodeId: nodeId(`n${index}`),
          liveness: { ...NO_SIGNS, activeOperations, cpuPercent },
        }));
        const found = loaded(all).discovery.healthyServices({ capability: 'database.query', strategy: 'LEAST_LOADED' });
        const keys = found.map(({ liveness }) => (liveness.activeOperations ?? 9) * 10 + (liveness.cpuPercent ?? 9));
        expect(keys).toEqual([...keys].sort((a, b) => a - b));
      }),
    );
  });
});

describe('explainDiscovery', () => {
  it('should agree with healthyServices, and have a reason for everybody else who has a name', () => {
    fc.assert(
      fc.property(nodes, query, (all, asked) => {
        const { view, discovery } = loaded(all);
        const explanation = new DiscoveryExplanation(view, discovery, readRequest(asked));
        const handedOut = expected(all, asked);
        const withheld = explanation.withheld(100).map(({ node: one }) => String(one.nodeId));
        expect(explanation.handedOut).toBe(handedOut.length);
        expect(explanation.withheldCount).toBe(withheld.length);
        expect(withheld.filter((id) => handedOut.includes(id))).toEqual([]);
        expect(explanation.counts().reduce((sum, { nodes: count }) => sum + count, 0)).toBe(withheld.length);
        const answering = explanation.names.flatMap(({ canonical }) => view.answering(canonical).map((one) => String(one.nodeId)));
        expect([...handedOut, ...withheld]).toEqual(expect.arrayContaining(answering));
        expect(explanation.withheld(3)).toEqual(explanation.withheld(100).slice(0, 3));
      }),
      { numRuns: 500 },
    );
  });
});
