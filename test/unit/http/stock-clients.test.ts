import { describe, expect, it, onTestFinished } from 'vitest';
import { GatewayError } from '../../../src/errors.ts';
import { eventually } from '../../eventually.ts';
import { sampleNode } from '../graphql/memory-registry.ts';
import { startServer } from './running-server.ts';
import { cursorIn, type Result, STOCK_CLIENTS, type StockClient, type Variables } from './stock-clients.ts';

const WATCH = `subscription ($after: Cursor, $snapshot: Boolean) {
  registrationChanges(after: $after, snapshot: $snapshot) { cursor type nodeId }
}`;

function watching(client: StockClient, variables: Variables) {
  const results: Result[] = [];
  const { stop } = client.watch(WATCH, variables, (result) => void results.push(result));
  onTestFinished(stop);
  return { results, cursors: () => results.map(({ data }) => Number(cursorIn(data))), stop };
}

describe.each(STOCK_CLIENTS)('the stock client %s', (_name, connect) => {
  it('should query and mutate', async () => {
    const { url, registry } = await startServer();
    registry.put(sampleNode('n-1'));
    const client = connect(url);
    const query = 'query ($id: ID!) { nodeById(nodeId: $id) { health changes(first: 1) { cursor } } }';
    expect(await client.ask(query, { id: 'n-1' })).toEqual({
      data: {
        nodeById: expect.objectContaining({ health: 'HEALTHY', changes: [expect.objectContaining({ cursor: '0000000000000001' })] }),
      },
      codes: [],
    });
    const mutation = 'mutation ($id: ID!) { deregister(nodeId: $id) { cursor } }';
    expect(await client.ask(mutation, { id: 'n-1' })).toMatchObject({ data: { deregister: { cursor: '0000000000000002' } }, codes: [] });
    expect(registry.node('n-1')?.state).toBe('REMOVED');
  });

  it('should get the code of what went wrong', async () => {
    const { url, registry } = await startServer();
    const client = connect(url);
    const codeOf = async (query: string) => (await client.ask(query)).codes;
    expect(await codeOf('mutation { deregister(nodeId: "never") { cursor } }')).toEqual(['NODE_NOT_FOUND']);
    expect(await codeOf('{ nope }')).toEqual(['GRAPHQL_VALIDATION_FAILED']);
    expect(await codeOf('{ changes(after: "garbage") { cursor } }')).toEqual(['CURSOR_INVALID']);
    registry.failure = new GatewayError('BACKEND_UNAVAILABLE', 'Postgres does not answer');
    expect(await client.ask('{ changes { cursor } capabilities { name } }')).toEqual({
      data: { changes: null, capabilities: [] },
      codes: ['BACKEND_UNAVAILABLE'],
    });
    registry.failure = new Error('secret detail');
    expect(await codeOf('{ changes { cursor } }')).toEqual(['INTERNAL_SERVER_ERROR']);
  });

  it('should follow a snapshot with live changes, and end at once', async () => {
    const { url, registry } = await startServer();
    registry.put(sampleNode('n-1'));
    const { results, stop } = watching(connect(url), { snapshot: true });
    await eventually(() => expect(results).toHaveLength(2));
    registry.put(sampleNode('n-2'));
    await eventually(() => expect(results).toHaveLength(3));
    expect(results.map(({ data }) => data)).toMatchObject([
      { registrationChanges: { cursor: '0000000000000001', type: 'SNAPSHOT', nodeId: 'n-1' } },
      { registrationChanges: { cursor: '0000000000000001', type: 'BOOKMARK', nodeId: null } },
      { registrationChanges: { cursor: '0000000000000002', type: 'ADDED', nodeId: 'n-2' } },
    ]);
    stop();
    await eventually(() => expect(registry.subscribers).toBe(0));
  });

  it('should get the code that ended a subscription', async () => {
    const { url, registry } = await startServer();
    for (let index = 0; index < 5; index++) registry.put(sampleNode('n-1'));
    registry.floor = 3;
    const { results } = watching(connect(url), { after: '0000000000000001' });
    // urql says once more what there was when a stream ends.
    await eventually(() => expect(new Set(results.flatMap(({ codes }) => codes))).toEqual(new Set(['CURSOR_EXPIRED'])));
  });

  it('should take up where a gateway broke off, without a gap or a repetition', async () => {
    const { url, registry, port, server } = await startServer();
    for (const id of ['n-1', 'n-2', 'n-3']) registry.put(sampleNode(id));
    const { cursors } = watching(connect(url), { after: '0000000000000001' });
    await eventually(() => expect(cursors()).toEqual([2, 3]));
    await server.close(0);
    registry.put(sampleNode('n-4'));
    await startServer({ registry, config: { host: '127.0.0.1', port } });
    registry.put(sampleNode('n-5'));
    await eventually(() => expect(cursors()).toEqual([2, 3, 4, 5]));
  });
});

describe('parts of an answer', () => {
  const DEFERRED = '{ nodeById(nodeId: "n-1") { health ... @defer { changes(first: 1) { cursor } } } }';

  it.each(STOCK_CLIENTS.filter(([name]) => name.startsWith('urql')))('should be put together by %s', async (_name, connect) => {
    const { url, registry } = await startServer();
    registry.put(sampleNode('n-1'));
    expect(await connect(url).ask(DEFERRED)).toMatchObject({
      data: { nodeById: { health: 'HEALTHY', changes: [{ cursor: '0000000000000001' }] } },
      codes: [],
    });
    registry.failure = new Error('secret detail');
    expect(await connect(url).ask(DEFERRED)).toMatchObject({
      data: { nodeById: { health: 'HEALTHY', changes: null } },
      codes: ['INTERNAL_SERVER_ERROR'],
    });
  });
});
