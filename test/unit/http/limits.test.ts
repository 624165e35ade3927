import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { defaultLimits, type LimitName, type Limits } from '../../../src/config/limits.ts';
import { eventually } from '../../eventually.ts';
import { sampleNode } from '../graphql/memory-registry.ts';
import { type RunningServer, startServer } from './running-server.ts';

const many = (count: number, each: (index: number) => string) => Array.from({ length: count }, (_, index) => each(index)).join(' ');
const bomb = `{ ...F0 } ${many(40, (n) => `fragment F${n} on Query { ...F${n + 1} ...F${n + 1} }`)} fragment F40 on Query { __typename }`;
const deep = `{ a: nodes { edges { node { ${'changes { node { '.repeat(8)} name ${'} } '.repeat(8)} } } } }`;

async function limited(limits: Partial<Limits> = {}): Promise<RunningServer & { readonly refusals: string[] }> {
  const refusals: string[] = [];
  const running = await startServer({ limits: { ...defaultLimits(), ...limits }, onRefusal: (limit) => void refusals.push(limit) });
  return { ...running, refusals };
}

/** What a raw answer of the server says. */
async function answerOf(response: Response) {
  const { errors } = await response.json();
  return { status: response.status, retryAfter: response.headers.get('retry-after'), ...errors[0].extensions };
}

function post({ url }: RunningServer, body: unknown, accept = 'application/json'): Promise<Response> {
  return fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', accept }, body: JSON.stringify(body) });
}

/** A socket that was acknowledged, what comes over it, and its end. */
async function socketOf({ wsUrl }: RunningServer) {
  const socket = new WebSocket(wsUrl, 'graphql-transport-ws');
  const messages: { readonly id?: string; readonly type: string; readonly payload?: unknown }[] = [];
  socket.on('message', (data) => void messages.push(JSON.parse(String(data))));
  const closed = once(socket, 'close').then(([code, reason]) => ({ code, reason: String(reason) }));
  await once(socket, 'open');
  const say = (message: unknown) => socket.send(JSON.stringify(message));
  say({ type: 'connection_init' });
  await eventually(() => expect(messages.map(({ type }) => type)).toContain('connection_ack'));
  const ask = (id: string, payload: unknown) => say({ id, type: 'subscribe', payload });
  const answerTo = async (id: string) => {
    const answered = await eventually(() => {
      const message = messages.find((each) => each.id === id);
      if (message === undefined) throw new Error(`nothing came for ${id}`);
      return message;
    });
    return answered;
  };
  return { socket, messages, say, ask, answerTo, closed };
}

/** A rate per second at which nothing comes back while a test runs. */
const NEVER = 0.001;

const exceeded = (limit: LimitName) => expect.objectContaining({ extensions: expect.objectContaining({ code: 'LIMIT_EXCEEDED', limit }) });

const DOCUMENTS: readonly (readonly [LimitName, string, Record<string, unknown>])[] = [
  ['LIMIT_DOCUMENT', `{ __typename } #${'x'.repeat(40_000)}`, {}],
  ['LIMIT_TOKENS', `{ ${'name '.repeat(2000)} }`, {}],
  ['LIMIT_DEPTH', deep, {}],
  ['LIMIT_FIELDS', `{ ${many(12, (n) => `a${n}: nodes { edges { node { ${'name type '.repeat(45)} } } }`)} }`, {}],
  ['LIMIT_FRAGMENTS', bomb, {}],
  ['LIMIT_ALIASES', `{ registryStatus { ${many(51, (n) => `a${n}: stale`)} } }`, {}],
  ['LIMIT_REPEATS', `{ registryStatus { ${'stale '.repeat(51)} } }`, {}],
  ['LIMIT_ROOT_FIELDS', `{ ${many(31, (n) => `a${n}: __typename`)} }`, {}],
  ['LIMIT_DIRECTIVES', `{ __typename ${'@skip(if: false) '.repeat(51)} }`, {}],
  ['LIMIT_COST', '{ nodes(first: 500) { edges { node { changes(first: 100) { node { name } } } } } }', {}],
  ['LIMIT_PAGE_SIZE', 'query ($n: Int) { nodes(first: $n) { totalCount } }', { n: 100_000 }],
  ['LIMIT_VARIABLES', 'query ($f: NodeFilter) { nodes(filter: $f) { totalCount } }', { f: { types: ['x'.repeat(70_000)] } }],
];

