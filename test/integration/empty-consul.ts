import { afterAll, beforeAll, expect } from 'vitest';
import { z } from 'zod';
import { sharedStack } from './stack.ts';

const node = z.object({ Node: z.string(), Meta: z.record(z.string(), z.string()) });

/** A key that says which file works with this Consul. */
const CLAIM = '/kv/claimed-by-test-file';

const { host, port, owned } = sharedStack().consul;

async function call(path: string, body?: string): Promise<unknown> {
  const request = body === undefined ? {} : { method: 'PUT', body };
  const response = await fetch(`http://${host}:${port}/v1${path}`, request);
  const text = await response.text();
  if (!response.ok) throw new Error(`Consul: ${path}: ${response.status} ${text}`);
  return text === '' ? null : JSON.parse(text);
}

// Each file finds the Consul of its worker empty, whatever ran there before: services that others left would take the ids of its own, and
// be among the instances of a service. So it must be the only one there, too. Not where somebody else's Consul is configured.
beforeAll(async () => {
  if (!owned) return;
  const isOurs = await call(`${CLAIM}?cas=0`, expect.getState().testPath ?? 'a test file');
  if (isOurs !== true) {
    const other = await (await fetch(`http://${host}:${port}/v1${CLAIM}?raw`)).text();
    throw new Error(`two files at a time share one Consul, the other is ${other}`);
  }
  const services = z.record(z.string(), z.unknown()).parse(await call('/agent/services'));
  for (const id of Object.keys(services)) await call(`/agent/service/deregister/${encodeURIComponent(id)}`, '{}');
  for (const { Node, Meta } of z.array(node).parse(await call('/catalog/nodes'))) {
    if ('external-node' in Meta) await call('/catalog/deregister', JSON.stringify({ Node }));
  }
});

afterAll(async () => {
  if (owned) await fetch(`http://${host}:${port}/v1${CLAIM}`, { method: 'DELETE' });
});
