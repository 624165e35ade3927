import { expect, it } from 'vitest';
import { partsOf } from '../../unit/http/multipart.ts';
import { until } from '../../until.ts';
import { announcement, freshEnvironment, Nodes, runGateway } from './running-gateway.ts';

it('should answer from memory at once, and send what Postgres has in a later part', async () => {
  const gateway = await runGateway(await freshEnvironment());
  const nodes = await Nodes.connect(gateway.config);
  await nodes.announce(announcement('deferred-1'), announcement('deferred-2'));
  await until('both are registered', async () => {
    const seen = (await gateway.client.changes()).map(({ nodeId }) => nodeId);
    return seen.includes('deferred-1') && seen.includes('deferred-2');
  });
  const query =
    '{ nodes(filter: { search: "deferred-" }) { edges { node { nodeId ... @defer(label: "history") { changes(first: 1) { type nodeId } } } } } }';
  const response = await fetch(`${gateway.client.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'multipart/mixed' },
    body: JSON.stringify({ query }),
  });
  const parts: unknown[] = [];
  for await (const part of partsOf(response)) parts.push(part);
  const ids = ['deferred-1', 'deferred-2'];
  expect(parts[0]).toEqual({ data: { nodes: { edges: ids.map((nodeId) => ({ node: { nodeId } })) } }, hasNext: true });
  expect(parts.slice(1)).toEqual([
    {
      hasNext: false,
      incremental: ids.map((nodeId, index) => ({
        label: 'history',
        path: ['nodes', 'edges', index, 'node'],
        data: { changes: [{ type: 'ADDED', nodeId }] },
      })),
    },
  ]);
  await nodes.close();
  await gateway.stop();
}, 60_000);
