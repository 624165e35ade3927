import { describe, expect, it } from 'vitest';
import { until } from '../../until.ts';
import { sampleNode } from '../graphql/memory-registry.ts';
import { startServer } from '../http/running-server.ts';
import { BreakableLink } from './breakable-link.ts';
import { startClient } from './running-client.ts';
import { type Asked, oneService, startScripted } from './scripted-gateway.ts';

const CAPABILITY = 'database.query';

async function twoGateways() {
  const servers = await Promise.all([startServer(), startServer()]);
  const links = await Promise.all(servers.map(({ port }) => BreakableLink.to(port)));
  for (const { registry } of servers) registry.put(sampleNode('n-1'));
  const [first, second] = links;
  if (first === undefined || second === undefined) throw new Error('two links');
  return { servers, first, second };
}

describe('several gateways', () => {
  it('should be tried in turn until one answers', async () => {
    const { first, second } = await twoGateways();
    first.isDown = true;
    const { client } = startClient([first.url, second.url]);
    expect(await client.resolve(CAPABILITY)).toMatchObject({ nodeId: 'n-1', stale: false });
    expect(client.status().gateway).toContain(String(second.port));
  });

  it('should take over from one another, for sets and watches', async () => {
    const { servers, first, second } = await twoGateways();
    const { client } = startClient([first.url, second.url]);
    await client.resolve(CAPABILITY);
    const watch = client.watch({}, { after: '0000000000000001' });
    const change = watch.next();
    await until('both stand', () => servers[0]?.registry.subscribers === 2);
    first.isDown = true;
    first.cut();
    await until('both stand again', () => servers[1]?.registry.subscribers === 2);
    servers[1]?.registry.put(sampleNode('n-2'));
    expect((await change).value).toMatchObject({ type: 'ADDED', nodeId: 'n-2' });
    expect(await client.resolve(CAPABILITY)).toMatchObject({ stale: false });
  });

  it('should be left when they are silent, without being closed', async () => {
    const { servers, first, second } = await twoGateways();
    const { client } = startClient([first.url, second.url], { keepAlive: 40 });
    await client.resolve(CAPABILITY);
    first.isSilent = true;
    await until('the second has taken over', () => servers[1]?.registry.subscribers === 1);
    expect(client.status().gateway).toContain(String(second.port));
  });

  it('should not hold up the client where they accept, and say nothing', async () => {
    const { first, second } = await twoGateways();
    first.isSilent = true;
    const { client } = startClient([first.url, second.url], { connectTimeout: 50 });
    expect(await client.resolve(CAPABILITY)).toMatchObject({ nodeId: 'n-1' });
  });

  it('should be named when none is to be had, with why', async () => {
    const { first, second } = await twoGateways();
    first.isDown = true;
    second.isSilent = true;
    const { client } = startClient([first.url, second.url], { timeout: 100, connectTimeout: 20 });
    const tried = new RegExp(`${first.port}/graphql: .+; .*${second.port}/graphql: .*(not acknowledged within 20 ms|timed out)`);
    const error = await until('both have been tried', async () => {
      const thrown: unknown = await client.resolve(CAPABILITY).catch((reason: unknown) => reason);
      return tried.test(String(thrown)) && thrown;
    });
    expect(error).toMatchObject({ name: 'RegistryUnavailable', code: 'REGISTRY_UNAVAILABLE' });
    expect(String(error)).toContain('Nothing is known of "database.query" so far. No gateway of ws://');
  });

  it('should be left at once when the client is closed while it connects', async () => {
    const { first } = await twoGateways();
    first.isSilent = true;
    const { client } = startClient(first.url);
    const waiting = expect(client.resolve(CAPABILITY)).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
    await until('it connects', () => first.open === 1);
    await client.close();
    await until('it is left', () => first.open === 0, { timeout: 1000 });
    await waiting;
  });

  it('should be asked by nobody who needs nothing', async () => {
    const { first, second } = await twoGateways();
    const { client } = startClient([first.url, second.url]);
    await client.watch().return();
    await client.close();
    expect([first.connections, second.connections]).toEqual([0, 0]);
  });
});

