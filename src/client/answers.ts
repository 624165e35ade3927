import { z } from 'zod';
import { DiscoveryError } from './errors.ts';
import type { Explanation } from './explanation.ts';
import type { ChangeType, NodeHealth, RegistryNode } from './registry-event.ts';
import type { Service } from './service.ts';

/** What a gateway sends, as the types of the client. Fields that this version does not know are ignored: the gateway may be newer. */

const text = z.string();
const optional = z.string().nullable();
const moment = z.iso.datetime({ offset: true }).transform((iso) => new Date(iso));
const endpoints = z
  .array(z.object({ name: text, url: text }))
  .transform((list): Record<string, string> => Object.fromEntries(list.map(({ name, url }) => [name, url])));

/** One of the known values, or the fallback for one that a newer gateway may have added. */
function open<T extends string>(known: readonly T[], fallback: T) {
  return text.transform((value) => known.find((one) => one === value) ?? fallback);
}

const HEALTHS: readonly NodeHealth[] = ['HEALTHY', 'DEGRADED', 'UNHEALTHY', 'UNKNOWN'];
const CHANGES: readonly (ChangeType | 'SNAPSHOT' | 'BOOKMARK')[] = [
  'SNAPSHOT',
  'ADDED',
  'MODIFIED',
  'HEALTH_CHANGED',
  'REMOVED',
  'BOOKMARK',
];

const service: z.ZodType<Service> = z
  .object({
    nodeId: text,
    serviceName: text,
    address: optional,
    port: z.number().nullable(),
    version: optional,
    node: z.object({ endpoints }),
  })
  .transform(({ node, ...rest }) => ({ ...rest, url: node.endpoints['api'] ?? null, endpoints: node.endpoints }));

const node: z.ZodType<RegistryNode> = z.object({
  nodeId: text,
  name: optional,
  type: text,
  role: optional,
  version: optional,
  state: z.enum(['REGISTERED', 'EXPIRED', 'REMOVED']),
  health: open(HEALTHS, 'UNKNOWN'),
  serviceName: text,
  address: optional,
  port: z.number().nullable(),
  capabilities: z.array(text),
  endpoints,
  metadata: z.unknown(),
  environment: optional,
  networkId: optional,
  deploymentId: optional,
  registeredAt: moment,
  updatedAt: moment,
  cursor: text,
});

export const servicesAnswer = z.object({ healthyServices: z.array(service) });

export const changeAnswer = z.object({
  registrationChanges: z.object({
    cursor: text,
    type: open(CHANGES, 'MODIFIED'),
    nodeId: optional,
    reason: optional,
    changedFields: z.array(text),
    correlationId: optional,
    occurredAt: moment,
    node: node.nullable(),
  }),
});
export type ChangeAnswer = z.output<typeof changeAnswer>['registrationChanges'];

export const statusAnswer = z.object({ registryStatus: z.object({ stale: z.boolean(), asOf: moment, cursor: text }) });

const explanation: z.ZodType<Explanation> = z
  .object({
    summary: text,
    withheld: z.array(z.object({ node: z.object({ nodeId: text }), reason: text, explanation: text })),
    suggestions: z.array(z.object({ name: text })),
  })
  .transform(({ summary, withheld, suggestions }) => ({
    summary,
    withheld: withheld.map(({ node: { nodeId }, ...rest }) => ({ nodeId, ...rest })),
    suggestions: suggestions.map(({ name }) => name),
  }));

export const explanationAnswer = z.object({ explainDiscovery: explanation });

/** One result of an operation: a whole answer, or one event of a subscription. */
export const result = z.object({ data: z.unknown(), errors: z.unknown() }).partial();

const gatewayErrors = z.array(z.object({ message: text, extensions: z.looseObject({ code: text.optional() }).optional() }));

/** What the gateway said was wrong. */
export function gatewayError(errors: unknown): DiscoveryError {
  const said = gatewayErrors.safeParse(errors).data ?? [];
  const [first] = said;
  if (first === undefined)
    return new DiscoveryError('UNEXPECTED_ANSWER', `The gateway answered with errors of another form: ${JSON.stringify(errors)}`);
  const { code = 'UNKNOWN', ...details } = first.extensions ?? {};
  return new DiscoveryError(code, said.map(({ message }) => message).join('; '), details);
}

/** Throws DiscoveryError `UNEXPECTED_ANSWER` naming the field that is missing or of another kind. */
export function understood<T>(shape: z.ZodType<T>, answer: unknown): T {
  const parsed = shape.safeParse(answer);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new DiscoveryError(
    'UNEXPECTED_ANSWER',
    `The gateway answered in a form that this client does not understand, at ${issue?.path.join('.') || 'the top'}: ${issue?.message}. Is it older than the client?`,
  );
}
