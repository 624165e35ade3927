import { once } from 'node:events';
import type { FormattedExecutionResult } from 'graphql';
import { type Client, createClient } from 'graphql-ws';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { GatewayError } from '../../../src/errors.ts';
import { eventually } from '../../eventually.ts';
import { sampleNode } from '../graphql/memory-registry.ts';
import { type RunningServer, startServer } from './running-server.ts';

interface Connected {
  readonly client: Client;
  /** Close codes of the socket, as they came. */
  readonly closes: number[];
}

function connect({ wsUrl }: RunningServer, connectionParams: Record<string, unknown> = {}): Connected {
  const closes: number[] = [];
  const client = createClient({
    url: wsUrl,
    webSocketImpl: WebSocket,
    lazy: false,
    retryAttempts: 0,
    connectionParams,
    onNonLazyError: () => undefined,
    on: { closed: (event) => void closes.push(closeCode(event)) },
  });
  onTestFinished(async () => {
    await client.dispose();
  });
  return { client, closes };
}

function closeCode(event: unknown): number {
  return typeof event === 'object' && event !== null && 'code' in event && typeof event.code === 'number' ? event.code : -1;
}

/** Runs a subscription to its end, and collects what came. */
function collect(client: Client, query: string, variables: Record<string, unknown> = {}) {
  const results: FormattedExecutionResult<Record<string, unknown>, unknown>[] = [];
  let unsubscribe: () => void = () => undefined;
  const ended = new Promise<unknown>((resolve) => {
    unsubscribe = client.subscribe(
      { query, variables },
      { next: (result) => void results.push(result), error: resolve, complete: () => resolve('complete') },
    );
  });
  return { results, ended, unsubscribe: () => unsubscribe() };
}

const watch =
  'subscription ($after: Cursor, $snapshot: Boolean) { registrationChanges(after: $after, snapshot: $snapshot) { cursor type nodeId node { nodeId changes(first: 1) { cursor } } } }';

describe('subscriptions over WebSocket', () => {
  it('should send a snapshot, a bookmark and live changes', async () => {
    const running = await startServer();
    running.registry.put(sampleNode('n-1'));
    const { results } = collect(connect(running).client, watch, { snapshot: true });
    await eventually(() => expect(results).toHaveLength(2));
    running.registry.put(sampleNode('n-2'));
    await eventually(() => expect(results).toHaveLength(3));
    expect(results.map((result) => result.data?.['registrationChanges'])).toMatchObject([
      { cursor: '0000000000000001', type: 'SNAPSHOT', nodeId: 'n-1' },
      { cursor: '0000000000000001', type: 'BOOKMARK', nodeId: null, node: null },
      { cursor: '0000000000000002', type: 'ADDED', nodeId: 'n-2', node: { nodeId: 'n-2', changes: [{ cursor: '0000000000000002' }] } },
    ]);
  });

  it('should resume after a cursor', async () => {
    const running = await startServer();
    for (const id of ['n-1', 'n-2', 'n-3']) running.registry.put(sampleNode(id));
    const { results } = collect(connect(running).client, watch, { after: '0000000000000001' });
    await eventually(() => expect(results).toHaveLength(2));
    expect(results[0]?.data).toMatchObject({ registrationChanges: { cursor: '0000000000000002', nodeId: 'n-2' } });
  });

  it('should filter', async () => {
    const running = await startServer();
    const query = 'subscription { registrationChanges(filter: {nodeTypes: ["compute"]}) { nodeId } }';
    const { results } = collect(connect(running).client, query);
    await eventually(() => expect(running.registry.subscribers).toBe(1));
    running.registry.put(sampleNode('n-1'));
    running.registry.put(sampleNode('n-2', { type: 'compute' }));
    await eventually(() => expect(results).toEqual([{ data: { registrationChanges: { nodeId: 'n-2' } } }]));
  });

  it('should follow the healthy set', async () => {
    const running = await startServer();
    const query = 'subscription { healthyServices(capability: "database.query", types: ["effect"], versionRange: "^1") { nodeId url } }';
    const { results } = collect(connect(running).client, query);
    await eventually(() => expect(results).toEqual([{ data: { healthyServices: [] } }]));
    expect(running.registry.queries[0]).toEqual({ capability: 'database.query', types: ['effect'], versionRange: '^1' });
    running.registry.put(sampleNode('n-1'));
    await eventually(() => expect(results[1]?.data).toEqual({ healthyServices: [{ nodeId: 'n-1', url: 'http://10.0.3.17:8080' }] }));
  });

  it('should answer queries and mutations, and take the operator from the connection', async () => {
    const running = await startServer();
    running.registry.put(sampleNode('ghost'));
    const { client } = connect(running, { 'x-operator': 'alice' });
    const query = collect(client, '{ nodes { totalCount } }');
    expect(await query.ended).toBe('complete');
    expect(query.results).toEqual([{ data: { nodes: { totalCount: 1 } } }]);
    const mutation = collect(client, 'mutation { deregister(nodeId: "ghost") { node { state } } }');
    expect(await mutation.ended).toBe('complete');
    expect(mutation.results).toEqual([{ data: { deregister: { node: { state: 'REMOVED' } } } }]);
    expect(running.registry.callers).toEqual([{ operator: 'alice' }]);
  });

  it('should end with the client, at once', async () => {
    const running = await startServer();
    const { unsubscribe } = collect(connect(running).client, watch);
    await eventually(() => expect(running.registry.subscribers).toBe(1));
    unsubscribe();
    await eventually(() => expect(running.registry.subscribers).toBe(0));
  });

  it('should end with the socket', async () => {
    const running = await startServer();
    const { client } = connect(running);
    collect(client, watch);
    await eventually(() => expect(running.registry.subscribers).toBe(1));
    client.terminate();
    await eventually(() => expect(running.registry.subscribers).toBe(0));
  });
});

