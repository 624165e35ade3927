import { type Client, createClient } from 'graphql-ws';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { defaultLimits } from '../../../src/config/limits.ts';
import type { AnsweredOperation } from '../../../src/http/operation-observer.ts';
import type { HttpServerOptions } from '../../../src/http/server.ts';
import { StatusCounts } from '../../../src/http/status-counts.ts';
import { eventually } from '../../eventually.ts';
import { sampleNode } from '../graphql/memory-registry.ts';
import { type RunningServer, startServer } from './running-server.ts';

const SERVICES = '{ healthyServices(capability: "database.query") { nodeId } }';

async function setUp(options: Partial<HttpServerOptions> = {}) {
  const answered: AnsweredOperation[] = [];
  const statuses = new StatusCounts();
  const running = await startServer({ observer: { answered: (operation) => void answered.push(operation) }, statuses, ...options });
  running.registry.put(sampleNode('n-1'));
  const told = () => answered.map(({ kind, outcome }) => `${kind} ${outcome}`);
  return { ...running, statuses, answered, told };
}

function connect({ wsUrl }: Pick<RunningServer, 'wsUrl'>): Client {
  const client = createClient({ url: wsUrl, webSocketImpl: WebSocket, retryAttempts: 0 });
  onTestFinished(async () => {
    await client.dispose();
  });
  return client;
}

/** Until it ended, with whatever. */
const end = (client: Client, query: string) =>
  new Promise<void>((resolve) => {
    client.subscribe({ query }, { next: () => undefined, error: () => resolve(), complete: () => resolve() });
  });

describe('the observer of operations', () => {
  it('should be told of a query once, whether Yoga answers it or not', async () => {
    const { ask, told, answered, statuses } = await setUp();
    const before = performance.now();
    for (let asked = 0; asked < 5; asked += 1) await ask(SERVICES);
    expect(told()).toEqual(Array.from({ length: 5 }, () => 'query ok'));
    for (const { startedAt } of answered) expect(startedAt).toBeGreaterThanOrEqual(before);
    await eventually(() => expect(Object.fromEntries(statuses.read())).toEqual({ '2xx': 5, '3xx': 0, '4xx': 0, '5xx': 0 }));
  });

  it('should be told what kind it was, and what failed', async () => {
    const { ask, told } = await setUp();
    await ask('mutation { requestIntrospection { correlationId } }');
    await ask('mutation { deregister(nodeId: "nobody") { cursor } }');
    await ask('{ nonsense }');
    await ask('{ nonsense');
    expect(told()).toEqual(['mutation ok', 'mutation error', 'unknown error', 'unknown error']);
  });

  it('should be told who is refused: by a limit before it is read, by one inside, and for who asks', async () => {
    const { ask, told } = await setUp({
      limits: { ...defaultLimits(), LIMIT_DEPTH: 2 },
      access: { tokens: [], jwt: null, anonymous: 'read', hosts: null, metrics: false, introspection: true, graphiql: true },
    });
    await ask('{ nodes(first: 1) { edges { node { nodeId } } } }');
    await ask('mutation { deregister(nodeId: "n-1") { cursor } }');
    expect(told()).toEqual(['unknown refused', 'mutation refused']);
  });

  it('should be told of a refusal that the shorter way met, once', async () => {
    const { ask, told } = await setUp({ limits: { ...defaultLimits(), LIMIT_RATE: 1, LIMIT_RATE_BURST: 4 } });
    for (let asked = 0; asked < 5; asked += 1) await ask(SERVICES);
    expect(told()).toEqual(['query ok', 'query ok', 'query ok', 'query ok', 'unknown refused']);
  });

  it('should be told of each of a batch', async () => {
    const { url, told } = await setUp({ limits: { ...defaultLimits(), LIMIT_BATCH: 2 } });
    await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([{ query: SERVICES }, { query: '{ nonsense }' }]),
    });
    expect(told().toSorted()).toEqual(['query ok', 'unknown error']);
  });

  it('should be told of what comes over a WebSocket, a subscription as it begins', async () => {
    const running = await setUp();
    const client = connect(running);
    const stop = client.subscribe(
      { query: 'subscription { registrationChanges { cursor } }' },
      { next: () => undefined, error: () => undefined, complete: () => undefined },
    );
    await eventually(() => expect(running.told()).toEqual(['subscription ok']));
    await end(client, SERVICES);
    await end(client, '{ nonsense }');
    await end(client, 'subscription { registrationChanges(after: "0000000000009999") { cursor } }');
    stop();
    expect(running.told().slice(1)).toEqual(['query ok', 'unknown error', 'subscription ok']);
  });

  it('should be told of a stream of events as it begins', async () => {
    const { url, told } = await setUp();
    const gone = new AbortController();
    await fetch(`${url}/graphql`, {
      method: 'POST',
      signal: gone.signal,
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: 'subscription { registrationChanges { cursor } }' }),
    });
    expect(told()).toEqual(['subscription ok']);
    gone.abort();
  });
});
