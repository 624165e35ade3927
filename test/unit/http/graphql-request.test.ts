import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../src/config/limits.ts';
import { eventually } from '../../eventually.ts';
import { sampleNode } from '../graphql/memory-registry.ts';
import { startServer } from './running-server.ts';

const QUERY = `?query=${encodeURIComponent('{ nodes { totalCount } }')}`;
const SUBSCRIPTION = `?query=${encodeURIComponent('subscription { registrationChanges(snapshot: true) { type } }')}`;

describe('the methods of /graphql', () => {
  it('should answer HEAD as GET, without the body', async () => {
    const { url } = await startServer();
    const get = await fetch(`${url}/graphql${QUERY}`);
    const head = await fetch(`${url}/graphql${QUERY}`, { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(await head.text()).toBe('');
    for (const name of ['content-type', 'content-length', 'cache-control']) {
      expect(head.headers.get(name)).toBe(get.headers.get(name));
    }
    const wrong = await fetch(`${url}/graphql?query=${encodeURIComponent('{ nope }')}&variables=[`, { method: 'HEAD' });
    expect(wrong.status).toBe(400);
  });

  it('should begin no stream for HEAD', async () => {
    const { url, registry } = await startServer();
    const response = await fetch(`${url}/graphql${SUBSCRIPTION}`, { method: 'HEAD', headers: { accept: 'text/event-stream' } });
    expect(response.status).toBe(406);
    expect(registry.subscribers).toBe(0);
  });

  it('should tell what there is to OPTIONS', async () => {
    const { url } = await startServer();
    const response = await fetch(`${url}/graphql`, { method: 'OPTIONS' });
    expect(response.status).toBe(204);
    expect(response.headers.get('allow')).toBe('GET, HEAD, POST, OPTIONS');
    expect(await response.text()).toBe('');
  });

  it.each(['PUT', 'PATCH', 'DELETE'])('should refuse %s', async (method) => {
    const { url } = await startServer();
    const response = await fetch(`${url}/graphql`, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD, POST, OPTIONS');
    expect(await response.json()).toMatchObject({ errors: [{ message: expect.stringContaining(method) }] });
  });
});

describe('the form of a request', () => {
  it.each(['Application/JSON', 'application/json ; charset=UTF-8', 'application/json;charset="utf-8"', 'application/graphql+json'])(
    'should be JSON also when it is called %s',
    async (type) => {
      const { url } = await startServer();
      const body = JSON.stringify({ query: '{ __type(name: "Läufer🏃") { name } }' });
      const response = await fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': type }, body });
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({ data: { __type: null } });
    },
  );

  it('should be refused in another encoding than UTF-8', async () => {
    const { url } = await startServer();
    const headers = { 'content-type': 'application/json; charset=iso-8859-1' };
    const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: '{"query":"{ __typename }"}' });
    expect(response.status).toBe(415);
    expect(await response.json()).toMatchObject({ errors: [{ message: expect.stringContaining('not iso-8859-1') }] });
  });

  it('should be refused when it is compressed, and say that it should not be', async () => {
    const { url } = await startServer();
    const body = gzipSync('{"query":"{ __typename }"}');
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body });
    expect(response.status).toBe(415);
    expect(response.headers.get('accept-encoding')).toBe('identity');
    expect(await response.json()).toMatchObject({ errors: [{ message: expect.stringContaining('gzip') }] });
    const plain = { ...headers, 'content-encoding': 'Identity' };
    expect((await fetch(`${url}/graphql`, { method: 'POST', headers: plain, body: '{"query":"{ __typename }"}' })).status).toBe(200);
  });

  it.each([['{}'], ['{"query":null}'], ['{"variables":{}}'], [undefined]])(
    'should be a mistake of the client without a query: %s',
    async (body) => {
      const { url } = await startServer();
      for (const accept of ['application/json', 'application/graphql-response+json']) {
        const headers = { accept, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
        const response = await fetch(`${url}/graphql`, { method: body === undefined ? 'GET' : 'POST', headers, body });
        expect(response.status).toBe(400);
        expect(response.headers.get('content-type')).toContain(accept);
        const { errors } = await response.json();
        expect(errors).toMatchObject([{ message: expect.stringContaining('documentId'), extensions: { code: 'BAD_REQUEST' } }]);
      }
    },
  );

  it.each(['{"query": "a-secret', '', 'a-secret', '\u001fa-secret'])(
    'should be said to be no JSON, and not be repeated: %j',
    async (body) => {
      const { url, lines } = await startServer();
      for (const accept of ['application/json', 'application/graphql-response+json', '*/*']) {
        const response = await fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', accept }, body });
        expect(response.status).toBe(400);
        const message = 'The body is not JSON in UTF-8, such as {"query": "{ __typename }"}';
        expect(await response.json()).toEqual({ errors: [{ message, extensions: { code: 'BAD_REQUEST' } }] });
      }
      expect(lines.filter((line) => line.includes('a-secret'))).toEqual([]);
    },
  );

  it.each(['variables={bad', 'extensions=['])('should be a mistake of the client when a GET has %s', async (parameter) => {
    const { url, lines } = await startServer();
    const response = await fetch(`${url}/graphql${QUERY}&${parameter}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
    expect(lines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  });
});

describe('the form of an answer', () => {
  it('should not be cached', async () => {
    const { url } = await startServer();
    expect((await fetch(`${url}/graphql${QUERY}`)).headers.get('cache-control')).toBe('no-store');
  });

  it.each([
    ['application/json;q=0.5, application/graphql-response+json', 'application/graphql-response+json'],
    ['application/graphql-response+json;q=0, application/json', 'application/json'],
    ['application/graphql-response+json; q=0.2, */*; q=0.1, application/json; Q=0.8', 'application/json'],
    ['application/json, application/graphql-response+json', 'application/json'],
    ['*/*;q=0.1', 'application/json'],
  ])('should for %s be %s', async (accept, expected) => {
    const { url } = await startServer();
    const response = await fetch(`${url}/graphql${QUERY}`, { headers: { accept } });
    expect(response.headers.get('content-type')).toBe(`${expected}; charset=utf-8`);
  });

  it.each(['image/png', 'application/json; charset=iso-8859-1', 'application/json;q=0'])(
    'should be explained to who accepts only %s',
    async (accept) => {
      const { url } = await startServer();
      const response = await fetch(`${url}/graphql${QUERY}`, { headers: { accept } });
      expect(response.status).toBe(406);
      expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
      expect(await response.json()).toMatchObject({ errors: [{ message: expect.stringContaining('accept one of them') }] });
    },
  );

  it('should be a reason for a subscription that cannot be streamed, and leave none behind', async () => {
    const { url, registry } = await startServer();
    registry.put(sampleNode('n-1'));
    for (const accept of ['application/json', 'multipart/mixed', 'image/png']) {
      const response = await fetch(`${url}/graphql${SUBSCRIPTION}`, { headers: { accept } });
      expect(response.status).toBe(406);
      expect(await response.json()).toMatchObject({ errors: [{ message: expect.stringContaining('accept text/event-stream') }] });
    }
    await eventually(() => expect(registry.subscribers).toBe(0));
  });

  it('should be one piece for each operation of a batch, and leave no subscription behind', async () => {
    const { url, registry } = await startServer({ limits: { ...defaultLimits(), LIMIT_BATCH: 2 } });
    registry.put(sampleNode('n-1'));
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, multipart/mixed, text/event-stream' },
      body: JSON.stringify([
        { query: '{ nodeById(nodeId: "n-1") { health ... @defer { changes(first: 1) { cursor } } } }' },
        { query: 'subscription { registrationChanges(snapshot: true) { type } }' },
      ]),
    });
    expect(await response.json()).toEqual([
      { data: { nodeById: { health: 'HEALTHY', changes: [{ cursor: '0000000000000001' }] } } },
      { errors: [{ message: expect.stringContaining('request of its own'), extensions: { code: 'BAD_REQUEST' } }] },
    ]);
    await eventually(() => expect(registry.subscribers).toBe(0));
  });
});
