import { describe, expect, it } from 'vitest';
import { sampleNode } from '../graphql/memory-registry.ts';
import { type RunningServer, startServer } from './running-server.ts';

/** All that a page of another origin can make a browser send without asking first has one of these types, or none. */
const SIMPLE_TYPES = [
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'text/plain',
  'text/plain; application/json',
  'text/plain, application/json',
  'application/graphql',
];

const REMOVAL = 'mutation { deregister(nodeId: "n-1") { cursor } }';

async function withNode(): Promise<RunningServer> {
  const running = await startServer();
  running.registry.put(sampleNode('n-1'));
  return running;
}

describe('a page of another origin', () => {
  it.each(SIMPLE_TYPES)('should not get %s past the door', async (type) => {
    const { url, registry } = await withNode();
    for (const body of [JSON.stringify({ query: REMOVAL }), `query=${encodeURIComponent(REMOVAL)}`, REMOVAL]) {
      const response = await fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': type }, body });
      expect(response.status).toBe(415);
      expect(await response.json()).toMatchObject({
        errors: [{ message: 'POST takes Content-Type: application/json only.', extensions: { code: 'BAD_REQUEST' } }],
      });
    }
    expect(registry.callers).toEqual([]);
  });

  it('should not get a body without a type past the door', async () => {
    const { url, registry } = await withNode();
    // As sendBeacon sends bytes.
    const body = new TextEncoder().encode(JSON.stringify({ query: REMOVAL }));
    const response = await fetch(`${url}/graphql`, { method: 'POST', body });
    expect(response.status).toBe(415);
    expect(registry.callers).toEqual([]);
  });

  it.each(['GET', 'HEAD'])('should change nothing by %s, whatever it accepts', async (method) => {
    const { url, registry } = await withNode();
    for (const accept of ['*/*', 'application/json', 'application/graphql-response+json', 'text/event-stream', 'multipart/mixed']) {
      for (const query of [REMOVAL, 'mutation { requestIntrospection { correlationId } }', `query Q { __typename } ${REMOVAL}`]) {
        const response = await fetch(`${url}/graphql?query=${encodeURIComponent(query)}`, { method, headers: { accept } });
        await response.text();
        // The last one names no operation, and has two.
        expect(response.status).toBe(query.startsWith('mutation') ? 405 : 400);
      }
    }
    const picked = `mutation M { requestIntrospection { correlationId } } query Q { __typename }`;
    const response = await fetch(`${url}/graphql?operationName=M&query=${encodeURIComponent(picked)}`, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
    expect(registry.callers).toEqual([]);
    expect(registry.node('n-1')?.state).toBe('REGISTERED');
  });

  it('should not be let in by a preflight', async () => {
    const { url } = await startServer();
    const headers = {
      origin: 'https://evil.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    };
    const response = await fetch(`${url}/graphql`, { method: 'OPTIONS', headers });
    expect(response.status).toBe(204);
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });
});
