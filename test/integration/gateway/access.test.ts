import { createClient } from 'graphql-ws';
import { afterEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { readConfig } from '../../../src/config.ts';
import { startIssuer } from '../../unit/http/auth/issuer.ts';
import { until } from '../../until.ts';
import { announcement, freshEnvironment, Nodes, sql } from './running-gateway.ts';
import { SpawnedGateways } from './spawned-gateway.ts';

const READ = 'read-0123456789abcdef';
const WRITE = 'write-0123456789abcdef';
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const gateways = new SpawnedGateways();

afterEach(() => gateways.end());

describe('a gateway that other machines reach', () => {
  it('should not start while nothing says who may ask, and name the ways out', async () => {
    const { ended, output } = gateways.spawn({ ...(await freshEnvironment()), SERVICE_HOST: '0.0.0.0' });
    expect(await ended).toBe(1);
    for (const name of ['SERVICE_HOST=0.0.0.0', 'AUTH_TOKENS_READ', 'AUTH_TOKENS_WRITE', 'AUTH_JWKS_URL', 'ALLOW_ANONYMOUS=true']) {
      expect(output()).toContain(name);
    }
  });

  it('should let in who shows a token, for what it is good for, and write down whose it was', async () => {
    const issuer = await startIssuer();
    await issuer.newKey('one');
    const env = await freshEnvironment({
      SERVICE_HOST: '0.0.0.0',
      AUTH_TOKENS_READ: `dashboard:${READ}`,
      AUTH_TOKENS_WRITE: `ops:${WRITE}`,
      AUTH_METRICS: 'true',
      LOG_LEVEL: 'debug',
      ...issuer.env,
    });
    const config = readConfig(env);
    const { client, url, output } = await gateways.ready(env, { consuming: true });
    const nodes = await Nodes.connect(config);
    await nodes.announce(announcement('one'), announcement('two'));
    const list = '{ nodes(filter: { states: [REGISTERED] }) { totalCount } }';
    const remove = 'mutation ($id: ID!) { deregister(nodeId: $id) { cursor } }';
    const code = async (query: string, headers: Record<string, string>, variables = {}) =>
      (await client.ask(query, variables, headers)).errors?.[0]?.extensions.code;

    expect(await code(list, {})).toBe('UNAUTHENTICATED');
    expect(await code(list, bearer('0123456789abcdefghij'))).toBe('UNAUTHENTICATED');
    const states = '{ one: nodeById(nodeId: "one") { state } two: nodeById(nodeId: "two") { state } }';
    await until('both are registered', async () => {
      const { data } = await client.ask(states, {}, bearer(READ));
      return data?.['one'] && data['two'];
    });
    expect(await code(remove, bearer(READ), { id: 'one' })).toBe('FORBIDDEN');
    expect(await code(remove, { ...bearer(WRITE), 'x-operator': 'mallory' }, { id: 'one' })).toBe('FORBIDDEN');
    expect(await code(remove, bearer(WRITE), { id: 'one' })).toBeUndefined();

    const jwt = await issuer.sign('one', Date.now(), { sub: 'alice', scope: 'registry:write' });
    const socket = createClient({
      url: `${url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { ...bearer(jwt) },
    });
    const removed = socket.iterate({ query: remove, variables: { id: 'two' } });
    expect((await removed.next()).value).toMatchObject({ data: { deregister: {} } });
    await socket.dispose();

    const rows = await sql(
      env['DATABASE_URL'] ?? '',
      `select node_id, operator from registration_changes where reason = 'operator' order by 1`,
    );
    expect(rows).toEqual([
      { node_id: 'one', operator: 'ops' },
      { node_id: 'two', operator: 'alice' },
    ]);

    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect((await fetch(`${url}/metrics`)).status).toBe(401);
    const metrics = await (await fetch(`${url}/metrics`, { headers: bearer(READ) })).text();
    expect(metrics).toContain('discovery_gateway_auth_refusals_total{reason="scope"} 1');
    expect(metrics).toMatch(/auth_refusals_total\{reason="no_token"\} [1-9]/);
    expect(output()).not.toMatch(/0123456789abcdef|eyJ/);
    await nodes.close();
  });
});
