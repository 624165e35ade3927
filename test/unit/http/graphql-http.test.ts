import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/errors.ts';
import { EXAMPLE_TABS } from '../../../src/http/example-tabs.ts';
import { sampleNode } from '../graphql/memory-registry.ts';
import { startServer } from './running-server.ts';

const json = { 'content-type': 'application/json' };

describe('GraphQL over HTTP', () => {
  it('should answer POST and GET', async () => {
    const { ask, registry, url } = await startServer();
    registry.put(sampleNode('n-1'));
    expect(await ask('query ($id: ID!) { nodeById(nodeId: $id) { health } }', { id: 'n-1' })).toEqual({
      status: 200,
      data: { nodeById: { health: 'HEALTHY' } },
      errors: [],
    });
    const response = await fetch(`${url}/graphql?query=${encodeURIComponent('{ nodes { totalCount } }')}`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ data: { nodes: { totalCount: 1 } } });
  });

  it('should have its fields in the order in which they were asked for, whichever has to be read', async () => {
    const { url, registry } = await startServer();
    registry.put(sampleNode('n-1'));
    const query =
      '{ changes { cursor } registryStatus { stale } nodes { edges { node { changes { cursor } nodeId } cursor } totalCount } }';
    const text = await (await fetch(`${url}/graphql?query=${encodeURIComponent(query)}`)).text();
    expect(text).toMatch(
      /^{"data":{"changes":.*"registryStatus":.*"nodes":{"edges":\[{"node":{"changes":.*"nodeId":.*"cursor":.*"totalCount":1}}}$/,
    );
  });

  it('should mask an internal error, and log it under the id that the client gets', async () => {
    const { ask, registry, lines } = await startServer();
    registry.failure = new Error('relation "nodes" does not exist');
    const { data, errors } = await ask('{ rejectedEvents { reason } capabilities { name } }');
    expect(data).toEqual({ rejectedEvents: null, capabilities: [] });
    expect(errors).toEqual([
      {
        message: "Internal error. The gateway's log has it under correlation id id-1.",
        locations: [{ line: 1, column: 3 }],
        path: ['rejectedEvents'],
        extensions: { code: 'INTERNAL_SERVER_ERROR', correlationId: 'id-1' },
      },
    ]);
    const entry = lines.map((line) => JSON.parse(line)).find((line) => line.correlationId === 'id-1');
    expect(entry).toMatchObject({ level: 'error', path: 'rejectedEvents', error: { message: 'relation "nodes" does not exist' } });
  });

  it('should tell the codes of the contract', async () => {
    const { ask, registry } = await startServer();
    const { errors } = await ask('mutation { deregister(nodeId: "never") { cursor } }');
    expect(errors[0]).toMatchObject({ path: ['deregister'], extensions: { code: 'NODE_NOT_FOUND', nodeId: 'never' } });
    registry.failure = new GatewayError('BACKEND_UNAVAILABLE', 'Postgres does not answer');
    const unavailable = await ask('{ changes { cursor } }');
    expect(unavailable).toMatchObject({ status: 200, data: { changes: null } });
    expect(unavailable.errors[0]?.extensions).toEqual({ code: 'BACKEND_UNAVAILABLE' });
  });

  it.each([
    ['a syntax error', '{ nope', {}, 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', '{ nope }', {}, 'GRAPHQL_VALIDATION_FAILED'],
    ['an answer that would look like a promise', '{ then: capabilities { name } }', {}, 'GRAPHQL_VALIDATION_FAILED'],
    ['such a part of one', '{ registryStatus { ...S } } fragment S on RegistryStatus { then: stale }', {}, 'GRAPHQL_VALIDATION_FAILED'],
    ['a literal that is no cursor', '{ changes(after: "garbage") { cursor } }', {}, 'CURSOR_INVALID'],
    [
      'a variable that is no cursor',
      'query ($after: Cursor) { changes(after: $after) { cursor } }',
      { after: 'garbage' },
      'CURSOR_INVALID',
    ],
    ['a variable of the wrong type', 'query ($first: Int) { nodes(first: $first) { totalCount } }', { first: 'x' }, 'BAD_USER_INPUT'],
    ['a missing variable', 'query ($id: ID!) { nodeById(nodeId: $id) { name } }', {}, 'BAD_USER_INPUT'],
  ])('should answer 400 and a code for %s', async (_what, query, variables, code) => {
    const { ask, lines } = await startServer();
    const { status, errors } = await ask(query, variables);
    expect(status).toBe(400);
    expect(errors.map((error) => error.extensions)).toEqual([{ code }]);
    expect(lines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  });

  it('should take the operator from the header', async () => {
    const { ask, registry } = await startServer();
    registry.put(sampleNode('ghost'));
    const { errors } = await ask('mutation { deregister(nodeId: "ghost") { cursor } }', {}, { 'x-operator': 'alice' });
    expect(errors).toEqual([]);
    expect(registry.callers).toEqual([{ operator: 'alice' }]);
  });

  it('should batch the changes of all nodes of an answer', async () => {
    const { ask, registry } = await startServer();
    for (const id of ['a', 'b', 'c']) registry.put(sampleNode(id));
    const { errors } = await ask('{ nodes { edges { node { changes(first: 2) { cursor } } } } }');
    expect(errors).toEqual([]);
    expect(registry.batches).toEqual([{ ids: ['a', 'b', 'c'], first: 2 }]);
  });

  it('should refuse batches', async () => {
    const { url } = await startServer();
    const body = JSON.stringify([{ query: '{ __typename }' }]);
    const response = await fetch(`${url}/graphql`, { method: 'POST', headers: json, body });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'LIMIT_EXCEEDED', limit: 'LIMIT_BATCH' } }] });
  });

  it('should refuse a body over 1 MiB', async () => {
    const { url } = await startServer();
    const body = JSON.stringify({ query: '{ __typename }', variables: { long: 'x'.repeat(1_048_576) } });
    const response = await fetch(`${url}/graphql`, { method: 'POST', headers: json, body });
    expect(response.status).toBe(413);
  });

  it('should let pages of allowed origins ask, and no others', async () => {
    const { url } = await startServer({ allowedOrigins: ['https://dashboard.example'] });
    const from = async (origin: string) => {
      const headers = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' };
      const response = await fetch(`${url}/graphql`, { method: 'OPTIONS', headers });
      return response.headers.get('access-control-allow-origin');
    };
    expect(await from('https://dashboard.example')).toBe('https://dashboard.example');
    expect(await from('https://evil.example')).not.toBe('https://evil.example');
  });
});

