import { describe, expect, it } from 'vitest';
import { DiscoveryClient, type DiscoveryClientOptions } from '../../../src/client/index.ts';
import { until } from '../../until.ts';
import { sampleNode } from '../graphql/memory-registry.ts';
import { startServer } from '../http/running-server.ts';
import { startClient } from './running-client.ts';

const CAPABILITY = 'database.query';

async function start(options: Partial<DiscoveryClientOptions> = {}, ...names: readonly string[]) {
  const server = await startServer();
  for (const name of names) server.registry.put(sampleNode(name));
  return { registry: server.registry, ...startClient(`${server.url}/graphql`, options) };
}

describe('requests', () => {
  it('should be closed when nobody made them for a while', async () => {
    let now = 1000;
    const { client, registry } = await start({ idleTimeout: 40, now: () => now }, 'n-1');
    await client.resolve(CAPABILITY);
    await client.resolve(CAPABILITY, { types: ['effect'] });
    now += 30;
    await client.resolve(CAPABILITY);
    now += 20;
    await until('one is left', () => registry.subscribers === 1);
    expect(client.status().requests).toBe(1);
  });

  it('should make room for one another, the least recently used first', async () => {
    let now = 0;
    const { client, registry } = await start({ maxRequests: 2, now: () => now }, 'n-1');
    for (const type of ['effect', 'compute', 'effect', 'reducer']) {
      now += 1;
      await client.resolve(CAPABILITY, { types: [type] }).catch(() => null);
    }
    await until('two are left', () => registry.subscribers === 2);
    const asked = registry.queries.length;
    await client.resolve(CAPABILITY, { types: ['effect'] });
    expect(registry.queries.length).toBe(asked);
  });

  it('should wait for a place where more are made at once than are kept', async () => {
    const { client, registry } = await start({ maxRequests: 2 }, 'n-1');
    const ranges = Array.from({ length: 12 }, (_, index) => `>=${index}.0.0`);
    const found = await Promise.all(ranges.map((versionRange) => client.resolve(CAPABILITY, { versionRange })));
    expect(found.map(({ nodeId }) => nodeId)).toEqual(ranges.map(() => 'n-1'));
    await until('two are kept', () => registry.subscribers === 2);
  });

  it('should say so where they find none in time', async () => {
    const { client } = await start({ maxRequests: 1, timeout: 50 });
    const first = client.resolve(CAPABILITY, { wait: true, timeout: 1000 });
    await expect(client.resolve('other')).rejects.toMatchObject({
      code: 'REGISTRY_UNAVAILABLE',
      message: expect.stringContaining('maxRequests'),
    });
    await expect(first).rejects.toMatchObject({ code: 'NO_HEALTHY_SERVICE' });
  });

  it('should end their wait with the signal, and not ask at all once it is given', async () => {
    const { client } = await start();
    const stop = new AbortController();
    const waiting = client.resolve(CAPABILITY, { wait: true, signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(client.resolve(CAPABILITY, { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before');
  });

  it('should end with the client', async () => {
    const { client } = await start();
    const waiting = client.resolve(CAPABILITY, { wait: true });
    const ended = expect(waiting).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
    await client.close();
    await ended;
  });
});

describe('call', () => {
  it('should give what the work gives', async () => {
    const { client } = await start({}, 'n-1');
    expect(await client.call(CAPABILITY, async ({ nodeId }) => `done by ${nodeId}`)).toBe('done by n-1');
  });

  it('should try the next instance, as often as it may', async () => {
    const { client } = await start({}, 'n-1', 'n-2', 'n-3');
    const tried: string[] = [];
    const work = async ({ nodeId }: { nodeId: string }) => {
      tried.push(nodeId);
      throw new Error(`${nodeId} is broken`);
    };
    await expect(client.call(CAPABILITY, work, { attempts: 3 })).rejects.toThrow(`is broken`);
    expect(tried.toSorted()).toEqual(['n-1', 'n-2', 'n-3']);
    await expect(client.call(CAPABILITY, work)).rejects.toThrow('is broken');
    expect(tried).toHaveLength(4);
  });

  it('should hold against an instance only what speaks against it', async () => {
    const { client } = await start({}, 'n-1', 'n-2');
    const work = () => Promise.reject(new Error('no such table'));
    const isFailure = () => false;
    await expect(client.call(CAPABILITY, work, { attempts: 2, isFailure })).rejects.toThrow('no such table');
    const seen = new Set<string>();
    for (let call = 0; call < 4; call += 1) seen.add((await client.resolve(CAPABILITY)).nodeId);
    expect(seen.size).toBe(2);
  });

  it('should be counted while it is under way', async () => {
    const { client } = await start({}, 'n-1', 'n-2');
    const ends: (() => void)[] = [];
    const busy: string[] = [];
    const work = ({ nodeId }: { nodeId: string }) => {
      busy.push(nodeId);
      return new Promise<void>((resolve) => ends.push(resolve));
    };
    const calls = [0, 1, 2, 3].map(() => client.call(CAPABILITY, work, { strategy: 'LEAST_BUSY' }));
    await until('all are under way', () => busy.length === 4);
    expect(busy.toSorted()).toEqual(['n-1', 'n-1', 'n-2', 'n-2']);
    for (const end of ends) end();
    await Promise.all(calls);
  });
});

describe('options', () => {
  it.each<[string, Partial<DiscoveryClientOptions>, string]>([
    ['no address', { url: [] }, 'option url: name at least one gateway'],
    ['something else as the address', { url: 'localhost:8080' }, '"localhost:8080" is no address of a gateway'],
    ['credentials in the address', { url: 'http://me:secret@localhost:8080/graphql' }, 'credentials belong into option token'],
    ['a duration that is none', { keepAlive: -1 }, 'option keepAlive'],
    ['more requests than a connection carries', { maxRequests: 91 }, 'option maxRequests'],
  ])('with %s should be refused', (_what, options, why) => {
    expect(() => new DiscoveryClient({ url: 'http://127.0.0.1:1', ...options })).toThrow(why);
  });

  it.each([
    ['url', '{}', 'option url: name a gateway, such as "http://'],
    ['url', '{"url": 8080}', 'option url: name a gateway'],
    ['token', '{"url": "http://127.0.0.1:1", "token": {"bearer": "x"}}', 'option token: is a text, or a function'],
  ])('should be refused by name from programs without types: %s of %s', (_option, json, why) => {
    // As JavaScript has it, where an environment variable is not set.
    const options = JSON.parse(json);
    expect(() => new DiscoveryClient(options)).toThrow(why);
  });

  it.each(['http', 'kafka'])('should not show credentials of %s', (scheme) => {
    const create = () => new DiscoveryClient({ url: `${scheme}://me:secret@localhost:8080/graphql` });
    expect(create).toThrow('option url');
    expect(create).not.toThrow('secret');
  });
});
