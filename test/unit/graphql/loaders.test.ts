import { describe, expect, it, vi } from 'vitest';
import { GatewayError } from '../../../src/errors.ts';
import { createChangesLoader, createRejectedLoader } from '../../../src/graphql/loaders.ts';
import { MemoryRegistry, nodeId, sampleNode } from './memory-registry.ts';

function registryWith(...ids: string[]): MemoryRegistry {
  const registry = new MemoryRegistry();
  for (const id of ids) registry.put(sampleNode(id));
  return registry;
}

describe('the loader of changes of nodes', () => {
  it('should ask once for many nodes, and once per node that is asked for twice', async () => {
    const registry = registryWith('a', 'b');
    const load = createChangesLoader(registry);
    const [a, b, again] = await Promise.all([load(nodeId('a'), 5), load(nodeId('b'), 5), load(nodeId('a'), 5)]);
    expect(registry.batches).toEqual([{ ids: ['a', 'b'], first: 5 }]);
    expect(a[0]?.nodeId).toBe('a');
    expect(b[0]?.nodeId).toBe('b');
    expect(again).toEqual(a);
  });

  it('should ask once for each length', async () => {
    const registry = registryWith('a', 'b');
    const load = createChangesLoader(registry);
    await Promise.all([load(nodeId('a'), 5), load(nodeId('b'), 1), load(nodeId('b'), 5)]);
    expect(registry.batches).toEqual([
      { ids: ['a', 'b'], first: 5 },
      { ids: ['b'], first: 1 },
    ]);
  });

  it('should ask anew later, so that a long subscription sees what is new', async () => {
    const registry = registryWith('a');
    const load = createChangesLoader(registry);
    expect(await load(nodeId('a'), 5)).toHaveLength(1);
    registry.put(sampleNode('a'), 'MODIFIED', 'capability_change');
    expect(await load(nodeId('a'), 5)).toHaveLength(2);
  });

  it('should answer an empty list for a node without changes', async () => {
    expect(await createChangesLoader(registryWith())(nodeId('never'), 5)).toEqual([]);
  });

  it('should fail for every node of a failed batch', async () => {
    const registry = registryWith('a', 'b');
    registry.failure = new GatewayError('BACKEND_UNAVAILABLE', 'Postgres does not answer');
    const load = createChangesLoader(registry);
    const results = await Promise.allSettled([load(nodeId('a'), 5), load(nodeId('b'), 5)]);
    expect(results.map((result) => result.status === 'rejected' && result.reason)).toEqual([registry.failure, registry.failure]);
  });
});

describe('the loader of rejected events', () => {
  const rejected = ['3', '2', '1'].map((offset) => ({
    topic: 't',
    partition: 0,
    offset,
    reason: 'r',
    errorType: 'e',
    excerpt: null,
    correlationId: null,
    rejectedAt: 0,
  }));

  it('should ask once for all fields that want some, as many as the one that wants most', async () => {
    const registry = registryWith();
    registry.rejected.push(...rejected);
    const read = vi.spyOn(registry, 'rejectedEvents');
    const load = createRejectedLoader(registry);
    const [one, three] = await Promise.all([load(1), load(500)]);
    expect(read.mock.calls).toEqual([[500]]);
    expect([one.map(({ offset }) => offset), three.map(({ offset }) => offset)]).toEqual([['3'], ['3', '2', '1']]);
  });

  it('should fail for every field', async () => {
    const registry = registryWith();
    registry.failure = new GatewayError('BACKEND_UNAVAILABLE', 'Postgres does not answer');
    const load = createRejectedLoader(registry);
    const results = await Promise.allSettled([load(1), load(2)]);
    expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected']);
  });
});
