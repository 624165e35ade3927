import { once } from 'node:events';
import { type Client, createClient } from 'graphql-ws';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { RefusalCounts } from '../../../../src/http/auth/refusal.ts';
import { eventually } from '../../../eventually.ts';
import { until } from '../../../until.ts';
import { sampleNode } from '../../graphql/memory-registry.ts';
import { type RunningServer, startServer } from '../running-server.ts';
import { accessOf, bearer, NAMELESS_TOKEN, READ_TOKEN, TOKENS, WRITE_TOKEN, WRONG_TOKEN } from './access.ts';
import { startIssuer } from './issuer.ts';

const WATCH = 'subscription { healthyServices(capability: "database.query") { nodeId } }';
const REMOVE = 'mutation { deregister(nodeId: "ghost") { cursor } }';

async function guarded(env: NodeJS.ProcessEnv = TOKENS, now?: () => number) {
  const refusals = new RefusalCounts();
  const running = await startServer({ access: accessOf(env), onTurnedAway: (reason) => refusals.add(reason), now });
  running.registry.put(sampleNode('ghost'));
  return { ...running, refused: () => Object.fromEntries([...refusals.read()].filter(([, count]) => count > 0)) };
}

/** What a socket hears after its connection_init: an acknowledgement, or how it is closed. */
async function opened({ wsUrl }: Pick<RunningServer, 'wsUrl'>, payload: unknown, headers: Record<string, string> = {}) {
  const socket = new WebSocket(wsUrl, 'graphql-transport-ws', { headers });
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  const heard = Promise.race([
    once(socket, 'message').then(([data]) => JSON.parse(String(data)).type),
    once(socket, 'close').then(([code, reason]) => `${code} ${reason}`),
  ]);
  socket.send(JSON.stringify({ type: 'connection_init', payload }));
  return { socket, heard: await heard };
}

/** The stock client, as its users have it. */
function stockClient({ wsUrl }: RunningServer, connectionParams: () => Record<string, unknown>) {
  const closes: unknown[] = [];
  const client: Client = createClient({
    url: wsUrl,
    webSocketImpl: WebSocket,
    connectionParams,
    retryAttempts: 10,
    retryWait: () => Promise.resolve(),
    on: { closed: (event) => void closes.push(event) },
  });
  onTestFinished(async () => {
    await client.dispose();
  });
  const run = (query: string) => {
    const results: unknown[] = [];
    const ended = new Promise<unknown>((resolve) => {
      client.subscribe({ query }, { next: (result) => void results.push(result), error: resolve, complete: () => resolve('complete') });
    });
    return { results, ended };
  };
  return { run, closes };
}

describe('a socket', () => {
  it.each<[string, Record<string, unknown> | undefined, Record<string, string>?]>([
    ['Authorization among its parameters', { Authorization: `Bearer ${READ_TOKEN}` }],
    ['authorization in small letters', { authorization: `bearer ${READ_TOKEN}` }],
    ['AUTHORIZATION in capitals', { AUTHORIZATION: `Bearer ${READ_TOKEN}` }],
    ['a bare token', { token: READ_TOKEN }],
    ['a token with its scheme', { token: `Bearer ${READ_TOKEN}` }],
    ['a header of its upgrade', undefined, bearer(READ_TOKEN)],
    ['the same in both places', { Authorization: `Bearer ${READ_TOKEN}` }, bearer(READ_TOKEN)],
  ])('should open with %s', async (_what, payload, headers) => {
    const running = await guarded();
    expect((await opened(running, payload, headers)).heard).toBe('connection_ack');
    expect(running.refused()).toEqual({});
  });

  it.each<[string, unknown, string, Record<string, string>?]>([
    ['nothing', undefined, 'no_token'],
    ['an empty object', {}, 'no_token'],
    ['a wrong token', { Authorization: `Bearer ${WRONG_TOKEN}` }, 'unknown_token'],
    ['another scheme', { Authorization: `Basic ${READ_TOKEN}` }, 'malformed'],
    ['an empty token', { token: '' }, 'malformed'],
    ['a token that is no text', { token: [READ_TOKEN] }, 'malformed'],
    ['two tokens', { token: READ_TOKEN, Authorization: `Bearer ${WRITE_TOKEN}` }, 'malformed'],
    ['another token in its header', { token: READ_TOKEN }, 'malformed', bearer(WRITE_TOKEN)],
    ['a wrong header', {}, 'unknown_token', bearer(WRONG_TOKEN)],
  ])('should be closed with 4401, at which the stock client gives up, for %s', async (_what, payload, reason, headers) => {
    const running = await guarded();
    const { heard } = await opened(running, payload, headers);
    expect(heard).toMatch(/^4401 Unauthorized: .*(token|Bearer)/);
    expect(running.refused()).toEqual({ [reason]: 1 });
    for (const text of [heard, ...running.lines]) expect(text).not.toContain('0123456789abcdef');
  });

  it('should open without a token where anybody may read, and then read only', async () => {
    const running = await guarded({ ...TOKENS, ALLOW_ANONYMOUS: 'read' });
    const { run } = stockClient(running, () => ({}));
    expect(await run('{ nodes { totalCount } }').ended).toBe('complete');
    expect(await run(REMOVE).ended).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    expect(running.registry.callers).toEqual([]);
  });
});

