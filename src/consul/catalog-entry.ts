import { z } from 'zod';
import type { CatalogEntry } from '../registry/ports.ts';
import type { AgentClient } from './agent-client.ts';
import { answerIn } from './consul-error.ts';
import { withTimeout } from './deadline.ts';

const checkSchema = z.object({
  Node: z.string(),
  CheckID: z.string(),
  Name: z.string(),
  Status: z.enum(['passing', 'warning', 'critical']),
  Output: z.string(),
  ServiceID: z.string(),
});
const serviceSchema = z.object({
  ID: z.string(),
  Service: z.string(),
  Address: z.string(),
  Port: z.number(),
  Tags: z.array(z.string()).nullish(),
  Meta: z.record(z.string(), z.string()).nullish(),
});
type Service = z.output<typeof serviceSchema>;
type Check = z.output<typeof checkSchema>;

const onAgent = z.object({ body: z.object({ Service: serviceSchema.nullable(), Checks: z.array(checkSchema).nullish() }) });
const onNode = z.object({ Services: z.record(z.string(), serviceSchema).nullish() }).nullish();

/** The service as the agent holds it, or null. `left` is milliseconds. Throws what the client threw. */
export async function entryOnAgent(
  client: AgentClient,
  serviceId: string,
  nodeName: () => Promise<string>,
  left: () => number,
): Promise<CatalogEntry | null> {
  const answer = await client.healthById(serviceId, left()).catch((error: unknown) => {
    // Its statuses 429, 503 and 404 say how the service is, with the same body.
    const answered = answerIn(error);
    if (answered !== undefined && onAgent.safeParse(answered).success) return answered;
    throw error;
  });
  const { Service: service, Checks: checks } = onAgent.parse(answer).body;
  return service === null ? null : entryOf(service, checks ?? [], await nodeName());
}

/** The service as the catalog has it on a node, or null. `left` is milliseconds. Throws what the client threw. */
export async function entryOnNode(client: AgentClient, node: string, serviceId: string, left: () => number): Promise<CatalogEntry | null> {
  const named = (field: string) => `${field} == ${JSON.stringify(serviceId)}`;
  const [listed, checks]: readonly unknown[] = await Promise.all([
    client.catalog.node.services(withTimeout({ node, filter: named('ID') }, left())),
    // The client takes the node's name as `node`; its types have it as `name`.
    client.health.node(withTimeout({ name: node, node, filter: named('ServiceID') }, left())),
  ]);
  const [service] = Object.values(onNode.parse(listed)?.Services ?? {});
  return service === undefined ? null : entryOf(service, z.array(checkSchema).nullish().parse(checks) ?? [], node);
}

function entryOf(service: Service, checks: readonly Check[], node: string): CatalogEntry {
  return {
    id: service.ID,
    name: service.Service,
    node,
    address: service.Address === '' ? null : service.Address,
    port: service.Port === 0 ? null : service.Port,
    tags: service.Tags ?? [],
    meta: service.Meta ?? {},
    // Of the node's own checks, which every service on it shares, nothing is to be said here.
    checks: checks
      .filter(({ ServiceID: serviceId }) => serviceId === service.ID)
      .map((check) => ({ id: check.CheckID, name: check.Name, status: check.Status, output: check.Output }))
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
  };
}
