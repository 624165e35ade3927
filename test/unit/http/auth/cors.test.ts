import { describe, expect, it } from 'vitest';
import { RefusalCounts } from '../../../../src/http/auth/refusal.ts';
import { isRequestAllowed } from '../../../../src/http/origin.ts';
import { sampleNode } from '../../graphql/memory-registry.ts';
import { startServer } from '../running-server.ts';
import { accessOf, bearer, TOKENS, WRITE_TOKEN } from './access.ts';

const DASHBOARD = 'https://dashboard.example';
const json = { 'content-type': 'application/json' };
const body = JSON.stringify({ query: 'mutation { deregister(nodeId: "ghost") { cursor } }' });

async function guarded(env: NodeJS.ProcessEnv = TOKENS) {
  const refusals = new RefusalCounts();
  const running = await startServer({
    access: accessOf(env),
    allowedOrigins: [DASHBOARD, 'https://other.example'],
    onTurnedAway: (reason) => refusals.add(reason),
  });
  running.registry.put(sampleNode('ghost'));
  return { ...running, endpoint: `${running.url}/graphql`, refused: () => refusals.read().get('origin') };
}

describe('a page of a listed origin', () => {
  it('should ask with a token, and first whether it may', async () => {
    const { endpoint, registry } = await guarded();
    const preflight = await fetch(endpoint, {
      method: 'OPTIONS',
      headers: {
        origin: DASHBOARD,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe(DASHBOARD);
    expect(preflight.headers.get('access-control-allow-headers')).toBe('authorization,content-type');
    expect(preflight.headers.get('access-control-allow-methods')).toContain('POST');
    expect(preflight.headers.get('vary')).toContain('Origin');
    const response = await fetch(endpoint, { method: 'POST', headers: { ...json, origin: DASHBOARD, ...bearer(WRITE_TOKEN) }, body });
    expect(await response.json()).toMatchObject({ data: { deregister: {} } });
    expect(response.headers.get('access-control-allow-origin')).toBe(DASHBOARD);
    // No cookie counts here, so that none need be sent.
    expect(response.headers.get('access-control-allow-credentials')).toBeNull();
    expect(registry.callers).toEqual([{ operator: 'ops' }]);
  });

  it('should be able to read why it is refused', async () => {
    const { endpoint } = await guarded();
    const response = await fetch(endpoint, { method: 'POST', headers: { ...json, origin: DASHBOARD }, body });
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([401, DASHBOARD]);
    expect(response.headers.get('access-control-expose-headers')).toContain('WWW-Authenticate');
  });
});

describe('a page of another origin', () => {
  it.each([
    'https://evil.example',
    'null',
    'http://dashboard.example',
    'https://dashboard.example.evil.example',
    'https://dashboard.example:8443',
  ])('should not ask, nor read an answer: %s', async (origin) => {
    // Nothing but the browser stands between: no token is asked for on this machine.
    const { endpoint, registry, refused } = await guarded({});
    const post = await fetch(endpoint, { method: 'POST', headers: { ...json, origin }, body });
    const get = await fetch(`${endpoint}?query={__typename}`, { headers: { origin } });
    const stream = await fetch(`${endpoint}?query=subscription{registrationChanges{cursor}}`, {
      headers: { origin, accept: 'text/event-stream' },
    });
    for (const response of [post, get, stream]) {
      expect(response.status).toBe(403);
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
      expect(await response.json()).toEqual({
        errors: [{ message: expect.stringContaining('ALLOWED_ORIGINS'), extensions: { code: 'FORBIDDEN' } }],
      });
    }
    expect(registry.callers).toEqual([]);
    expect(registry.subscribers).toBe(0);
    expect(refused()).toBe(3);
  });

  it.each(['cross-site', 'same-site'])('should not have its browser ask either, as for an image: %s', async (site) => {
    const { endpoint, refused } = await guarded({});
    const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' };
    expect((await fetch(`${endpoint}?query={__typename}`, { headers })).status).toBe(403);
    expect(refused()).toBe(1);
  });

  it('should be able to link here', () => {
    // fetch would set its own mode.
    expect(isRequestAllowed({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, [])).toBe(true);
  });
});

it('should let the own page of the gateway ask', async () => {
  const { endpoint, url } = await guarded({});
  const response = await fetch(endpoint, { method: 'POST', headers: { ...json, origin: url, 'sec-fetch-site': 'same-origin' }, body });
  expect(response.status).toBe(200);
});
