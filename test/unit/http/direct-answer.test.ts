import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { limitVariables } from '../../../src/config/limits.ts';
import { sampleNode } from '../graphql/memory-registry.ts';
import { type RunningServer, startServer } from './running-server.ts';

const QUERY = 'query Q($name: String!) { healthyServices(capability: $name) { nodeId url } }';
const VARIABLES = { name: 'database.query' };

interface Answered {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** Nobody gets anything without a token. */
const CLOSED = { jwt: null, anonymous: 'nothing', hosts: null, metrics: false, introspection: true, graphiql: true } as const;

describe('answers without Yoga', () => {
  async function serverWithNodes(options: Parameters<typeof startServer>[0] = {}): Promise<RunningServer> {
    const running = await startServer(options);
    running.registry.put(sampleNode('reader-1'), 'ADDED');
    running.registry.put(sampleNode('läser-2'), 'ADDED');
    return running;
  }

  async function post(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answered> {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const { date: _date, ...rest } = Object.fromEntries(response.headers);
    return { status: response.status, headers: rest, body: await response.text() };
  }

  /** The answer to the first of several equal requests, which Yoga gives, and to the last, by when the document is known and compiled. */
  async function firstAndLast(url: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<readonly Answered[]> {
    const answers: Answered[] = [];
    for (let asked = 0; asked < 6; asked += 1) answers.push(await post(url, body, headers));
    return [answers[0], answers[5]].flatMap((answer) => answer ?? []);
  }

  it.each([
    ['nothing', undefined],
    ['anything', '*/*'],
    ['JSON', 'application/json'],
    ['what axios accepts', 'application/json, text/plain, */*'],
    ['GraphQL', 'application/graphql-response+json'],
    ['both', 'application/graphql-response+json, application/json'],
    ['what Apollo accepts', 'application/graphql-response+json,application/json;q=0.9'],
    ['what graphql-http accepts', 'application/graphql-response+json, application/json;q=0.9'],
    [
      'what urql accepts',
      'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed',
    ],
    ['HTML or JSON', 'text/html, application/json'],
  ])('should not differ from the others, to whoever accepts %s', async (_what, accept) => {
    const { url } = await serverWithNodes();
    const [first, last] = await firstAndLast(url, { query: QUERY, variables: VARIABLES }, accept === undefined ? {} : { accept });
    expect(first?.status).toBe(200);
    expect(JSON.parse(first?.body ?? '')).toEqual({ data: { healthyServices: [expect.anything(), expect.anything()] } });
    expect(last).toEqual(first);
  });

  it.each([
    ['a variable of the wrong type', { query: QUERY, variables: { name: 1 } }],
    ['a missing variable', { query: QUERY }],
    ['variables that are none', { query: QUERY, variables: [VARIABLES] }],
    ['an operation that is not there', { query: QUERY, variables: VARIABLES, operationName: 'R' }],
    [
      'a field that fails',
      { query: 'query ($v: String) { healthyServices(capability: "x", versionRange: $v) { nodeId } }', variables: { v: 'nonsense' } },
    ],
    ['a page that is too long', { query: 'query ($n: Int) { nodes(first: $n) { totalCount } }', variables: { n: 100_000 } }],
    ['an id that is not registered', { documentId: 'nobody', variables: VARIABLES }],
    ['what is no object', [{ query: QUERY, variables: VARIABLES }]],
    ['an empty object', {}],
    ['what is no JSON', '{"query": '],
    ['nothing', ''],
    ['a text', '"{ nodes { totalCount } }"'],
  ])('should leave it to the others to tell of %s', async (_what, body) => {
    const { url } = await serverWithNodes();
    // So that a document which works with other variables is known.
    if (typeof body === 'object' && 'query' in body)
      await firstAndLast(url, { ...body, variables: { ...VARIABLES, v: '^1.0.0', n: 1 }, operationName: null });
    const [first, last] = await firstAndLast(url, body);
    expect(last).toEqual(first);
    expect(first?.body).toContain('errors');
  });

  it.each([
    ['a parameter that there is not', { query: QUERY, variables: VARIABLES }, { foo: 1 }],
    [
      'a list in place of an input',
      { query: 'query ($f: NodeFilter!) { nodes(filter: $f) { totalCount } }', variables: { f: {} } },
      { variables: { f: [] } },
    ],
  ])('should not take %s, which the others refuse', async (_what, right, wrong) => {
    const { url } = await serverWithNodes();
    const before = await post(url, { ...right, ...wrong });
    await firstAndLast(url, right);
    expect(await post(url, { ...right, ...wrong })).toEqual(before);
    expect(before.status).toBe(400);
  });

  it('should be given once a document was asked for several times', async () => {
    const { url } = await serverWithNodes();
    const body = JSON.stringify({ query: QUERY, variables: VARIABLES });
    const direct: boolean[] = [];
    for (let asked = 0; asked < 6; asked += 1) {
      const sent = request(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' } }).end(body);
      const [answer] = await once(sent, 'response');
      answer.resume();
      // The Fetch API, through which Yoga answers, writes the names of headers in lower case.
      direct.push(answer.rawHeaders.includes('Content-Length'));
    }
    // Yoga reads the document first, and only what is known is counted.
    expect(direct).toEqual([false, false, false, true, true, true]);
  });

  it('should count an operation once, and refuse what is too much in the same words', async () => {
    const { url } = await serverWithNodes({ limits: limitVariables.parse({ LIMIT_RATE: '1', LIMIT_RATE_BURST: '8' }) });
    const answers: Answered[] = [];
    for (let asked = 0; asked < 10; asked += 1) answers.push(await post(url, { query: QUERY, variables: VARIABLES }));
    // A token comes back each second.
    expect(answers.filter(({ status }) => status === 200).length).toBeOneOf([8, 9]);
    expect(answers.at(-1)?.body).toContain('"limit":"LIMIT_RATE"');
  });

  it('should ask for the token as the others do', async () => {
    const access = { ...CLOSED, tokens: [] };
    const { url } = await serverWithNodes({ access });
    const [first, last] = await firstAndLast(url, { query: QUERY, variables: VARIABLES });
    expect(last).toEqual(first);
    expect(first?.body).toContain('UNAUTHENTICATED');
  });

  it('should be true now, and for who asks now, though the bytes of the question are known', async () => {
    const digest = createHash('sha256').update('secret').digest();
    const access = { ...CLOSED, tokens: [{ name: 'ci', digest, mayWrite: false }] };
    const running = await serverWithNodes({ access, limits: limitVariables.parse({ LIMIT_RATE: '1', LIMIT_RATE_BURST: '8' }) });
    const body = { query: QUERY, variables: VARIABLES };
    const headers = { authorization: 'Bearer secret' };
    await firstAndLast(running.url, body, headers);
    running.registry.put(sampleNode('reader-3'), 'ADDED');
    expect(JSON.parse((await post(running.url, body, headers)).body).data.healthyServices).toHaveLength(3);
    expect(await post(running.url, body)).toMatchObject({ status: 401, body: expect.stringContaining('UNAUTHENTICATED') });
    for (let asked = 0; asked < 3; asked += 1) await post(running.url, body, headers);
    expect((await post(running.url, body, headers)).body).toContain('"limit":"LIMIT_RATE"');
  });

  it('should say that an answer may be old', async () => {
    const running = await serverWithNodes();
    await firstAndLast(running.url, { query: QUERY, variables: VARIABLES });
    running.registry.fresh = { source: 'SNAPSHOT', asOf: Date.now(), stale: true };
    const { headers } = await post(running.url, { query: QUERY, variables: VARIABLES });
    expect(headers['registry-status']).toMatch(/^stale;source=snapshot;age=/);
  });
});
