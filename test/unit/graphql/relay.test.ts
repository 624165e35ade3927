import { beforeEach, describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/errors.ts';
import { sampleNode } from './memory-registry.ts';
import { operations } from './operations.ts';

let { registry, run, codeOf } = operations();

beforeEach(() => {
  ({ registry, run, codeOf } = operations());
});

describe('node', () => {
  it('should be found by its id, wherever it was seen, in whatever state', async () => {
    registry.put(sampleNode('n-1', { state: 'EXPIRED' }));
    registry.put(sampleNode('n-2'));
    const { data } = await run(
      '{ nodes { edges { node { id nodeId } } } nodeById(nodeId: "n-1") { id } healthyServices(capability: "database.query") { node { id } } }',
    );
    const [first, second] = data.nodes.edges.map((edge: { node: { id: string } }) => edge.node.id);
    expect(data.nodeById.id).toBe(first);
    expect(data.healthyServices).toEqual([{ node: { id: second } }]);
    const again = await run('query ($id: ID!) { node(id: $id) { id nodeId state } }', { id: first });
    expect(again.data.node).toEqual({ id: first, nodeId: 'n-1', state: 'EXPIRED' });
    expect((await run('{ node(id: "n-2") { id } }')).data.node.id).toBe(second);
  });

  it('should be null for what was never known', async () => {
    expect(await run('{ a: node(id: "never") { id } b: node(id: "") { id } c: node(id: "Tm9kZTpuZXZlcg") { id } }')).toEqual({
      data: { a: null, b: null, c: null },
      errors: [],
    });
  });

  it('should keep a past state apart from what the node is, and find it again', async () => {
    registry.put(sampleNode('n-1', { version: '1.0.0' }));
    registry.put(sampleNode('n-1', { version: '2.0.0' }), 'MODIFIED');
    const { data } = await run('{ changes { node { id version } } nodeById(nodeId: "n-1") { id version } }');
    const [past, present] = data.changes.map((change: { node: object }) => change.node);
    expect(present).toEqual(data.nodeById);
    expect(past.id).not.toBe(present.id);
    const query =
      'query ($a: ID!, $b: ID!) { a: node(id: $a) { id version } b: node(id: $b) { id version } again: node(id: $a) { nodeId } }';
    expect((await run(query, { a: past.id, b: present.id })).data).toEqual({ a: past, b: present, again: { nodeId: 'n-1' } });
    // Both aliases with one call.
    expect(registry.positions).toEqual([[1, 1]]);
  });

  it('should be null for a past state that is not kept, or was another node’s', async () => {
    registry.put(sampleNode('n-1'));
    const id = (cursor: string, nodeId: string) => Buffer.from(`Node@${cursor}:${nodeId}`).toString('base64url');
    const query = 'query ($a: ID!, $b: ID!) { a: node(id: $a) { id } b: node(id: $b) { id } }';
    const variables = { a: id('0000000000000099', 'n-1'), b: id('0000000000000001', 'n-2') };
    expect(await run(query, variables)).toEqual({ data: { a: null, b: null }, errors: [] });
  });

  it('should fail alone for a past state when Postgres does not answer', async () => {
    registry.put(sampleNode('n-1'));
    registry.failure = new GatewayError('BACKEND_UNAVAILABLE', 'Postgres does not answer');
    const { data, errors } = await run('{ node(id: "Tm9kZUAwMDAwMDAwMDAwMDAwMDAxOm4tMQ") { id } now: node(id: "n-1") { nodeId } }');
    expect(data).toEqual({ node: null, now: { nodeId: 'n-1' } });
    expect(errors.map(({ extensions }) => extensions['code'])).toEqual(['BACKEND_UNAVAILABLE']);
  });
});

describe('capabilities', () => {
  beforeEach(() => {
    registry.put(sampleNode('n-1', { capabilities: ['cache', 'database_query', 'Database.Write'] }));
    registry.put(sampleNode('n-2', { capabilities: ['cache', 'zip'], health: 'DEGRADED' }));
  });

  const names = async (args: string) =>
    (await run(`{ capabilities${args} { name } }`)).data.capabilities.map((one: { name: string }) => one.name);

  it('should come page by page, in the order of their names', async () => {
    expect(await names('')).toEqual(['Database.Write', 'cache', 'database_query', 'zip']);
    expect(await names('(first: 2)')).toEqual(['Database.Write', 'cache']);
    expect(await names('(first: 2, after: "cache")')).toEqual(['database_query', 'zip']);
    expect(await names('(after: "d")')).toEqual(['database_query', 'zip']);
    expect(await names('(after: "zip")')).toEqual([]);
  });

  it('should be searched in any spelling', async () => {
    expect(await names('(search: "DATABASE")')).toEqual(['Database.Write', 'database_query']);
    expect(await names('(search: "e-q")')).toEqual(['database_query']);
    expect(await names('(search: "database", first: 1, after: "Database.Write")')).toEqual(['database_query']);
  });

  it.each([
    ['first: 0', 'BAD_USER_INPUT'],
    ['first: 1001', 'LIMIT_EXCEEDED'],
    [`search: "${'x'.repeat(2001)}"`, 'LIMIT_EXCEEDED'],
    [`after: "${'x'.repeat(2001)}"`, 'LIMIT_EXCEEDED'],
  ])('should refuse %s', async (args, code) => {
    expect(await codeOf(`{ capabilities(${args}) { name } }`)).toBe(code);
  });
});
