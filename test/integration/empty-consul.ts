import { beforeAll } from 'vitest';
import { z } from 'zod';
import { sharedStack } from './stack.ts';

const node = z.object({ Node: z.string(), Meta: z.record(z.string(), z.string()) });

// Each file finds the Consul of its worker empty, whatever ran there before: services that others left would take the ids of its own, and
// be among the instances of a service. Not where somebody else's Consul is configured.
beforeAll(async () => {
  const { host, port, owned } = sharedStack().consul;
  if (!owned) return;
  const call = async (path: string, body?: object): Promise<unknown> => {
    const request = body === undefined ? {} : { method: 'PUT', body: JSON.stringify(body) };
    const response = await fetch(`http://${host}:${port}/v1${path}`, request);
    if (!response.ok) throw new Error(`Consul: ${path}: ${response.status} ${await response.text()}`);
    return body === undefined ? response.json() : null;
  };
  const services = z.record(z.string(), z.unknown()).parse(await call('/agent/services'));
  for (const id of Object.keys(services)) await call(`/agent/service/deregister/${encodeURIComponent(id)}`, {});
  for (const { Node, Meta } of z.array(node).parse(await call('/catalog/nodes'))) {
    if ('external-node' in Meta) await call('/catalog/deregister', { Node });
  }
});
