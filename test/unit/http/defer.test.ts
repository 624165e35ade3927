import { setImmediate as tick } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { GatewayError } from '../../../src/errors.ts';
import { eventually } from '../../eventually.ts';
import { sampleNode } from '../graphql/memory-registry.ts';
import { partsOf } from './multipart.ts';
import { type RunningServer, startServer } from './running-server.ts';

const QUERY = '{ nodeById(nodeId: "n-1") { health ... @defer(label: "history") { changes(first: 1) { cursor } } } }';
const CHANGES = [{ cursor: '0000000000000001' }];
const LATER = { path: ['nodeById'], label: 'history', data: { changes: CHANGES } };

interface HeldServer extends RunningServer {
  /** Lets the reads of the change log that wait, and those after them, go on. */
  release(): void;
}

/** A server whose change log does not answer before it is released. */
async function startHeld(): Promise<HeldServer> {
  const running = await startServer();
  running.registry.put(sampleNode('n-1'));
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const read = running.registry.changesOfNodes.bind(running.registry);
  vi.spyOn(running.registry, 'changesOfNodes').mockImplementation(async (ids, first) => {
    const answer = read(ids, first);
    // Its failure is the reader's, who waits for the release first.
    answer.catch(() => undefined);
    await released;
    return answer;
  });
  return { ...running, release };
}

function post({ url }: RunningServer, query: string, accept: string, signal?: AbortSignal): Promise<Response> {
  const headers = { 'content-type': 'application/json', accept };
  return fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }), ...(signal === undefined ? {} : { signal }) });
}

/** Begins operations on one WebSocket, each with what it brought so far. */
function overWebSocket({ wsUrl }: RunningServer) {
  const client = createClient({ url: wsUrl, webSocketImpl: WebSocket, lazy: false, retryAttempts: 0 });
  onTestFinished(async () => {
    await client.dispose();
  });
  return (query: string) => {
    const results: unknown[] = [];
    let cancel: () => void = () => undefined;
    const ended = new Promise<unknown>((resolve) => {
      const sink = { next: (result: unknown) => void results.push(result), error: resolve, complete: () => resolve('complete') };
      cancel = client.subscribe({ query }, sink);
    });
    return { results, ended, cancel: () => cancel() };
  };
}

