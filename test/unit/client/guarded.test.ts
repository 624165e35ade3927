import { describe, expect, it } from 'vitest';
import { until } from '../../until.ts';
import { sampleNode } from '../graphql/memory-registry.ts';
import { accessOf, READ_TOKEN, TOKENS, WRITE_TOKEN, WRONG_TOKEN } from '../http/auth/access.ts';
import { startServer } from '../http/running-server.ts';
import { startClient } from './running-client.ts';

async function guarded() {
  const { registry, url } = await startServer({ access: accessOf(TOKENS) });
  registry.put(sampleNode('n-1'));
  return { registry, url };
}

describe('a gateway that wants a token', () => {
  it('should be used with one', async () => {
    const { registry, url } = await guarded();
    const { client, lines } = startClient(url, { token: WRITE_TOKEN });
    const service = await client.resolve('database.query');
    client.reportFailure(service, new Error('connection refused'));
    await until('the report is taken', () => lines.some((line) => line.startsWith('debug reported a failed service')));
    const watch = client.watch({}, { snapshot: true });
    expect((await watch.next()).value).toMatchObject({ kind: 'snapshot', nodes: [{ nodeId: 'n-1' }] });
    await watch.return();
    expect(registry.queries.at(-1)).toMatchObject({ capability: 'database.query' });
  });

  it('should be read with one for reading, and say once that it takes no reports', async () => {
    const { url } = await guarded();
    const { client, lines } = startClient(url, { token: async () => READ_TOKEN });
    const service = await client.resolve('database.query');
    client.reportFailure(service, new Error('connection refused'));
    await until('it is said', () => lines.some((line) => line.startsWith('warn the gateway takes no reports')));
    expect(lines.join()).toContain('registry:write');
    expect(await client.resolve('database.query')).toMatchObject({ nodeId: 'n-1', stale: false });
  });

  it.each([undefined, WRONG_TOKEN])('should say that it does not accept %s, and not what was shown', async (token) => {
    const { url } = await guarded();
    const { client, lines } = startClient(url, { token });
    const error = await client.resolve('database.query').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(client.watch().next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(`${error} ${lines.join()}`).not.toContain(WRONG_TOKEN);
  });
});
