import { createClient } from 'graphql-ws';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { startServer } from '../running-server.ts';
import { accessOf } from './access.ts';

const hidden = () => startServer({ access: accessOf({ GRAPHQL_INTROSPECTION: 'false', GRAPHIQL: 'false' }) });

async function overWebSocket(wsUrl: string, query: string, variables: Record<string, unknown> = {}): Promise<unknown> {
  const client = createClient({ url: wsUrl, webSocketImpl: WebSocket, retryAttempts: 0 });
  onTestFinished(async () => {
    await client.dispose();
  });
  const results: unknown[] = [];
  const end = await new Promise<unknown>((resolve) => {
    client.subscribe(
      { query, variables },
      { next: (result) => void results.push(result), error: resolve, complete: () => resolve('complete') },
    );
  });
  return end === 'complete' ? results : end;
}

describe('a schema that is not told', () => {
  it.each([
    '{ __schema { types { name } } }',
    '{ a: __type(name: "Node") { name } }',
    'query Q { ...F } fragment F on Query { __schema { description } }',
  ])('should be refused over HTTP and WebSocket: %s', async (query) => {
    const { ask, wsUrl } = await hidden();
    const { status, data, errors } = await ask(query);
    expect([status, data]).toEqual([400, null]);
    expect(errors[0]).toMatchObject({
      message: expect.stringContaining('introspection has been disabled'),
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
    });
    expect(await overWebSocket(wsUrl, query)).toContainEqual(
      expect.objectContaining({ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }),
    );
  });

  it('should not show in what is said of a mistake', async () => {
    const { ask, wsUrl } = await hidden();
    const told = await startServer();
    const strategy = 'query ($s: Strategy) { healthyServices(capability: "x", strategy: $s) { nodeId } }';
    for (const [query, variables] of [
      ['{ capabilites { name } }', {}],
      ['{ nodes(frst: 1) { totalCount } }', {}],
      ['query ($f: NodeFiltr) { nodes(filter: $f) { totalCount } }', {}],
      ['{ healthyServices(capability: "x", strategy: RANDM) { nodeId } }', {}],
      [strategy, { s: 'RANDM' }],
    ] as const) {
      const open = JSON.stringify((await told.ask(query, variables)).errors);
      expect(open, query).toContain('Did you mean');
      const { errors } = await ask(query, variables);
      expect(errors.length).toBeGreaterThan(0);
      expect(JSON.stringify(errors), query).not.toContain('Did you mean');
      expect(JSON.stringify(await overWebSocket(wsUrl, query, variables)), query).not.toContain('Did you mean');
    }
  });

  it('should leave __typename, which clients keep their caches by', async () => {
    const { ask } = await hidden();
    expect(await ask('{ __typename nodes { __typename } }')).toMatchObject({ status: 200, data: { __typename: 'Query' } });
  });
});

describe('GraphiQL that is switched off', () => {
  it('should not be what a browser gets, nor be led to', async () => {
    const { url } = await hidden();
    const page = await fetch(`${url}/graphql`, { headers: { accept: 'text/html' } });
    expect(page.headers.get('content-type')).not.toContain('html');
    expect(page.status).toBeGreaterThanOrEqual(400);
    const index = await fetch(url, { headers: { accept: 'text/html' }, redirect: 'manual' });
    expect([index.status, index.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
  });
});