describe('@defer over HTTP', () => {
  it('should answer from memory at once, and send what Postgres has when it is there', async () => {
    const running = await startHeld();
    const parts = partsOf(await post(running, QUERY, 'multipart/mixed'));
    expect((await parts.next()).value).toEqual({ data: { nodeById: { health: 'HEALTHY' } }, hasNext: true });
    running.release();
    expect((await parts.next()).value).toEqual({ incremental: [LATER], hasNext: false });
    expect((await parts.next()).done).toBe(true);
  });

  it('should work for GET, and for root fields', async () => {
    const running = await startHeld();
    const query = encodeURIComponent('{ capabilities { name } ... @defer { rejectedEvents { reason } } }');
    const response = await fetch(`${running.url}/graphql?query=${query}`, { headers: { accept: 'application/json, multipart/mixed' } });
    const parts: unknown[] = [];
    for await (const part of partsOf(response)) parts.push(part);
    expect(parts[0]).toMatchObject({ data: { capabilities: [{ name: 'database.query' }, { name: 'database.write' }] }, hasNext: true });
    expect(parts.at(-1)).toEqual({ incremental: [{ path: [], data: { rejectedEvents: [] } }], hasNext: false });
  });

  it('should read the changes of all nodes with one statement', async () => {
    const { registry, ...running } = await startServer();
    for (const id of ['a', 'b', 'c']) registry.put(sampleNode(id));
    const query = '{ nodes { edges { node { nodeId ... @defer { changes(first: 2) { cursor } } } } } }';
    const parts: unknown[] = [];
    for await (const part of partsOf(await post({ registry, ...running }, query, 'multipart/mixed'))) parts.push(part);
    expect(registry.batches).toEqual([{ ids: ['a', 'b', 'c'], first: 2 }]);
  });

  it('should defer what a mutation returns', async () => {
    const running = await startHeld();
    const query = 'mutation { deregister(nodeId: "n-1") { cursor node { ... @defer { changes(first: 1) { type } } } } }';
    const parts = partsOf(await post(running, query, 'multipart/mixed'));
    expect((await parts.next()).value).toMatchObject({ data: { deregister: { cursor: '0000000000000002' } } });
    running.release();
    expect((await parts.next()).value).toMatchObject({ incremental: [{ data: { changes: [{ type: 'REMOVED' }] } }] });
  });

  it.each(['application/json', 'application/graphql-response+json', '*/*', 'application/json;q=0.9, */*;q=0.1'])(
    'should answer in one piece who accepts %s',
    async (accept) => {
      const running = await startHeld();
      running.release();
      const response = await post(running, QUERY, accept);
      expect(response.headers.get('content-type')).toContain('json; charset=utf-8');
      expect(await response.json()).toEqual({ data: { nodeById: { health: 'HEALTHY', changes: CHANGES } } });
    },
  );

  it.each([
    ['switched off', QUERY.replace('label: "history"', 'if: false')],
    ['not there', '{ nodeById(nodeId: "n-1") { health changes(first: 1) { cursor } } }'],
  ])('should not answer in parts where it is %s', async (_what, query) => {
    const running = await startHeld();
    running.release();
    const response = await post(running, query, 'application/json, multipart/mixed');
    expect(await response.json()).toEqual({ data: { nodeById: { health: 'HEALTHY', changes: CHANGES } } });
  });

  it('should come as events to who reads an event stream', async () => {
    const running = await startHeld();
    running.release();
    const text = await (await post(running, QUERY, 'text/event-stream')).text();
    const events = [...text.matchAll(/^event: next\ndata: (.*)$/gm)].map(([, data = '']) => JSON.parse(data));
    expect(events).toEqual([
      { data: { nodeById: { health: 'HEALTHY' } }, hasNext: true },
      { incremental: [LATER], hasNext: false },
    ]);
    expect(text.endsWith('event: complete\ndata:\n\n')).toBe(true);
  });
});

describe('@defer over WebSocket', () => {
  it('should come as several results of one operation', async () => {
    const running = await startHeld();
    const { results, ended } = overWebSocket(running)(QUERY);
    await eventually(() => expect(results).toEqual([{ data: { nodeById: { health: 'HEALTHY' } }, hasNext: true }]));
    running.release();
    expect(await ended).toBe('complete');
    expect(results[1]).toEqual({ incremental: [LATER], hasNext: false });
  });
});

describe('an error in a deferred part', () => {
  const failures: readonly [string, Error, Record<string, unknown>][] = [
    [
      'that is internal, masked',
      new Error('relation "nodes" does not exist'),
      {
        message: "Internal error. The gateway's log has it under correlation id id-1.",
        extensions: { code: 'INTERNAL_SERVER_ERROR', correlationId: 'id-1' },
      },
    ],
    [
      'that is meant for clients, with its code',
      new GatewayError('BACKEND_UNAVAILABLE', 'Postgres does not answer', { after: 3 }),
      { message: 'Postgres does not answer', extensions: { code: 'BACKEND_UNAVAILABLE', after: 3 } },
    ],
  ];

  it.each(failures)('should be told where it belongs: one %s', async (_what, failure, told) => {
    const running = await startHeld();
    running.registry.failure = failure;
    running.release();
    const expected = {
      hasNext: false,
      incremental: [
        {
          path: ['nodeById'],
          label: 'history',
          data: { changes: null },
          errors: [{ path: ['nodeById', 'changes'], locations: [{ line: 1, column: 67 }], ...told }],
        },
      ],
    };
    const parts: unknown[] = [];
    for await (const part of partsOf(await post(running, QUERY, 'multipart/mixed'))) parts.push(part);
    expect(parts.at(-1)).toEqual(expected);

    const { results, ended } = overWebSocket(running)(QUERY);
    expect(await ended).toBe('complete');
    expect(results.at(-1)).toEqual(expected);
  });
});

