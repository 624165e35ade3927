import { beforeEach, describe, expect, it } from 'vitest';
import { toCursor } from '../../../src/registry/cursor.ts';
import { NAME_KINDS } from '../../../src/registry/name-directory.ts';
import { canonicalName } from '../../../src/registry/names.ts';
import type { NodeRecord } from '../../../src/registry/node-record.ts';
import { SUGGESTION_BUDGET, suggest } from '../../../src/registry/suggestions.ts';
import { RegistryView } from '../../../src/registry/view.ts';
import { record } from './fakes/node-record.ts';

let budget = { left: SUGGESTION_BUDGET };

beforeEach(() => {
  budget = { left: SUGGESTION_BUDGET };
});

function near(asked: string, ...nodes: readonly NodeRecord[]) {
  const view = new RegistryView();
  view.load(nodes, toCursor(nodes.length));
  return suggest(view, { asked, canonical: canonicalName(asked) }, NAME_KINDS, budget);
}

const node = record('a', {
  serviceName: 'database-adapter',
  name: 'Orders_Adapter',
  type: 'effect',
  capabilities: ['image.resize', 'cache'],
});
const names = (asked: string, ...nodes: readonly NodeRecord[]) => near(asked, ...nodes).map(({ name }) => name);

describe('names that are near', () => {
  it.each([
    ['databse-adapter', 'database-adapter'],
    ['database.adapter', 'database-adapter'],
    ['databaseadapter', 'database-adapter'],
    ['ORDERS-ADAPTR', 'Orders_Adapter'],
    ['image.resise', 'image.resize'],
    ['cahce', 'cache'],
    ['efect', 'effect'],
    ['resize', 'image.resize'],
    ['database-adapter-v2', 'database-adapter'],
  ])('should for %j begin with %j, spelt as its node does', (asked, expected) => {
    expect(names(asked, node)[0]).toBe(expected);
  });

  it.each(['x', 'fo', 'zzzzzzzz', 'n'.repeat(500)])('should be none for %j', (asked) => {
    expect(names(asked, node)).toEqual([]);
  });

  it('should have the nearest first, then the shorter, and a part of a name last', () => {
    const nodes = ['cachex', 'cachee', 'cash', 'cachexx', 'big-cach-store'].map((name, i) => record(`n${i}`, { name, capabilities: [] }));
    expect(names('cach', ...nodes)).toEqual(['cash', 'cachee', 'cachex', 'cachexx', 'big-cach-store']);
  });

  it('should be one for a name of several kinds, with the nodes that have it', () => {
    const nodes = [
      record('a', { serviceName: 'cache', capabilities: [] }),
      record('b', { capabilities: ['cache'] }),
      record('c', { name: 'cache', serviceName: 'cache', capabilities: [] }),
    ];
    expect(near('cashe', ...nodes)).toEqual([
      { asked: 'cashe', name: 'cache', kinds: ['CAPABILITY', 'SERVICE_NAME', 'NODE_NAME'], nodes: 3 },
    ]);
  });

  it('should not be those of nodes that left', () => {
    expect(names('cahce', { ...node, state: 'EXPIRED' })).toEqual([]);
  });

  it('should stop where the budget is spent', () => {
    const many = Array.from({ length: 40 }, (_, i) => record(`n${i}`, { name: `cache-${i}`, capabilities: [] }));
    budget.left = 100;
    expect(names('cache', ...many).length).toBeLessThan(11);
    expect(names('cache', ...many)).toEqual([]);
  });

  it('should be at most twenty', () => {
    const many = Array.from({ length: 40 }, (_, i) => record(`n${i}`, { name: `cache-${i}`, capabilities: [] }));
    expect(names('cache', ...many)).toHaveLength(20);
  });
});