describe('errors over WebSocket', () => {
  it.each<[string, string, Record<string, unknown>, Record<string, unknown>]>([
    ['a syntax error', 'subscription { nope', {}, { code: 'GRAPHQL_PARSE_FAILED' }],
    ['an unknown field', 'subscription { nope }', {}, { code: 'GRAPHQL_VALIDATION_FAILED' }],
    ['a document without the operation', 'query A { __typename } query B { __typename }', {}, { code: 'OPERATION_RESOLUTION_FAILURE' }],
    ['a literal that is no cursor', 'subscription { registrationChanges(after: "garbage") { cursor } }', {}, { code: 'CURSOR_INVALID' }],
    ['a variable that is no cursor', watch, { after: 'garbage' }, { code: 'CURSOR_INVALID' }],
    ['a wrong variable', watch, { snapshot: 'maybe' }, { code: 'BAD_USER_INPUT' }],
    [
      'a blank capability',
      'subscription { healthyServices(capability: "") { nodeId } }',
      {},
      { code: 'BAD_USER_INPUT', argument: 'capability' },
    ],
    [
      'a bad range',
      'subscription { healthyServices(capability: "x", versionRange: "nonsense") { nodeId } }',
      {},
      { code: 'BAD_USER_INPUT' },
    ],
    ['a cursor beyond the log', watch, { after: '99' }, { code: 'CURSOR_INVALID' }],
    ['a cursor that has expired', watch, { after: '1' }, { code: 'CURSOR_EXPIRED', floor: 3 }],
  ])('should be one error message with its code for %s, and the socket go on', async (_what, query, variables, extensions) => {
    const running = await startServer();
    for (let index = 0; index < 5; index++) running.registry.put(sampleNode('n-1'));
    running.registry.floor = 3;
    const { client, closes } = connect(running);
    const other = collect(client, watch, { snapshot: true });
    await eventually(() => expect(other.results).toHaveLength(2));

    const { results, ended } = collect(client, query, variables);
    expect(await ended).toEqual([expect.objectContaining({ message: expect.any(String), extensions })]);
    expect(results).toEqual([]);

    running.registry.put(sampleNode('n-2'));
    await eventually(() => expect(other.results).toHaveLength(3));
    expect(closes).toEqual([]);
  });

  it('should come together where there are several', async () => {
    const running = await startServer();
    const query = 'subscription ($a: Cursor, $b: Boolean) { registrationChanges(after: $a, snapshot: $b) { cursor } }';
    const { ended } = collect(connect(running).client, query, { a: 'garbage', b: 'maybe' });
    expect(await ended).toMatchObject([{ extensions: { code: 'CURSOR_INVALID' } }, { extensions: { code: 'BAD_USER_INPUT' } }]);
  });

  it('should tell a subscriber that does not keep up where to resume, and leave the others be', async () => {
    const running = await startServer();
    running.registry.maxUnread = 50;
    const { client, closes } = connect(running);
    const slow = collect(client, watch);
    await eventually(() => expect(running.registry.subscribers).toBe(1));
    // All in one go: nothing is pulled in between, as with a socket that takes no bytes.
    for (let index = 0; index < 60; index++) running.registry.put(sampleNode('n-1'));
    expect(await slow.ended).toMatchObject([{ extensions: { code: 'SUBSCRIBER_TOO_SLOW', lastCursor: expect.any(String) } }]);
    const after = collect(client, watch, { snapshot: true });
    await eventually(() => expect(after.results).toHaveLength(2));
    expect(closes).toEqual([]);
  });

  it('should be masked when something fails on the inside, before and after the first event', async () => {
    const running = await startServer();
    const { client } = connect(running);
    const { results, ended } = collect(client, 'subscription { healthyServices(capability: "x") { nodeId } }');
    await eventually(() => expect(results).toHaveLength(1));
    running.registry.failFeeds(new Error('secret detail'));
    const errors = await ended;
    expect(errors).toMatchObject([
      {
        message: "Internal error. The gateway's log has it under correlation id id-1.",
        extensions: { code: 'INTERNAL_SERVER_ERROR', correlationId: 'id-1' },
      },
    ]);
    expect(JSON.stringify(errors)).not.toContain('secret detail');
    expect(running.lines.join()).toContain('secret detail');
  });

  it('should come inside the answer where only a field fails', async () => {
    const running = await startServer();
    running.registry.failure = new GatewayError('BACKEND_UNAVAILABLE', 'Postgres does not answer');
    const { results, ended } = collect(connect(running).client, '{ capabilities { name } changes { cursor } }');
    expect(await ended).toBe('complete');
    expect(results).toMatchObject([
      { data: { capabilities: [], changes: null }, errors: [{ path: ['changes'], extensions: { code: 'BACKEND_UNAVAILABLE' } }] },
    ]);
  });

  it('should bound the operations of one socket', async () => {
    const running = await startServer();
    const { client } = connect(running);
    for (let index = 0; index < 100; index++) collect(client, watch);
    await eventually(() => expect(running.registry.subscribers).toBe(100));
    expect(await collect(client, watch).ended).toMatchObject([{ extensions: { code: 'LIMIT_EXCEEDED' } }]);
  });
});

