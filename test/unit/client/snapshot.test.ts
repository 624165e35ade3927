import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sampleNode } from '../graphql/memory-registry.ts';
import { startServer } from '../http/running-server.ts';
import { BreakableLink } from './breakable-link.ts';
import { startClient } from './running-client.ts';

const CAPABILITY = 'database.query';

/** A client that has resolved once and left its snapshot behind, and a link that is down. */
async function leftBehind() {
  const folder = await mkdtemp(join(tmpdir(), 'discovery-client-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const snapshotFile = join(folder, 'deep', 'services.json');
  const server = await startServer();
  server.registry.put(sampleNode('n-1'));
  const link = await BreakableLink.to(server.port);
  const { client } = startClient(link.url, { snapshotFile });
  await client.resolve(CAPABILITY);
  const before = Date.now();
  await client.close();
  link.isDown = true;
  return { server, link, snapshotFile, before };
}

describe('a snapshot', () => {
  it('should answer at a start at which no gateway does, marked stale, until one does', async () => {
    const { server, link, snapshotFile, before } = await leftBehind();
    const { client } = startClient(link.url, { snapshotFile });
    const service = await client.resolve(CAPABILITY);
    expect(service).toMatchObject({ nodeId: 'n-1', url: 'http://10.0.3.17:8080', stale: true });
    expect(Math.abs((service.staleSince?.getTime() ?? 0) - before)).toBeLessThan(1000);
    server.registry.put(sampleNode('n-2'));
    link.isDown = false;
    await expect.poll(async () => (await client.resolveAll(CAPABILITY)).map(({ stale }) => stale)).toEqual([false, false]);
  });

  it('should be for its user only, and whole', async () => {
    const { snapshotFile } = await leftBehind();
    expect((await stat(snapshotFile)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(snapshotFile, '..'))).toEqual(['services.json']);
    expect(JSON.parse(await readFile(snapshotFile, 'utf8'))).toMatchObject({ format: 'discovery-gateway/client-snapshot', version: 1 });
  });

  it.each<[string, (text: string) => string, string]>([
    ['of other gateways', (text) => text.replace('ws://', 'ws://elsewhere.'), 'it is of other gateways'],
    ['of another version', (text) => text.replace('"version":1', '"version":2'), 'it has version 2 of the format'],
    ['that was cut short', (text) => text.slice(0, 100), 'JSON'],
    ['that is something else', () => '{"a":1}', 'format'],
  ])('%s should be left alone, and be said', async (_what, change, why) => {
    const { link, snapshotFile } = await leftBehind();
    await writeFile(snapshotFile, change(await readFile(snapshotFile, 'utf8')));
    const { client, lines } = startClient(link.url, { snapshotFile, timeout: 50 });
    await expect(client.resolve(CAPABILITY)).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
    expect(lines.filter((line) => line.startsWith('warn cannot use the snapshot')).join()).toContain(why);
  });

  it('should not stand in the way of a gateway that answers', async () => {
    const { server, link, snapshotFile } = await leftBehind();
    server.registry.put(sampleNode('n-1', { health: 'UNHEALTHY' }), 'HEALTH_CHANGED');
    link.isDown = false;
    const { client } = startClient(link.url, { snapshotFile });
    await expect(client.resolve(CAPABILITY)).rejects.toMatchObject({ code: 'NO_HEALTHY_SERVICE', staleSince: null });
  });
});