describe('an operation on a socket', () => {
  it('should need the scope of its kind, and leave the socket open for others', async () => {
    const running = await guarded();
    const { run, closes } = stockClient(running, () => ({ token: READ_TOKEN }));
    const watching = run(WATCH);
    await eventually(() => expect(watching.results).toHaveLength(1));
    const refused = run(REMOVE);
    expect(await refused.ended).toEqual([
      {
        message: 'The token may not do this: a mutation needs the scope registry:write. Use a token that has it',
        extensions: { code: 'FORBIDDEN', scope: 'registry:write' },
      },
    ]);
    expect(refused.results).toEqual([]);
    expect(running.registry.callers).toEqual([]);
    expect(closes).toEqual([]);
    expect(running.refused()).toEqual({ scope: 1 });
  });

  it('should be logged under the name of the token, which x-operator does not overrule', async () => {
    const running = await guarded();
    const named = stockClient(running, () => ({ token: WRITE_TOKEN }));
    expect(await named.run(REMOVE).ended).toBe('complete');
    const posing = stockClient(running, () => ({ token: WRITE_TOKEN, 'x-operator': 'mallory' })).run(REMOVE);
    expect(await posing.ended).toBe('complete');
    expect(posing.results).toMatchObject([{ errors: [{ extensions: { code: 'FORBIDDEN' } }] }]);
    const nameless = stockClient(running, () => ({ token: NAMELESS_TOKEN, 'x-operator': 'alice' }));
    expect(await nameless.run(REMOVE).ended).toBe('complete');
    expect(running.registry.callers).toEqual([{ operator: 'ops' }, { operator: 'alice' }]);
  });
});

describe('a socket with a JWT', () => {
  /** A server whose clock stands until the test moves it. A timer looks at it when it fires, so that it finds out within its own length. */
  async function withIssuer() {
    const issuer = await startIssuer();
    await issuer.newKey('one');
    const clock = { now: Math.floor(Date.now() / 1000) * 1000 };
    const now = () => clock.now;
    return { issuer, clock, now, running: await guarded(issuer.env, now) };
  }

  it('should be closed when the token expires, and the stock client go on with a fresh one', async () => {
    const { issuer, clock, now, running } = await withIssuer();
    const first = await issuer.sign('one', now());
    // A minute, and the 5 s by which clocks may differ.
    clock.now += 64_900;
    const tokens = [first, await issuer.sign('one', now())];
    const { run, closes } = stockClient(running, () => ({ Authorization: `Bearer ${tokens.shift()}` }));
    const { results } = run(WATCH);
    await eventually(() => expect(results).toHaveLength(1));
    clock.now += 100;
    await until('it subscribes again', () => results.length === 2);
    expect(closes).toMatchObject([{ code: 4403, reason: 'Forbidden: the token has expired' }]);
    expect(tokens).toEqual([]);
    expect(running.registry.subscribers).toBe(1);
  });

  it('should be closed with 4401 for a token that has expired before', async () => {
    const { issuer, now, running } = await withIssuer();
    const { heard } = await opened(running, { token: await issuer.sign('one', now() - 120_000) });
    expect(heard).toBe('4401 Unauthorized: The token has expired: get a new one from its issuer');
    expect(running.refused()).toEqual({ expired: 1 });
  });

  it('should not begin an operation after the end of its token', async () => {
    const { issuer, clock, now, running } = await withIssuer();
    const { socket, heard } = await opened(running, { token: await issuer.sign('one', now()) });
    expect(heard).toBe('connection_ack');
    // The timer of the socket is not there yet.
    clock.now += 120_000;
    const answered = once(socket, 'message');
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: WATCH } }));
    expect(JSON.parse(String((await answered)[0]))).toMatchObject({
      type: 'error',
      payload: [{ extensions: { code: 'UNAUTHENTICATED' } }],
    });
    expect(running.registry.subscribers).toBe(0);
  });

  it('should be closed with 4403 where the token has no scope of the gateway', async () => {
    const { issuer, now, running } = await withIssuer();
    const { heard } = await opened(running, { token: await issuer.sign('one', now(), { scope: 'openid' }) });
    expect(heard).toMatch(/^4403 Forbidden: .*registry:read/);
    expect(running.refused()).toEqual({ scope: 1 });
  });

  it('should be closed with 1013, at which the stock client comes again, while the issuer is away', async () => {
    const { issuer, now, running } = await withIssuer();
    await issuer.stop();
    const token = await issuer.sign('one', now());
    expect((await opened(running, { token })).heard).toMatch(/^1013 Try again later: .*issuer/);
    expect(running.refused()).toEqual({ keys_unavailable: 1 });
    expect((await running.ask('{ __typename }', {}, bearer(token))).status).toBe(503);
  });
});