describe('WebSockets', () => {
  const PROTOCOL = 'graphql-transport-ws';

  /** The status of a refused upgrade. */
  async function refusal(url: string, options: { readonly origin?: string } = {}): Promise<unknown> {
    const socket = new WebSocket(url, PROTOCOL, options);
    const [error] = await once(socket, 'error');
    return error instanceof Error ? error.message : error;
  }

  it('should be closed with 1001 on shutdown', async () => {
    const running = await startServer();
    const { client, closes } = connect(running);
    collect(client, watch);
    await eventually(() => expect(running.registry.subscribers).toBe(1));
    await running.server.close(5000);
    await eventually(() => expect(closes).toEqual([1001]));
    expect(running.registry.subscribers).toBe(0);
  });

  it('should be refused to pages of other origins', async () => {
    const running = await startServer({ allowedOrigins: ['https://dashboard.example'] });
    expect(await refusal(running.wsUrl, { origin: 'http://evil.example' })).toContain('403');
    for (const origin of [running.url, 'https://dashboard.example']) {
      const socket = new WebSocket(running.wsUrl, PROTOCOL, { origin });
      await once(socket, 'open');
      socket.close();
    }
  });

  it('should be refused at other paths', async () => {
    const running = await startServer();
    expect(await refusal(`ws://127.0.0.1:${running.port}/health`)).toContain('404');
  });

  it('should be closed when they speak another protocol', async () => {
    const running = await startServer();
    const socket = new WebSocket(running.wsUrl, 'graphql-ws');
    const [error] = await once(socket, 'error');
    expect(String(error)).toContain('subprotocol');
  });

  it.each([{ type: 'connection_ack' }, { type: 'next', id: '1', payload: { data: {} } }, { type: 'error', id: '1', payload: [] }])(
    'should be closed for what only a server may say, $type, which is no fault of the gateway',
    async (message) => {
      const running = await startServer();
      const socket = new WebSocket(running.wsUrl, PROTOCOL);
      await once(socket, 'open');
      socket.send(JSON.stringify(message));
      expect((await once(socket, 'close'))[0]).toBe(4400);
      expect(running.lines.join('')).not.toContain('"level":"error"');
    },
  );

  it('should be closed for nonsense and for messages over 1 MiB', async () => {
    const running = await startServer();
    const nonsense = new WebSocket(running.wsUrl, PROTOCOL);
    await once(nonsense, 'open');
    nonsense.send('{');
    expect((await once(nonsense, 'close'))[0]).toBe(4400);
    const huge = new WebSocket(running.wsUrl, PROTOCOL);
    await once(huge, 'open');
    huge.send('x'.repeat(1_048_577));
    expect((await once(huge, 'close'))[0]).toBe(1009);
  });

  it('should be cut when they answer no ping', async () => {
    const running = await startServer({ pingInterval: 20 });
    const deaf = new WebSocket(running.wsUrl, PROTOCOL, { autoPong: false });
    await once(deaf, 'open');
    expect((await once(deaf, 'close'))[0]).toBe(1006);
  });

  it('should stay while they answer pings', async () => {
    const running = await startServer({ pingInterval: 300 });
    const alive = new WebSocket(running.wsUrl, PROTOCOL);
    let pings = 0;
    alive.on('ping', () => pings++);
    // The first that is not answered by the next would have cut it. Long enough for a process that stands still now and then.
    await eventually(() => expect(pings).toBeGreaterThan(2));
    expect(alive.readyState).toBe(WebSocket.OPEN);
    alive.terminate();
  });
});