describe('a gateway that is cut off from its back ends', () => {
  it('should be said to be stale since it was', async () => {
    let stale = true;
    const { url } = await startScripted({
      status: () => ({ stale, asOf: '2026-11-24T13:29:00.000Z', cursor: '0000000000000001' }),
      answer: ({ next }) => next(oneService('n-1')),
    });
    const { client } = startClient(url, { keepAlive: 20 });
    expect(await client.resolve('x')).toMatchObject({ stale: true, staleSince: new Date('2026-11-24T13:29:00.000Z') });
    stale = false;
    await until('it is fresh', async () => !(await client.resolve('x')).stale);
  });
});

describe('a token', () => {
  const good = (wanted: string) => (token: string | null) => (token === `Bearer ${wanted}` ? ('accept' as const) : 4401);
  const answer = ({ query, next }: Asked) => {
    if (query.includes('healthyServices')) next(oneService('n-1'));
  };

  it('should be shown to the gateway', async () => {
    const gateway = await startScripted({ greet: good('secret'), answer });
    const { client } = startClient(gateway.url, { token: 'secret' });
    expect(await client.resolve('x')).toMatchObject({ nodeId: 'n-1' });
  });

  it('should be final where it is a text that is refused', async () => {
    const gateway = await startScripted({ greet: good('secret') });
    const { client } = startClient(gateway.url, { token: 'wrong' });
    await expect(client.resolve('x')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(client.watch().next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(gateway.tokens.every((token) => token === 'Bearer wrong')).toBe(true);
  });

  it('should be final only when every gateway refused it', async () => {
    const [bad, fine] = [await startScripted({ greet: () => 4401 }), await startScripted({ greet: good('secret'), answer })];
    const { client } = startClient([bad.url, fine.url], { token: 'secret' });
    expect(await client.resolve('x')).toMatchObject({ nodeId: 'n-1' });
  });

  it('should be asked for anew where a function gives it, a few times', async () => {
    const gateway = await startScripted({ greet: good('third'), answer });
    const tokens = ['first', 'second', 'third'];
    const { client } = startClient(gateway.url, { token: async () => tokens.shift() ?? 'none' });
    expect(await client.resolve('x')).toMatchObject({ nodeId: 'n-1' });
    expect(gateway.tokens).toEqual(['Bearer first', 'Bearer second', 'Bearer third']);
    const other = startClient(gateway.url, { token: () => 'never' });
    await expect(other.client.watch().next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(gateway.tokens.filter((token) => token === 'Bearer never')).toHaveLength(3);
  });

  it('should be asked for anew when it has expired, without what follows it noticing', async () => {
    let issued = 0;
    const gateway = await startScripted({ greet: (token) => (token === `Bearer ${issued}` ? 'accept' : 4401), answer });
    const token = () => {
      issued += 1;
      return String(issued);
    };
    const { client } = startClient(gateway.url, { token });
    await client.resolve('x');
    const watch = client.watch();
    const waiting = watch.next();
    gateway.closeAll(4403);
    await until('it is there again', () => gateway.tokens.length === 2 && client.status().gateway !== null);
    expect((await client.resolve('x')).nodeId).toBe('n-1');
    await watch.return();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  it('should not matter any more to what is known', async () => {
    let isGood = true;
    const gateway = await startScripted({ greet: () => (isGood ? 'accept' : 4401), answer });
    const { client, lines } = startClient(gateway.url, { token: 'secret' });
    await client.resolve('x');
    isGood = false;
    gateway.closeAll(4403);
    await until('it is refused', () => lines.filter((line) => line.includes('4401') || line.includes('as scripted')).length > 2);
    expect(await client.resolve('x')).toMatchObject({ nodeId: 'n-1', stale: true });
  });
});

describe('an answer', () => {
  it.each<[string, object, string]>([
    ['without a field', { data: { healthyServices: [{ nodeId: 'n-1' }] } }, 'healthyServices.0.serviceName'],
    ['of another kind', { data: { healthyServices: null } }, 'healthyServices'],
    ['that is none', { data: null }, 'the top'],
  ])('%s should be said to be not understood, and where', async (_what, result, where) => {
    const { url } = await startScripted({ answer: ({ next }) => next(result) });
    const { client } = startClient(url);
    const error = await client.resolve('x').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'UNEXPECTED_ANSWER' });
    expect(String(error)).toContain(`at ${where}`);
  });

  it('should be taken with fields and values that only a newer gateway knows', async () => {
    const node = {
      nodeId: 'n-1',
      type: 'effect',
      state: 'REGISTERED',
      health: 'RESTING',
      serviceName: 's',
      capabilities: [],
      endpoints: [],
    };
    const rest = { name: null, role: null, version: null, address: null, port: null, metadata: {}, environment: null };
    const when = { registeredAt: '2026-11-24T13:29:00.000Z', updatedAt: '2026-11-24T13:29:00.000Z', cursor: '0000000000000002' };
    const more = { networkId: null, deploymentId: null, mood: 'sunny' };
    const registrationChanges = {
      ...{ cursor: '0000000000000002', type: 'DREAMT', nodeId: 'n-1', reason: null, changedFields: [], correlationId: null },
      ...{ occurredAt: '2026-11-24T13:29:00.000Z', node: { ...node, ...rest, ...when, ...more }, extra: 1 },
    };
    const { url } = await startScripted({ answer: ({ next }) => next({ data: { registrationChanges } }) });
    const { client } = startClient(url);
    const { value } = await client.watch().next();
    expect(value).toMatchObject({ kind: 'change', type: 'MODIFIED', node: { health: 'UNKNOWN' } });
  });

  it('should end a request that it refuses, and let the next one ask again', async () => {
    const codes = ['BAD_USER_INPUT', 'FORBIDDEN'];
    const { url } = await startScripted({
      answer: ({ next, fail }) => {
        const code = codes.shift();
        if (code === undefined) next(oneService('n-1'));
        else fail(code);
      },
    });
    const { client } = startClient(url);
    await expect(client.resolve('x')).rejects.toMatchObject({ code: 'BAD_USER_INPUT', message: 'scripted BAD_USER_INPUT' });
    await expect(client.resolve('x')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await client.resolve('x')).toMatchObject({ nodeId: 'n-1' });
  });

  it('should be waited for where what is wrong may pass', async () => {
    const codes = ['BACKEND_UNAVAILABLE', 'INTERNAL_SERVER_ERROR'];
    const { url } = await startScripted({
      answer: ({ next, fail }) => {
        const code = codes.shift();
        if (code === undefined) next(oneService('n-1'));
        else fail(code);
      },
    });
    const { client } = startClient(url);
    expect(await client.resolve('x')).toMatchObject({ nodeId: 'n-1' });
    const ill = await startScripted({ answer: ({ fail }) => fail('BACKEND_UNAVAILABLE') });
    const other = startClient(ill.url, { timeout: 100 });
    await until('it was asked', async () => {
      const thrown: unknown = await other.client.resolve('x').catch((reason: unknown) => reason);
      return /: Nothing is known of "x" so far\. .*scripted BACKEND_UNAVAILABLE/.test(String(thrown));
    });
  });

  it('should be asked for again when a set that is known fails, which is stale meanwhile', async () => {
    let isIll = false;
    let fail: (code: string) => void = () => undefined;
    const { url } = await startScripted({
      answer: (operation) => {
        if (isIll) operation.fail('LIMIT_EXCEEDED');
        else operation.next(oneService('n-1'));
        fail = operation.fail;
      },
    });
    const { client } = startClient(url);
    expect(await client.resolve('x')).toMatchObject({ stale: false });
    isIll = true;
    fail('INTERNAL_SERVER_ERROR');
    await until('it is stale', async () => (await client.resolve('x')).stale);
    isIll = false;
    await until('it is current', async () => !(await client.resolve('x')).stale);
  });
});
