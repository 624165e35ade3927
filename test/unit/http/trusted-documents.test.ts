import { once } from 'node:events';
import { getIntrospectionQuery } from 'graphql';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { DOCUMENTS } from '../../../src/client/documents.ts';
import { DiscoveryClient } from '../../../src/client/index.ts';
import { sha256, TrustedDocuments, type TrustedMode } from '../../../src/graphql/trusted-documents.ts';
import { sampleNode } from '../graphql/memory-registry.ts';
import { startServer } from './running-server.ts';

const TEXT = 'query Count { nodes { totalCount } }';
const COUNT = { data: { nodes: { totalCount: 1 } } };
const NOT_FOUND = { errors: [{ extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }] };

async function start(mode: TrustedMode) {
  const texts = new Map([['count', TEXT], ...Object.values(DOCUMENTS).map((text) => [sha256(text), text] as const)]);
  const running = await startServer({ trusted: new TrustedDocuments(mode, texts) });
  running.registry.put(sampleNode('n-1'));
  const post = async (body: unknown, accept = 'application/graphql-response+json') => {
    const headers = { 'content-type': 'application/json', accept };
    const response = await fetch(`${running.url}/graphql`, { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: response.status, ...(await response.json()) };
  };
  const get = async (parameters: Record<string, string>) =>
    (await fetch(`${running.url}/graphql?${new URLSearchParams(parameters)}`)).json();
  /** The first answer to a subscribe message with this payload. */
  const overSocket = async (payload: unknown): Promise<unknown> => {
    const socket = new WebSocket(running.wsUrl, 'graphql-transport-ws');
    await once(socket, 'open');
    socket.send('{"type":"connection_init"}');
    await once(socket, 'message');
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload }));
    const [data] = await once(socket, 'message');
    socket.close();
    return JSON.parse(String(data));
  };
  return { ...running, post, get, overSocket };
}

describe('registered documents', () => {
  const persistedQuery = { version: 1, sha256Hash: sha256(TEXT) };

  it('should be answered by id over POST, GET and WebSocket', async () => {
    const { post, get, overSocket } = await start('only');
    expect(await post({ documentId: 'count' })).toEqual({ status: 200, ...COUNT });
    expect(await post({ documentId: `sha256:${sha256(TEXT)}`, operationName: 'Count', variables: {} })).toEqual({ status: 200, ...COUNT });
    expect(await post({ extensions: { persistedQuery } })).toEqual({ status: 200, ...COUNT });
    expect(await get({ documentId: 'count' })).toEqual(COUNT);
    expect(await get({ extensions: JSON.stringify({ persistedQuery }) })).toEqual(COUNT);
    for (const payload of [
      { documentId: 'count' },
      { query: '', documentId: 'count' },
      { extensions: { persistedQuery } },
      { documentId: 'count', variables: { capability: 'query' } },
      { query: TEXT },
    ]) {
      expect(await overSocket(payload)).toEqual({ id: '1', type: 'next', payload: COUNT });
    }
  });

  it('should be answered by text, so that plain clients work', async () => {
    const { post } = await start('only');
    expect(await post({ query: TEXT })).toEqual({ status: 200, ...COUNT });
  });

  it('should be all that is answered where only they are', async () => {
    const { post, get, overSocket } = await start('only');
    for (const query of ['{ __typename }', getIntrospectionQuery(), `${TEXT} `]) {
      expect(await post({ query })).toMatchObject({ status: 400, ...NOT_FOUND });
      expect(await post({ query }, 'application/json')).toMatchObject({ status: 200, ...NOT_FOUND });
      expect(await get({ query })).toMatchObject(NOT_FOUND);
      expect(await overSocket({ query })).toMatchObject({ type: 'error', payload: NOT_FOUND.errors });
    }
    expect(await post({ documentId: 'nope' })).toMatchObject({ status: 400, ...NOT_FOUND });
    expect(await overSocket({ documentId: 'nope' })).toMatchObject({ type: 'error', payload: NOT_FOUND.errors });
  });

  it('should stand beside others, and not grow by what clients send along', async () => {
    const { post } = await start('allow');
    const text = '{ __typename }';
    const extensions = { persistedQuery: { version: 1, sha256Hash: sha256(text) } };
    expect(await post({ extensions })).toMatchObject(NOT_FOUND);
    expect(await post({ query: text, extensions })).toEqual({ status: 200, data: { __typename: 'Query' } });
    expect(await post({ extensions })).toMatchObject(NOT_FOUND);
  });

  it('should be refused as not supported where none is registered, so that clients send the text', async () => {
    const { ask, url } = await startServer();
    const response = await fetch(`${url}/graphql?documentId=count`);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED' } }] });
    expect((await ask('{ __typename }')).status).toBe(200);
  });

  it('should be asked for where a request has neither text nor id', async () => {
    const { post, overSocket } = await start('allow');
    expect(await post({})).toMatchObject({ status: 400, errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
    expect(await overSocket({ query: '' })).toMatchObject({ type: 'error', payload: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
  });

  it("should be what this package's client sends", async () => {
    const { url } = await start('only');
    const client = new DiscoveryClient({ url: `${url}/graphql` });
    try {
      expect((await client.resolve('database.query')).nodeId).toBe('n-1');
    } finally {
      await client.close();
    }
  });
});
