import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { RefusalCounts } from '../../../../src/http/auth/refusal.ts';
import { sampleNode } from '../../graphql/memory-registry.ts';
import { HEALTHY, type RunningServer, startServer } from '../running-server.ts';
import { accessOf, bearer, NAMELESS_TOKEN, READ_TOKEN, TOKENS, WRITE_TOKEN, WRONG_TOKEN } from './access.ts';

const query = '{ capabilities { name } }';
const mutation = 'mutation { deregister(nodeId: "ghost") { cursor } }';

async function guarded(env: NodeJS.ProcessEnv = TOKENS) {
  const refusals = new RefusalCounts();
  const running = await startServer({ access: accessOf(env), onTurnedAway: (reason) => refusals.add(reason) });
  running.registry.put(sampleNode('ghost'));
  return { ...running, refused: () => Object.fromEntries([...refusals.read()].filter(([, count]) => count > 0)) };
}

/** The challenge of a POST with these headers, which fetch would not send. */
function challengeOf({ port }: RunningServer, headers: Readonly<Record<string, string | readonly string[]>>) {
  return new Promise<{ status: number | undefined; challenge: string | undefined; body: string }>((resolve, reject) => {
    const post = request({ port, host: '127.0.0.1', path: '/graphql', method: 'POST' }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode, challenge: response.headers['www-authenticate'], body }));
    });
    post.on('error', reject);
    post.setHeader('content-type', 'application/json');
    for (const [name, value] of Object.entries(headers)) post.setHeader(name, value);
    post.end(JSON.stringify({ query }));
  });
}

describe('a listed token', () => {
  it.each([
    ['read', READ_TOKEN, 'dashboard'],
    ['write', WRITE_TOKEN, 'ops'],
  ])('should let its holder read: %s', async (_what, token) => {
    const { ask } = await guarded();
    expect(await ask(query, {}, bearer(token))).toMatchObject({ status: 200, data: { capabilities: expect.any(Array) }, errors: [] });
  });

  it('should let its holder write, under its name', async () => {
    const { ask, registry } = await guarded();
    expect(await ask(mutation, {}, bearer(WRITE_TOKEN))).toMatchObject({ status: 200, errors: [] });
    expect(registry.callers).toEqual([{ operator: 'ops' }]);
  });

  it('should not let who may only read write', async () => {
    const { registry, url, refused } = await guarded();
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...bearer(READ_TOKEN) },
      body: JSON.stringify({ query: mutation }),
    });
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toMatch(
      /^Bearer realm="discovery-gateway", error="insufficient_scope", error_description="[^"]+", scope="registry:write"$/,
    );
    expect(await response.json()).toEqual({
      errors: [
        {
          message: 'The token may not do this: a mutation needs the scope registry:write. Use a token that has it',
          extensions: { code: 'FORBIDDEN', scope: 'registry:write' },
        },
      ],
    });
    expect(registry.callers).toEqual([]);
    expect(registry.node('ghost')?.state).toBe('REGISTERED');
    expect(refused()).toEqual({ scope: 1 });
  });

  it('should count whatever the case of the scheme', async () => {
    const { ask } = await guarded();
    expect((await ask(query, {}, { authorization: `bEARER   ${READ_TOKEN}` })).status).toBe(200);
  });
});

describe('x-operator', () => {
  it('should not overrule the name of a token', async () => {
    const { ask, registry } = await guarded();
    const { errors } = await ask(mutation, {}, { ...bearer(WRITE_TOKEN), 'x-operator': 'mallory' });
    expect(errors).toMatchObject([{ message: expect.stringContaining('leave x-operator out'), extensions: { code: 'FORBIDDEN' } }]);
    expect(registry.callers).toEqual([]);
    expect((await ask(mutation, {}, { ...bearer(WRITE_TOKEN), 'x-operator': 'ops' })).errors).toEqual([]);
    expect(registry.callers).toEqual([{ operator: 'ops' }]);
  });

  it('should name the holder of a token without a name', async () => {
    const { ask, registry } = await guarded();
    await ask(mutation, {}, { ...bearer(NAMELESS_TOKEN), 'x-operator': 'alice' });
    expect(registry.callers).toEqual([{ operator: 'alice' }]);
  });
});

