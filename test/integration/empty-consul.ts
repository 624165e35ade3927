import { afterAll, beforeAll } from 'vitest';
import { z } from 'zod';
import { ownConsul } from './own-consul.ts';

const node = z.object({ Node: z.string(), Meta: z.record(z.string(), z.string()) });

const { address, release } = ownConsul;
const { host, port, owned } = address;

async function call(path: string, body?: string): Promise<unknown> {
  const request = body === undefined ? {} : { method: 'PUT', body };
  const response = await fetch(`http://${host}:${port}/v1${path}`, request);
  const text = await response.text();
  if (!response.ok) throw new Error(`Consul: ${path}: ${response.status} ${text}`);
  return text === '' ? null : JSON.parse(text);
}

// Each file finds its Consul empty, whatever ran there before: services that others left would take the ids of its own, and be among the
// instances of a service. Not where somebody else's Consul is configured.
beforeAll(async () => {
  if (!owned) return;
  const services = z.record(z.string(), z.unknown()).parse(await call('/agent/services'));
  for (const id of Object.keys(services)) await call(`/agent/service/deregister/${encodeURIComponent(id)}`, '{}');
  for (const { Node, Meta } of z.array(node).parse(await call('/catalog/nodes'))) {
    if ('external-node' in Meta) await call('/catalog/deregister', JSON.stringify({ Node }));
  }
});

afterAll(release);
