import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { backoff, followChecks, gapAfter, nextIndex } from '../../../src/consul/check-watch.ts';
import type { ObservedChecks } from '../../../src/consul/observed-checks.ts';
import { ownerNote } from '../../../src/consul/owner-note.ts';
import { eventually } from '../../eventually.ts';

type Handler = (query: URLSearchParams, response: ServerResponse) => void;

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const agentsOwn = { Node: 'agent', CheckID: 'serfHealth', ServiceID: '', Status: 'passing', Output: '', Notes: '' };
const serviceCheck = { ...agentsOwn, CheckID: 'service:effect-a', ServiceID: 'effect-a', Notes: ownerNote('ours') };
const body = (status: string) => JSON.stringify([agentsOwn, { ...serviceCheck, Status: status }]);

function answer(response: ServerResponse, index: number, status: string): void {
  response.writeHead(200, { 'content-type': 'application/json', 'x-consul-index': index }).end(body(status));
}

/** Follows a server that answers the n-th query with the n-th handler, and holds every later query. */
async function follow(handlers: readonly Handler[], pace: { readonly wait?: number; readonly margin?: number } = {}) {
  const queries: URLSearchParams[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const query = new URL(request.url ?? '', 'http://consul').searchParams;
    queries.push(query);
    handlers[queries.length - 1]?.(query, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const abort = new AbortController();
  const reports: ObservedChecks[] = [];
  const errors: Error[] = [];
  const done = followChecks({
    address: { host: '127.0.0.1', port, token: null, secure: false, caFile: null },
    registryId: () => 'ours',
    onChecks: (checks) => reports.push(checks),
    onError: (error) => errors.push(error),
    signal: abort.signal,
    random: () => 0,
    ...pace,
  });
  stops.push(async () => {
    abort.abort();
    await done;
    server.closeAllConnections();
    server.close();
  });
  const statuses = () => reports.map((checks) => checks.get('effect-a')?.status);
  return { queries, errors, statuses, abort, done };
}

describe('followChecks', () => {
  it('should report the set at once, ask on from its index, and report only changes', async () => {
    const { queries, statuses } = await follow([
      (_, response) => answer(response, 10, 'passing'),
      (_, response) => answer(response, 11, 'passing'),
      (_, response) => answer(response, 12, 'critical'),
    ]);
    await eventually(() => expect(queries).toHaveLength(4));
    expect(statuses()).toEqual(['passing', 'critical']);
    expect(queries.map((query) => query.get('index'))).toEqual([null, '10', '11', '12']);
    expect(queries[1]?.get('wait')).toBe('30000ms');
  });

  it('should start over when the index goes backwards', async () => {
    const { queries, statuses } = await follow([
      (_, response) => answer(response, 1000, 'passing'),
      (_, response) => answer(response, 5, 'passing'),
      (_, response) => answer(response, 6, 'critical'),
    ]);
    await eventually(() => expect(queries).toHaveLength(4));
    expect(queries.map((query) => query.get('index'))).toEqual([null, '1000', null, '6']);
    expect(statuses()).toEqual(['passing', 'critical']);
  });

  it('should report an error, ask without an index, and report the set again', async () => {
    const { queries, errors, statuses } = await follow([
      (_, response) => answer(response, 10, 'passing'),
      (_, response) => response.writeHead(500).end('No cluster leader'),
      (_, response) => answer(response, 10, 'passing'),
    ]);
    await eventually(() => expect(queries).toHaveLength(4));
    expect(errors.map((error) => error.name)).toEqual(['BackendError']);
    expect(queries[2]?.get('index')).toBeNull();
    expect(statuses()).toEqual(['passing', 'passing']);
  });

  it('should notice a connection that hangs', async () => {
    const { queries, errors, statuses } = await follow(
      [(_, response) => answer(response, 10, 'passing'), () => undefined, (_, response) => answer(response, 11, 'critical')],
      { wait: 10, margin: 200 },
    );
    await eventually(() => expect(queries).toHaveLength(3));
    expect(errors).toHaveLength(1);
    await eventually(() => expect(statuses()).toEqual(['passing', 'critical']));
  });

  it('should notice a connection that breaks inside an answer', async () => {
    const { queries, errors, statuses } = await follow([
      (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'x-consul-index': 10, 'content-length': 10_000 });
        response.write('[', () => response.destroy());
      },
      (_, response) => answer(response, 11, 'critical'),
    ]);
    await eventually(() => expect(queries.length).toBeGreaterThanOrEqual(2));
    expect(errors).toHaveLength(1);
    await eventually(() => expect(statuses()).toEqual(['critical']));
  });

  it('should not take the empty catalog of a starting server for the end of all services', async () => {
    const { queries, errors, statuses } = await follow([
      (_, response) => answer(response, 10, 'passing'),
      (_, response) => response.writeHead(200, { 'content-type': 'application/json', 'x-consul-index': 1 }).end('[]'),
      (_, response) => answer(response, 10, 'critical'),
    ]);
    await eventually(() => expect(queries).toHaveLength(4));
    expect(errors.map((error) => error.message)).toEqual([expect.stringContaining('node:read')]);
    expect(statuses()).toEqual(['passing', 'critical']);
  });

  it('should report an answer that is none of Consul', async () => {
    const { queries, errors } = await follow([
      (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>a proxy</html>'),
    ]);
    await eventually(() => expect(queries).toHaveLength(2));
    expect(errors.map((error) => error.name)).toEqual(['BackendError']);
  });

  it('should stop at once, without an error, in the middle of a query', async () => {
    const { queries, errors, abort, done } = await follow([() => undefined]);
    await eventually(() => expect(queries).toHaveLength(1));
    const start = performance.now();
    abort.abort();
    await done;
    expect(performance.now() - start).toBeLessThan(1000);
    expect(errors).toEqual([]);
  });
});

describe('the pace of the watch', () => {
  it('should follow the rules of blocking queries', () => {
    expect(nextIndex(7n, 9n)).toBe(9n);
    expect(nextIndex(9n, 7n)).toBe(0n);
    expect(nextIndex(0n, 0n)).toBe(1n);
  });

  it('should never be a busy loop, nor slower than a second', () => {
    expect(gapAfter(0)).toBe(150);
    expect(gapAfter(100_000)).toBe(1000);
  });

  it('should back off from 200 ms to 1 s, half of it random: it must not be blind for long once Consul answers', () => {
    expect(backoff(0, () => 0)).toBe(100);
    expect(backoff(0, () => 1)).toBe(200);
    expect(backoff(1000, () => 1)).toBe(1000);
  });
});
