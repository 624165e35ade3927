import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { createClient } from 'graphql-ws';
import { createYoga } from 'graphql-yoga';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { GatewayError } from '../../../../src/errors.ts';
import { SCOPES } from '../../../../src/graphql/asker.ts';
import { answerBy } from '../../../../src/http/fetch-answer.ts';
import type { ServerContext } from '../../../../src/http/graphql-endpoint.ts';
import { eventually } from '../../../eventually.ts';
import { sampleNode } from '../../graphql/memory-registry.ts';
import { type RunningServer, startServer } from '../running-server.ts';
import { accessOf, bearer, READ_TOKEN, TOKENS, WRITE_TOKEN, WRONG_TOKEN } from './access.ts';
import { startIssuer } from './issuer.ts';

/** As it comes from a driver, with what nobody outside may see. */
function driverError(): Error {
  const error = new Error('connect failed: postgres://registry:hunter2@10.9.8.7:5432/registry');
  return Object.assign(error, { detail: 'hunter2' });
}

const LEAK = /hunter2|10\.9\.8\.7|\bat .*\(|\.ts:\d+|node_modules|stack/;

function watch({ wsUrl }: RunningServer, query: string) {
  const client = createClient({ url: wsUrl, webSocketImpl: WebSocket, retryAttempts: 0 });
  onTestFinished(async () => {
    await client.dispose();
  });
  const results: unknown[] = [];
  const ended = new Promise<unknown>((resolve) => {
    client.subscribe({ query }, { next: (result) => void results.push(result), error: resolve, complete: () => resolve('complete') });
  });
  return { results, ended };
}

describe('a failure on the inside', () => {
  it.each(['application/json', 'application/graphql-response+json', 'text/event-stream'])(
    'should keep to itself over HTTP, answered as %s',
    async (accept) => {
      const running = await startServer();
      running.registry.failure = driverError();
      const response = await fetch(`${running.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept },
        body: JSON.stringify({ query: '{ rejectedEvents { reason } changes { cursor } }' }),
      });
      const text = await response.text();
      expect(text).toContain('INTERNAL_SERVER_ERROR');
      expect(text).toContain('id-1');
      expect(text).not.toMatch(LEAK);
      expect(running.lines.join()).toContain('connect failed');
      expect(running.lines.join()).not.toContain('hunter2@');
    },
  );

  it('should keep to itself in a mutation', async () => {
    const running = await startServer();
    running.registry.failure = driverError();
    const { errors } = await running.ask('mutation { requestIntrospection { correlationId } }');
    expect(errors).toMatchObject([{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }]);
    expect(JSON.stringify(errors)).not.toMatch(LEAK);
  });

  it('should keep to itself over WebSocket, within a result and as the end of a subscription', async () => {
    const running = await startServer();
    running.registry.failure = driverError();
    const query = watch(running, '{ rejectedEvents { reason } }');
    expect(await query.ended).toBe('complete');
    const subscription = watch(running, 'subscription { healthyServices(capability: "x") { nodeId } }');
    await eventually(() => expect(subscription.results).toHaveLength(1));
    running.registry.failFeeds(driverError());
    const text = JSON.stringify([query.results, await subscription.ended]);
    expect(text).toContain('INTERNAL_SERVER_ERROR');
    expect(text).not.toMatch(LEAK);
  });

  it('should keep to itself over SSE', async () => {
    const running = await startServer();
    const response = await fetch(`${running.url}/graphql?query=subscription{healthyServices(capability:"x"){nodeId}}`, {
      headers: { accept: 'text/event-stream' },
    });
    const text = response.text();
    await eventually(() => expect(running.registry.subscribers).toBe(1));
    running.registry.failFeeds(driverError());
    expect(await text).toContain('INTERNAL_SERVER_ERROR');
    expect(await text).not.toMatch(LEAK);
  });

  it('should keep to itself beside GraphQL', async () => {
    const running = await startServer();
    running.setHealth(driverError());
    const response = await fetch(`${running.url}/health`);
    const text = await response.text();
    expect([response.status, text.includes('INTERNAL_SERVER_ERROR')]).toEqual([500, true]);
    expect(text).not.toMatch(LEAK);
  });

  it('should keep to itself where it comes before GraphQL begins', async () => {
    const yoga = createYoga<ServerContext>({
      plugins: [
        {
          onRequest: () => {
            throw driverError();
          },
        },
      ],
      logging: false,
    });
    const asker = { key: 'a', authenticated: false, name: null, scopes: SCOPES.read, expiresAt: null };
    const failures: unknown[] = [];
    const server = createServer((request, response) => {
      answerBy(yoga, request, response, { asker }).catch((error: unknown) => {
        failures.push(error);
        response.writeHead(500).end();
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => void server.close());
    const address = server.address();
    const response = await fetch(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/graphql?query={__typename}`);
    expect([response.status, await response.text()]).toEqual([500, '']);
    expect(failures).toMatchObject([{ message: expect.stringContaining('connect failed') }]);
  });

  it.each(['127.0.0.1:99999', '[::1', 'a b', '%', '@127.0.0.1', '127.0.0.999', '', '127.0.0.1\r\nHost: evil.example'])(
    'should not come of a Host that cannot be one: %j',
    async (host) => {
      const { port, lines } = await startServer({ access: accessOf(TOKENS) });
      for (const head of [
        'GET /graphql?query={__typename} HTTP/1.1\r\nConnection: close',
        'GET /metrics HTTP/1.1\r\nConnection: close',
        'GET /graphql HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: YQ==',
      ]) {
        const socket = connect(port, '127.0.0.1');
        onTestFinished(() => void socket.destroy());
        socket.end(`${head}\r\nAuthorization: Bearer ${READ_TOKEN}\r\nHost: ${host}\r\n\r\n`);
        const text = (await socket.setEncoding('utf8').toArray()).join('');
        expect(text).toMatch(/^HTTP\/1\.1 400 /);
        expect(text).not.toMatch(LEAK);
      }
      expect(lines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
    },
  );

  it('should tell what is meant for clients, and not what caused it', async () => {
    const running = await startServer();
    running.registry.failure = new GatewayError('BACKEND_UNAVAILABLE', 'Postgres does not answer', {}, { cause: driverError() });
    const { errors } = await running.ask('{ changes { cursor } }');
    expect(errors).toMatchObject([{ message: 'Postgres does not answer', extensions: { code: 'BACKEND_UNAVAILABLE' } }]);
    expect(JSON.stringify(errors)).not.toMatch(LEAK);
  });
});

describe('the log', () => {
  it('should have no token in it, whatever becomes of it, and over whatever transport it came', async () => {
    const issuer = await startIssuer();
    await issuer.newKey('one');
    await issuer.newKey('two', { publish: false });
    const running = await startServer({ access: accessOf({ ...TOKENS, ...issuer.env, AUTH_METRICS: 'true' }) });
    running.registry.put(sampleNode('ghost'));
    const now = Date.now();
    const jwts = [
      await issuer.sign('one', now),
      await issuer.sign('one', now - 3_600_000),
      await issuer.sign('two', now),
      await issuer.sign('one', now, { aud: 'shop' }),
    ];
    const remove = 'mutation { deregister(nodeId: "ghost") { cursor } }';
    for (const token of [READ_TOKEN, WRITE_TOKEN, WRONG_TOKEN, ...jwts]) {
      await running.ask('{ nodes { totalCount } }', {}, bearer(token));
      await running.ask(remove, {}, bearer(token));
      await running.ask('{ nope', {}, { authorization: `Basic ${token}` });
      await running.ask('{ __typename }', {}, { authorization: `Bearer ${token} ${token}` });
      await (await fetch(`${running.url}/metrics`, { headers: bearer(token) })).text();
      const socket = new WebSocket(running.wsUrl, 'graphql-transport-ws');
      await once(socket, 'open');
      socket.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: `Bearer ${token}` } }));
      await Promise.race([once(socket, 'message'), once(socket, 'close')]);
      socket.terminate();
    }
    running.registry.failure = driverError();
    await running.ask('{ changes { cursor } }', {}, bearer(READ_TOKEN));
    await issuer.stop();
    const late = await startServer({ access: accessOf(issuer.env) });
    await late.ask('{ __typename }', {}, bearer(await issuer.sign('one', now)));
    const log = [...running.lines, ...late.lines].join('\n');
    expect(log).toContain('turned a request away');
    expect(log).toContain('could not fetch the keys of the issuer');
    expect(log).not.toMatch(/0123456789abcdef|eyJ|hunter2/);
    for (const token of jwts) expect(log).not.toContain(token.split('.')[2]);
  });
});
