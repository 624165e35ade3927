import { afterAll, beforeAll, expect, it } from 'vitest';
import { nodeId } from '../../unit/consul/node-content.ts';
import { addition, type MigratedRegistry, migratedRegistry } from './migrated-registry.ts';
import { nodeRecord } from './node-record.ts';

/** More than are read at a time, and so many that the last page is as full as the others. */
const NODES = 4000;
/** In one transaction. */
const BATCH = 500;

let registry: MigratedRegistry;

beforeAll(async () => {
  registry = await migratedRegistry();
});

afterAll(() => registry.close());

it('should load every node once, and keep of each what it is told', async () => {
  const { store } = registry.open();
  // In the order of a language some of these would be equal, or stand elsewhere.
  const ids = Array.from({ length: NODES }, (_, index) => nodeId(`${'aA-b_B.'[index % 7]}${index}`));
  for (let start = 0; start < NODES; start += BATCH) {
    const some = ids.slice(start, start + BATCH);
    await store.transact(some, [], async () => addition(...some.map((id) => nodeRecord(id))));
  }

  const { nodes, head } = await store.loadAll((node) => ({ ...node, name: `kept ${node.nodeId}` }));

  expect(head).toBe(NODES);
  expect(nodes.map((node) => node.nodeId).sort()).toEqual(ids.toSorted());
  expect(nodes.every(({ nodeId: id, name }) => name === `kept ${id}`)).toBe(true);
});