describe('the limits of a document', () => {
  it.each(DOCUMENTS)('should answer an attack on %s with LIMIT_EXCEEDED, over HTTP, SSE and WebSocket', async (limit, query, variables) => {
    const running = await limited();
    for (const accept of ['application/json', 'application/graphql-response+json']) {
      const response = await post(running, { query, variables }, accept);
      expect(response.status).toBe(400);
      expect((await response.json()).errors).toContainEqual(exceeded(limit));
    }
    const stream = await post(running, { query, variables }, 'text/event-stream');
    expect(stream.status).toBe(400);
    expect(await stream.text()).toContain(`"limit":"${limit}"`);
    const { ask, answerTo } = await socketOf(running);
    ask('1', { query, variables });
    expect(await answerTo('1')).toEqual({ id: '1', type: 'error', payload: expect.arrayContaining([exceeded(limit)]) });
    expect(running.refusals).toContain(limit);
    expect(running.registry.batches).toEqual([]);
  });

  it('should hold for GET', async () => {
    const running = await limited();
    const response = await fetch(`${running.url}/graphql?query=${encodeURIComponent(deep)}`);
    expect(await answerOf(response)).toMatchObject({ status: 400, limit: 'LIMIT_DEPTH', max: 16 });
  });
});

describe('the limits of a request', () => {
  it('should refuse a body that is too large with 413, whether or not it says how long it is', async () => {
    const running = await limited({ LIMIT_BODY: 1000 });
    const query = `{ __typename } # ${'x'.repeat(2000)}`;
    expect(await answerOf(await post(running, { query }))).toMatchObject({
      status: 413,
      code: 'LIMIT_EXCEEDED',
      limit: 'LIMIT_BODY',
      max: 1000,
    });
    const chunked = request(`${running.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' } });
    chunked.write(JSON.stringify({ query }));
    chunked.end();
    const [response] = await once(chunked, 'response');
    const text = (await response.setEncoding('utf8').toArray()).join('');
    expect([response.statusCode, JSON.parse(text).errors[0].extensions]).toMatchObject([413, { limit: 'LIMIT_BODY' }]);
    expect(running.refusals).toEqual(['LIMIT_BODY', 'LIMIT_BODY']);
  });

  it('should refuse batches unless told otherwise, and longer ones then', async () => {
    const operation = { query: '{ registryStatus { stale } }' };
    const closed = await limited();
    for (const batch of [[operation], []]) {
      expect(await answerOf(await post(closed, batch))).toMatchObject({ status: 400, limit: 'LIMIT_BATCH', max: 0 });
    }
    const open = await limited({ LIMIT_BATCH: 2 });
    const response = await post(open, [operation, { query: deep }]);
    expect(await response.json()).toEqual([{ data: { registryStatus: { stale: false } } }, { errors: [exceeded('LIMIT_DEPTH')] }]);
    expect(await answerOf(await post(open, [operation, operation, operation]))).toMatchObject({ limit: 'LIMIT_BATCH', max: 2 });
  });

  it('should count every operation of a batch', async () => {
    const running = await limited({ LIMIT_BATCH: 10, LIMIT_RATE: NEVER, LIMIT_RATE_BURST: 3 });
    const response = await post(running, Array(5).fill({ query: '{ __typename }' }));
    const answers: readonly { errors?: unknown }[] = await response.json();
    expect(answers.filter(({ errors }) => errors === undefined)).toHaveLength(3);
  });

  it('should end an operation that takes too long, on whatever transport', async () => {
    const running = await limited({ LIMIT_QUERY_TIME: 30 });
    running.registry.stall();
    const query = '{ changes { cursor } }';
    expect(await answerOf(await post(running, { query }))).toMatchObject({ status: 503, limit: 'LIMIT_QUERY_TIME', max: 30 });
    const { ask, answerTo } = await socketOf(running);
    ask('1', { query });
    expect(JSON.stringify(await answerTo('1'))).toContain('LIMIT_QUERY_TIME');
    // What goes on reading hears that nobody waits for it.
    expect(running.registry.wanted.map((isWanted) => isWanted())).toEqual([false, false]);
  });

  it('should tell what takes long that the client is gone', async () => {
    const running = await limited({});
    running.registry.stall();
    const gone = new AbortController();
    const answer = fetch(`${running.url}/graphql?query=${encodeURIComponent('{ changes { cursor } }')}`, { signal: gone.signal });
    const isWanted = () => running.registry.wanted[0]?.();
    await eventually(() => expect(isWanted()).toBe(true));
    gone.abort();
    await expect(answer).rejects.toThrow();
    await eventually(() => expect(isWanted()).toBe(false));
  });
});

describe('the limits of a client', () => {
  const query = '{ __typename }';

  it('should bound its operations per second, on all transports together', async () => {
    const running = await limited({ LIMIT_RATE: NEVER, LIMIT_RATE_BURST: 4 });
    expect((await post(running, { query })).status).toBe(200);
    expect((await post(running, { query }, 'text/event-stream')).status).toBe(200);
    const { ask, answerTo } = await socketOf(running);
    ask('1', { query });
    ask('2', { query });
    ask('3', { query });
    expect(await answerTo('2')).toMatchObject({ type: 'next' });
    expect(await answerTo('3')).toEqual({ id: '3', type: 'error', payload: [exceeded('LIMIT_RATE')] });
    for (const accept of ['application/json', 'text/event-stream']) {
      const response = await post(running, { query }, accept);
      expect(response.status).toBe(429);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await response.text()).toContain('"limit":"LIMIT_RATE"');
    }
  });

  it('should bound the documents that have to be parsed, and go on answering those that are known', async () => {
    const running = await limited({ LIMIT_DOCUMENT_RATE: NEVER, LIMIT_DOCUMENT: 3000 });
    const statuses: number[] = [];
    for (let index = 0; index < 5; index++) statuses.push((await post(running, { query: `{ a${index}: __typename }` })).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
    expect((await post(running, { query: '{ a0: __typename }' })).status).toBe(200);
    expect(running.refusals).toContain('LIMIT_DOCUMENT_RATE');
  });

  it('should bound the work that it asks for, and go on answering what is cheap', async () => {
    const running = await limited({ LIMIT_COST: 6000, LIMIT_COST_RATE: NEVER });
    const dear = { query: '{ nodes(first: 500) { edges { node { nodeId name type state health version } } } }' };
    const statuses: number[] = [];
    for (let index = 0; index < 5; index++) statuses.push((await post(running, dear)).status);
    expect(statuses[0]).toBe(200);
    expect(statuses.at(-1)).toBe(429);
    expect((await post(running, { query })).status).toBe(200);
    expect(await answerOf(await post(running, dear))).toMatchObject({ limit: 'LIMIT_COST_RATE', retryAfter: expect.any(Number) });
  });

  it('should bound the bytes that it has the gateway read', async () => {
    const running = await limited({ LIMIT_BODY: 1000, LIMIT_MESSAGE: 1000, LIMIT_BYTE_RATE: NEVER });
    const large = { query: `{ __typename } # ${'x'.repeat(800)}` };
    expect((await post(running, large)).status).toBe(200);
    expect(await answerOf(await post(running, large))).toMatchObject({ status: 429, limit: 'LIMIT_BYTE_RATE' });
    expect((await post(running, { query })).status).toBe(200);
  });

  it('should bound its requests under way', async () => {
    const running = await limited({ LIMIT_REQUESTS: 2 });
    running.registry.stall();
    const hanging = [1, 2].map(() => post(running, { query: '{ changes { cursor } }' }));
    await eventually(async () => {
      expect(await answerOf(await post(running, { query }))).toMatchObject({ status: 429, limit: 'LIMIT_REQUESTS' });
    });
    running.registry.goOn();
    await Promise.all(hanging);
    await eventually(async () => expect((await post(running, { query })).status).toBe(200));
  });

  it('should bound its subscriptions, over WebSocket and SSE together, and count those that ended no more', async () => {
    const running = await limited({ LIMIT_SUBSCRIPTIONS: 2 });
    const subscription = { query: 'subscription { registrationChanges { cursor } }' };
    const { ask, say, answerTo } = await socketOf(running);
    ask('1', subscription);
    const abort = new AbortController();
    const headers = { 'content-type': 'application/json', accept: 'text/event-stream' };
    const stream = await fetch(`${running.url}/graphql`, {
      method: 'POST',
      headers,
      body: JSON.stringify(subscription),
      signal: abort.signal,
    });
    expect(stream.status).toBe(200);
    await eventually(() => expect(running.registry.subscribers).toBe(2));
    ask('2', subscription);
    expect(await answerTo('2')).toEqual({ id: '2', type: 'error', payload: [exceeded('LIMIT_SUBSCRIPTIONS')] });
    const refused = await post(running, subscription, 'text/event-stream');
    expect([refused.status, await refused.text()]).toEqual([429, expect.stringContaining('LIMIT_SUBSCRIPTIONS')]);
    abort.abort();
    say({ id: '1', type: 'complete' });
    await eventually(() => expect(running.registry.subscribers).toBe(0));
    ask('3', subscription);
    ask('4', subscription);
    await eventually(() => expect(running.registry.subscribers).toBe(2));
  });
});

describe('a client that is refused all the time', () => {
  it('should wait for its refusals, while others are told at once and what it may is answered', async () => {
    const running = await limited({ LIMIT_REFUSAL_RATE: NEVER });
    expect((await post(running, { query: deep })).status).toBe(400);
    const startedAt = performance.now();
    let waited = Number.POSITIVE_INFINITY;
    const refused = post(running, { query: deep }).then(({ status }) => {
      waited = performance.now() - startedAt;
      return status;
    });
    expect((await post(running, { query: '{ __typename }' })).status).toBe(200);
    expect(waited).toBe(Number.POSITIVE_INFINITY);
    expect(await refused).toBe(400);
    expect(waited).toBeGreaterThan(200);
  });

  it('should not be listened to on its socket for as long', async () => {
    const running = await limited({ LIMIT_REFUSAL_RATE: NEVER });
    const { ask, answerTo, messages } = await socketOf(running);
    ask('1', { query: deep });
    await answerTo('1');
    ask('2', { query: deep });
    await answerTo('2');
    const startedAt = performance.now();
    ask('3', { query: '{ __typename }' });
    await eventually(() => expect(messages.some(({ id }) => id === '3')).toBe(true));
    expect(performance.now() - startedAt).toBeGreaterThan(150);
  });
});

describe('the limits of connections', () => {
  it('should tell a client with too many why, and let it in again when one has gone', async () => {
    const running = await limited({ LIMIT_CONNECTIONS: 2 });
    const open = [connect(running.port, '127.0.0.1'), connect(running.port, '127.0.0.1')];
    await Promise.all(open.map((socket) => once(socket, 'connect')));
    await eventually(async () => {
      const response = await post(running, { query: '{ __typename }' });
      expect(await answerOf(response)).toMatchObject({ status: 429, retryAfter: 1, limit: 'LIMIT_CONNECTIONS', max: 2 });
    });
    const refused = new WebSocket(running.wsUrl, 'graphql-transport-ws');
    const [, response] = await once(refused, 'unexpected-response');
    expect(response.statusCode).toBe(429);
    expect((await response.setEncoding('utf8').toArray()).join('')).toContain('LIMIT_CONNECTIONS');
    for (const socket of open) socket.destroy();
    await eventually(async () => expect((await post(running, { query: '{ __typename }' })).status).toBe(200));
    expect(running.refusals).toContain('LIMIT_CONNECTIONS');
  });

  it('should cut a connection that is one too many and says nothing', async () => {
    const running = await limited({ LIMIT_CONNECTIONS: 1 });
    const first = connect(running.port, '127.0.0.1');
    await once(first, 'connect');
    const second = connect(running.port, '127.0.0.1').resume();
    await once(second, 'close');
    expect(first.destroyed).toBe(false);
    first.destroy();
  });

  it('should bound the connections of all clients', async () => {
    const running = await limited({ LIMIT_CONNECTIONS_TOTAL: 1 });
    const first = connect(running.port, '127.0.0.1');
    await once(first, 'connect');
    const second = connect(running.port, '127.0.0.1')
      .on('error', () => undefined)
      .resume();
    await once(second, 'close');
    expect(running.refusals).toEqual(['LIMIT_CONNECTIONS_TOTAL']);
    first.destroy();
  });
});

describe('the limits of a WebSocket', () => {
  it('should close one that waits with its connection_init', async () => {
    const running = await limited({ LIMIT_INIT_WAIT: 20 });
    const socket = new WebSocket(running.wsUrl, 'graphql-transport-ws');
    const [code, reason] = await once(socket, 'close');
    expect([code, String(reason)]).toEqual([4408, expect.stringContaining('LIMIT_INIT_WAIT=20')]);
  });

  it('should close one that sends a message which is too long', async () => {
    const running = await limited({ LIMIT_MESSAGE: 1000 });
    const { say, closed } = await socketOf(running);
    say({ type: 'ping', payload: { text: 'x'.repeat(1001) } });
    expect(await closed).toMatchObject({ code: 1009 });
    expect(running.refusals).toEqual(['LIMIT_MESSAGE']);
  });

  it.each<[string, (socket: WebSocket) => void]>([
    ['messages', (socket) => socket.send('{"type":"ping"}')],
    ['pings', (socket) => socket.ping()],
  ])('should close one that floods it with %s, and go on with the others', async (_what, flood) => {
    const running = await limited({ LIMIT_MESSAGE_RATE: 20 });
    running.registry.put(sampleNode('n-1'));
    const other = await socketOf(running);
    const { socket, closed } = await socketOf(running);
    for (let index = 0; index < 100; index++) flood(socket);
    expect(await closed).toEqual({ code: 4429, reason: expect.stringMatching(/^LIMIT_MESSAGE_RATE: .*20 messages per second/) });
    other.ask('1', { query: '{ nodes { totalCount } }' });
    expect(await other.answerTo('1')).toMatchObject({ type: 'next', payload: { data: { nodes: { totalCount: 1 } } } });
    expect(running.refusals).toEqual(['LIMIT_MESSAGE_RATE']);
  });

  it('should bound the operations of one', async () => {
    const running = await limited({ LIMIT_SOCKET_OPERATIONS: 2 });
    const { ask, answerTo } = await socketOf(running);
    for (const id of ['1', '2', '3']) ask(id, { query: 'subscription { registrationChanges { cursor } }' });
    expect(await answerTo('3')).toEqual({ id: '3', type: 'error', payload: [exceeded('LIMIT_SOCKET_OPERATIONS')] });
    expect(running.registry.subscribers).toBe(2);
  });
});