describe('a client that goes away in the middle', () => {
  // What the deferred part has found leads to a second read, which must not begin when nobody waits for it.
  const DEEP = '{ nodeById(nodeId: "n-1") { health ... @defer { changes(first: 1) { node { changes(first: 2) { cursor } } } } } }';

  /** A closed connection reaches the executor, and an answer of Postgres the next read, within a few turns of the event loop. */
  async function turns(): Promise<void> {
    for (let turn = 0; turn < 10; turn++) await tick();
  }

  /** How often was read some turns after the first read was let go. */
  async function readsAfterRelease({ release, registry }: HeldServer): Promise<number> {
    await turns();
    release();
    await turns();
    return registry.batches.length;
  }

  it('should end the work over HTTP', async () => {
    const running = await startHeld();
    const gone = new AbortController();
    const parts = partsOf(await post(running, DEEP, 'multipart/mixed', gone.signal));
    await parts.next();
    await eventually(() => expect(running.registry.batches).toHaveLength(1));
    gone.abort();
    await expect(parts.next()).rejects.toThrow('aborted');
    // Waits for answers under way, of which there is none any more as soon as the server knows that the client went.
    await running.server.close(60_000);
    expect(await readsAfterRelease(running)).toBe(1);
    expect(running.lines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  });

  it('should end the work over WebSocket', async () => {
    const running = await startHeld();
    const begin = overWebSocket(running);
    const { results, cancel } = begin(DEEP);
    await eventually(() => expect(results).toHaveLength(1));
    cancel();
    // Behind the cancelling on the same socket: when this is answered, that has arrived.
    expect(await begin('{ __typename }').ended).toBe('complete');
    expect(await readsAfterRelease(running)).toBe(1);
    expect(running.lines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  });

  it('should be the only reason for it', async () => {
    const running = await startHeld();
    const parts = partsOf(await post(running, DEEP, 'multipart/mixed'));
    await parts.next();
    await eventually(() => expect(running.registry.batches).toHaveLength(1));
    expect(await readsAfterRelease(running)).toBe(2);
    expect((await parts.next()).value).toMatchObject({ hasNext: false });
  });
});

describe('what cannot be deferred', () => {
  it.each([
    ['a mutation', 'mutation { ... @defer { deregister(nodeId: "n-1") { cursor } } }', 'A mutation itself cannot be deferred'],
    [
      'a mutation in a fragment',
      'mutation { ...M @defer } fragment M on Mutation { deregister(nodeId: "n-1") { cursor } }',
      'A mutation itself cannot be deferred',
    ],
    ['a subscription', 'subscription { ... @defer { registrationChanges { cursor } } }', 'A subscription cannot defer'],
    [
      'in a fragment of a subscription',
      'subscription { registrationChanges { ...C } } fragment C on RegistrationChange { node { ... @defer(if: true) { name } } }',
      'A subscription cannot defer',
    ],
    [
      'two with one label',
      '{ ... @defer(label: "a") { capabilities { name } } ... @defer(label: "a") { nodes { totalCount } } }',
      'Two @defer have the label "a"',
    ],
    ['a label from a variable', 'query ($l: String) { ... @defer(label: $l) { nodes { totalCount } } }', 'must be a text in the document'],
    ['a field', '{ capabilities @defer { name } }', 'Directive "@defer" may not be used on FIELD'],
    ['an item of a list', '{ capabilities @stream { name } }', 'Unknown directive "@stream"'],
  ])('should be refused over HTTP and WebSocket alike: %s', async (_what, query, message) => {
    const running = await startServer();
    running.registry.put(sampleNode('n-1'));
    const refused = [{ message: expect.stringContaining(message), extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }];
    const { status, errors } = await running.ask(query, {}, { accept: 'application/graphql-response+json, multipart/mixed' });
    expect(status).toBe(400);
    expect(errors).toMatchObject(refused);
    expect(await overWebSocket(running)(query).ended).toMatchObject(refused);
    expect(running.registry.callers).toEqual([]);
  });

  it('should be taken where it is switched off', async () => {
    const running = await startServer();
    const { results, cancel } = overWebSocket(running)(
      'subscription { registrationChanges(snapshot: true) { type ... @defer(if: false) { nodeId } } }',
    );
    await eventually(() => expect(results).toEqual([{ data: { registrationChanges: { type: 'BOOKMARK', nodeId: null } } }]));
    cancel();
  });
});
