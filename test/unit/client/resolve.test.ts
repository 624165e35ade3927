import { describe, expect, it } from 'vitest';
import { NoHealthyService } from '../../../src/client/index.ts';
import { until } from '../../until.ts';
import { sampleNode } from '../graphql/memory-registry.ts';
import { startServer } from '../http/running-server.ts';
import { BreakableLink } from './breakable-link.ts';
import { startClient } from './running-client.ts';

const CAPABILITY = 'database.query';

async function start(...names: readonly string[]) {
  const server = await startServer();
  for (const name of names) server.registry.put(sampleNode(name));
  const link = await BreakableLink.to(server.port);
  return { server, registry: server.registry, link, ...startClient(link.url) };
}

describe('resolve', () => {
  it('should give an address that answers', async () => {
    const { client } = await start('n-1');
    expect(await client.resolve(CAPABILITY)).toEqual({
      nodeId: 'n-1',
      serviceName: 'effect-service',
      address: '10.0.3.17',
      port: 8080,
      version: '1.4.2',
      url: 'http://10.0.3.17:8080',
      endpoints: { api: 'http://10.0.3.17:8080', health: 'http://10.0.3.17:8080/health' },
      stale: false,
      staleSince: null,
    });
  });

  it('should take the instances in turn', async () => {
    const { client } = await start('n-1', 'n-2', 'n-3');
    const seen: string[] = [];
    for (let call = 0; call < 6; call += 1) seen.push((await client.resolve(CAPABILITY)).nodeId);
    expect(seen.slice(0, 3).toSorted()).toEqual(['n-1', 'n-2', 'n-3']);
    expect(seen.slice(3)).toEqual(seen.slice(0, 3));
  });

  it('should ask the gateway once for all calls of one request, over one connection', async () => {
    const { client, registry, link } = await start('n-1');
    const found = await Promise.all(Array.from({ length: 50 }, () => client.resolve(CAPABILITY)));
    await client.resolve(CAPABILITY, { types: ['effect'] });
    await client.resolve(CAPABILITY, { types: ['effect'], versionRange: '^1.0.0' });
    expect(found).toHaveLength(50);
    expect([registry.subscribers, link.connections]).toEqual([3, 1]);
    expect(client.status()).toEqual({ gateway: `ws://127.0.0.1:${link.port}/graphql`, requests: 3, watches: 0 });
    expect(registry.queries.at(-1)).toEqual({ capability: CAPABILITY, types: ['effect'], versionRange: '^1.0.0' });
  });

  it('should follow the set', async () => {
    const { client, registry } = await start('n-1');
    await client.resolve(CAPABILITY);
    registry.put(sampleNode('n-2'));
    registry.put(sampleNode('n-1', { health: 'UNHEALTHY' }), 'HEALTH_CHANGED');
    await until('n-2 is alone', async () => (await client.resolveAll(CAPABILITY)).map(({ nodeId }) => nodeId).join() === 'n-2');
  });

  it('should say that there is none', async () => {
    const { client } = await start();
    const error = await client.resolve(CAPABILITY).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NoHealthyService);
    expect(error).toMatchObject({ code: 'NO_HEALTHY_SERVICE', capability: CAPABILITY, staleSince: null });
  });

  it('should wait for one where it is told to', async () => {
    const { client, registry } = await start();
    const found = client.resolve(CAPABILITY, { wait: true });
    await until('the client waits', () => registry.subscribers === 1);
    registry.put(sampleNode('n-1'));
    expect(await found).toMatchObject({ nodeId: 'n-1' });
  });

  it('should go on with what it knows when every gateway is lost, and say since when', async () => {
    const { client, registry, link } = await start('n-1');
    await client.resolve(CAPABILITY);
    const before = Date.now();
    link.isDown = true;
    link.cut();
    const stale = await until('it is stale', async () => {
      const service = await client.resolve(CAPABILITY);
      return service.stale ? service : null;
    });
    expect(Math.abs((stale.staleSince?.getTime() ?? 0) - before)).toBeLessThan(1000);
    registry.put(sampleNode('n-2'));
    link.isDown = false;
    await until('it is current', async () => (await client.resolveAll(CAPABILITY)).length === 2);
    expect(await client.resolve(CAPABILITY)).toMatchObject({ stale: false, staleSince: null });
  });
});
