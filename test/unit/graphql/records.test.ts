import { expect, it } from 'vitest';
import { BackendError } from '../../../src/errors.ts';
import type { CatalogEntry } from '../../../src/registry/ports.ts';
import { EMPTY_BACK_ENDS } from '../registry/fakes/empty-back-ends.ts';
import { sampleNode } from './memory-registry.ts';
import { operations } from './operations.ts';

const ENTRY: CatalogEntry = {
  id: 'effect-n-1',
  name: 'effect-service',
  node: 'agent',
  address: '10.0.3.17',
  port: 8081,
  tags: ['effect'],
  meta: { node_id: 'n-1' },
  checks: [{ id: 'service:effect-n-1', name: 'check', status: 'passing', output: '200 OK' }],
};

const query = `{ nodeById(nodeId: "n-1") { nodeId records {
  postgres { state stateReason health checkStatus serviceName consulServiceId address port version capabilities contentHash epoch leaseSeconds
    lastSeenAt lastHeartbeatAt registeredAt updatedAt cursor }
  consul { id name node address port tags meta checks { id name status output } }
  differences { field gateway postgres consul } } } }`;

function setUp({ postgres = true, consul = true } = {}) {
  const { registry, run } = operations();
  const node = sampleNode('n-1');
  registry.put(node);
  const reads: string[] = [];
  const read = async <T>(backend: 'postgres' | 'consul', answers: boolean, value: T) => {
    reads.push(backend);
    if (!answers) throw new BackendError(backend, `${backend} does not answer`);
    return value;
  };
  registry.backEnds = {
    store: { readNode: () => read('postgres', postgres, node) },
    catalog: { ...EMPTY_BACK_ENDS.catalog, entry: () => read('consul', consul, ENTRY) },
  };
  return { run, reads };
}

it('should show what both hold, and where it differs, with one look at each', async () => {
  const { run, reads } = setUp();
  const { data, errors } = await run(query);
  expect(errors).toEqual([]);
  const { postgres, consul, differences } = data.nodeById.records;
  expect(postgres).toMatchObject({
    state: 'REGISTERED',
    port: 8080,
    checkStatus: 'PASSING',
    capabilities: ['database.query', 'database.write'],
  });
  expect(consul).toEqual({ ...ENTRY, checks: [{ id: 'service:effect-n-1', name: 'check', status: 'PASSING', output: '200 OK' }] });
  expect(differences).toContainEqual({ field: 'port', gateway: '8080', postgres: '8080', consul: '8081' });
  expect(reads.toSorted()).toEqual(['consul', 'postgres']);
});

it('should show the one while the other is away', async () => {
  const { run } = setUp({ consul: false });
  const { data, errors } = await run(query);
  expect(data.nodeById.records).toMatchObject({ postgres: { port: 8080 }, consul: null, differences: [] });
  expect(errors.map(({ path, extensions }) => [path?.at(-1), extensions['code']])).toEqual([['consul', 'BACKEND_UNAVAILABLE']]);
});

it('should leave the node there while both are away', async () => {
  const { run } = setUp({ consul: false, postgres: false });
  const { data, errors } = await run(query);
  expect(data.nodeById).toEqual({ nodeId: 'n-1', records: { postgres: null, consul: null, differences: null } });
  expect(errors).toHaveLength(3);
});

it('should look at the node as it stands now, in a change too', async () => {
  const { registry, run } = operations();
  registry.put(sampleNode('n-1', { port: 1 }));
  registry.put(sampleNode('n-1', { port: 2 }));
  registry.backEnds = { ...EMPTY_BACK_ENDS, catalog: { ...EMPTY_BACK_ENDS.catalog, entry: async () => ENTRY } };
  const { data } = await run('{ changes(first: 1) { node { port records { differences { field gateway } } } } }');
  expect(data.changes[0].node.port).toBe(1);
  expect(data.changes[0].node.records.differences).toContainEqual({ field: 'port', gateway: '2' });
});