describe('a request without a token that counts', () => {
  it.each<[string, Readonly<Record<string, string | readonly string[]>>, string, string | null]>([
    ['no header', {}, 'no_token', null],
    ['an unknown token', bearer(WRONG_TOKEN), 'unknown_token', 'invalid_token'],
    ['a part of a token', bearer(READ_TOKEN.slice(0, -1)), 'unknown_token', 'invalid_token'],
    ['a token and more', bearer(`${READ_TOKEN}x`), 'unknown_token', 'invalid_token'],
    ['another scheme', { authorization: `Basic ${READ_TOKEN}` }, 'malformed', 'invalid_request'],
    ['a bare token', { authorization: READ_TOKEN }, 'malformed', 'invalid_request'],
    ['an empty header', { authorization: '' }, 'malformed', 'invalid_request'],
    ['no token behind the scheme', { authorization: 'Bearer ' }, 'malformed', 'invalid_request'],
    ['two tokens', { authorization: `Bearer ${READ_TOKEN} ${WRITE_TOKEN}` }, 'malformed', 'invalid_request'],
    ['two tokens with a comma', { authorization: `Bearer ${READ_TOKEN}, Bearer ${WRITE_TOKEN}` }, 'malformed', 'invalid_request'],
    ['two headers', { authorization: [`Bearer ${READ_TOKEN}`, `Bearer ${WRITE_TOKEN}`] }, 'malformed', 'invalid_request'],
    ['a JWT where no issuer is trusted', bearer('eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.'), 'unknown_token', 'invalid_token'],
    ['an endless token', bearer('x'.repeat(9000)), 'malformed', 'invalid_request'],
  ])('should be answered with 401 and a challenge: %s', async (_what, headers, reason, error) => {
    const running = await guarded();
    const { status, challenge, body } = await challengeOf(running, headers);
    expect(status).toBe(401);
    expect(challenge).toMatch(
      error === null
        ? /^Bearer realm="discovery-gateway"$/
        : new RegExp(`^Bearer realm="[^"]+", error="${error}", error_description="[^"]+"$`),
    );
    const { errors } = JSON.parse(body);
    expect(errors).toEqual([{ message: expect.stringMatching(/token|Bearer|Authorization/), extensions: { code: 'UNAUTHENTICATED' } }]);
    expect(running.refused()).toEqual({ [reason]: 1 });
    for (const text of [body, challenge, ...running.lines]) expect(text).not.toMatch(/0123456789abcdef|eyJ|xxxx/);
  });

  it('should be answered in the type that it accepts', async () => {
    const { url } = await guarded();
    for (const [accept, type] of [
      ['application/graphql-response+json, application/json;q=0.9', 'application/graphql-response+json; charset=utf-8'],
      ['*/*', 'application/json; charset=utf-8'],
    ]) {
      const response = await fetch(`${url}/graphql?query={__typename}`, { headers: { accept: accept ?? '' } });
      expect([response.status, response.headers.get('content-type')]).toEqual([401, type]);
    }
  });

  it('should be let in with whatever token where none can count', async () => {
    const { ask, refused } = await guarded({});
    for (const authorization of [`Bearer ${WRONG_TOKEN}`, 'Basic dXNlcjpwdw==', '']) {
      expect((await ask(query, {}, { authorization })).status).toBe(200);
    }
    expect(refused()).toEqual({});
  });

  it('should not find a token in the URL', async () => {
    const { url } = await guarded();
    expect((await fetch(`${url}/graphql?query={__typename}&access_token=${READ_TOKEN}`)).status).toBe(401);
  });

  it('should read where anybody may, and not write', async () => {
    const { ask, registry, refused } = await guarded({ ...TOKENS, ALLOW_ANONYMOUS: 'read' });
    expect((await ask(query)).status).toBe(200);
    const { status, errors } = await ask(mutation);
    expect([status, errors[0]?.extensions['code']]).toEqual([401, 'UNAUTHENTICATED']);
    expect(errors[0]?.message).toContain('needs a token with the scope registry:write');
    expect(registry.callers).toEqual([]);
    expect((await ask(mutation, {}, bearer(WRITE_TOKEN))).status).toBe(200);
    // A token that does not count is a mistake that somebody should see.
    expect((await ask(query, {}, bearer(WRONG_TOKEN))).status).toBe(401);
    expect(refused()).toEqual({ no_token: 1, unknown_token: 1 });
  });
});

describe('other paths', () => {
  it('should stay open: health, index, GraphiQL, and metrics unless told otherwise', async () => {
    const { url } = await guarded();
    for (const path of ['/', '/health', '/health/ready', '/health/live', '/health/kafka', '/metrics']) {
      expect((await fetch(url + path)).status, path).toBe(200);
    }
    expect((await fetch(`${url}/graphql`, { method: 'OPTIONS' })).status).toBe(204);
  });

  it('should tell of an error of a back end, with its host and user, to who may read alone', async () => {
    const { url, setHealth, refused } = await guarded();
    const lastError = 'password authentication failed for user "registry" at 10.9.8.7:5432';
    const { backends } = HEALTHY;
    setHealth({ ...HEALTHY, backends: { ...backends, postgres: { ...backends.postgres, available: false, lastError } } });
    const told = async (headers: Record<string, string>) => {
      const response = await fetch(`${url}/health/postgres`, { headers });
      expect(response.status).toBe(503);
      return (await response.json()).last_error;
    };
    for (const headers of [{}, bearer(WRONG_TOKEN), { authorization: 'Basic eA==' }]) {
      expect(await told(headers)).toBe('told to who shows a token with registry:read');
    }
    expect(await told(bearer(READ_TOKEN))).toBe(lastError);
    for (const path of ['/health', '/health/ready', '/metrics']) expect(await (await fetch(url + path)).text()).not.toContain('10.9.8.7');
    expect(refused()).toEqual({});
  });

  it('should give metrics to who may read, where they are protected', async () => {
    const { url, refused } = await guarded({ ...TOKENS, AUTH_METRICS: 'true' });
    const response = await fetch(`${url}/metrics`);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="discovery-gateway"');
    expect(await response.json()).toEqual({ error: { code: 'UNAUTHENTICATED', message: expect.any(String) } });
    expect(refused()).toEqual({ no_token: 1 });
    expect(await (await fetch(`${url}/metrics`, { headers: bearer(READ_TOKEN) })).text()).toContain('gateway_test_total 7');
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });
});
