import { createClient } from 'graphql-ws';
import { expect, it } from 'vitest';
import WebSocket from 'ws';
import { z } from 'zod';
import { freePort } from '../../../src/local/port.ts';
import { until } from '../../until.ts';
import { announcement, freshEnvironment, Nodes, runGateway } from './running-gateway.ts';

const event = z.object({
  data: z.object({ registrationChanges: z.object({ cursor: z.string(), type: z.string(), nodeId: z.string().nullable() }) }),
});

/** The recipe of docs/PROTOCOL.md: the stock client sends its original variables again, so `after` is advanced in that very object. */
it('should let the stock client resume without a gap when its gateway restarts', async () => {
  const env = await freshEnvironment({ SERVICE_PORT: String(await freePort(new Set())), BOOKMARK_INTERVAL: '1s' });
  let gateway = await runGateway(env);
  const nodes = await Nodes.connect(gateway.config);
  const client = createClient({
    url: `ws://127.0.0.1:${env['SERVICE_PORT']}/graphql`,
    webSocketImpl: WebSocket,
    shouldRetry: () => true,
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: () => new Promise((resolve) => setTimeout(resolve, 50)),
  });
  const variables: { after: string | null; snapshot: boolean } = { after: null, snapshot: true };
  const seen: { cursor: string; type: string; nodeId: string | null }[] = [];
  let connections = 0;
  client.on('connected', () => {
    connections += 1;
  });
  client.subscribe(
    {
      query:
        'subscription ($after: Cursor, $snapshot: Boolean) { registrationChanges(after: $after, snapshot: $snapshot) { cursor type nodeId } }',
      variables,
    },
    {
      next: (result) => {
        const { registrationChanges } = event.parse(result).data;
        variables.after = registrationChanges.cursor;
        seen.push(registrationChanges);
      },
      error: (error) => expect(error, 'the subscription ended').toBeUndefined(),
      complete: () => undefined,
    },
  );
  await until('the snapshot ended', () => seen.some(({ type }) => type === 'BOOKMARK'));
  await nodes.announce(announcement('before-1'));
  await until('the first change arrived', () => seen.some(({ nodeId }) => nodeId === 'before-1'));
  await gateway.stop();
  await nodes.announce(...Array.from({ length: 20 }, (_, index) => announcement(`between-${index}`)));
  gateway = await runGateway(env);
  await nodes.announce(announcement('after-1'));
  await until('the last change arrived', () => seen.some(({ nodeId }) => nodeId === 'after-1'), { timeout: 30_000 });
  expect(connections).toBeGreaterThan(1);
  const log = await gateway.client.changes();
  const begin = Number(seen.find(({ type }) => type === 'BOOKMARK')?.cursor);
  const delivered = seen.filter(({ type }) => type !== 'BOOKMARK' && type !== 'SNAPSHOT').map(({ cursor }) => Number(cursor));
  const end = delivered.at(-1) ?? 0;
  expect(delivered).toEqual(log.map(({ cursor }) => Number(cursor)).filter((cursor) => cursor > begin && cursor <= end));
  await client.dispose();
  await nodes.close();
  await gateway.stop();
}, 120_000);