describe('GraphiQL', () => {
  it('should open in a browser without loading anything from elsewhere, subscribe over WebSocket, and begin with the examples', async () => {
    const { url } = await startServer();
    const response = await fetch(`${url}/graphql`, { headers: { accept: 'text/html' } });
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const html = await response.text();
    expect(html).not.toMatch(/<(script|link|img|iframe)\b[^>]*\b(src|href)\s*=\s*["']?(https?:)?\/\//i);
    expect(html).not.toMatch(/@import\s+(url\()?["']?(https?:)?\/\/|url\(["']?(https?:)?\/\//i);
    expect(html).not.toMatch(/unpkg\.com|jsdelivr\.net|cdnjs\.cloudflare|esm\.sh|googleapis\.com/);
    const options = html.slice(html.lastIndexOf('YogaGraphiQL.renderYogaGraphiQL('));
    expect(options).toContain('"subscriptionsProtocol":"WS"');
    for (const { query } of EXAMPLE_TABS) expect(options).toContain(JSON.stringify(query));
  });

  it('should be sent once, and again to who cannot unzip', async () => {
    const { url } = await startServer();
    const first = await fetch(`${url}/graphql`, { headers: { accept: 'text/html' } });
    expect(first.headers.get('content-encoding')).toBe('gzip');
    const zipped = await first.text();
    const etag = first.headers.get('etag') ?? '';
    const second = await fetch(`${url}/graphql`, { headers: { accept: 'text/html', 'if-none-match': etag } });
    expect(second.status).toBe(304);
    const plain = await fetch(`${url}/graphql`, { headers: { accept: 'text/html', 'accept-encoding': 'identity' } });
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(await plain.text()).toBe(zipped);
    const head = await fetch(`${url}/graphql`, { method: 'HEAD', headers: { accept: 'text/html' } });
    expect(head.headers.get('etag')).toBe(etag);
    expect(await head.text()).toBe('');
  });
});
