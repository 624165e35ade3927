import { REJECTION_TYPES } from '../events/announcement.ts';
import type { Types } from './types.ts';

/** What a developer looks at to see what exists, and why something does not. */
export function defineSummaries({ capabilitySummary, rejectedEvent }: Types): void {
  capabilitySummary.implement({
    description: 'A capability and who has it. Example: `{name: "hash_generation", nodes: 3, healthy: 2}`.',
    fields: (t) => ({
      name: t.exposeString('name', { description: 'The capability, as announced. Example: `"hash_generation"`.' }),
      nodes: t.exposeInt('nodes', { description: 'REGISTERED nodes that have it. Example: `3`.' }),
      healthy: t.exposeInt('healthy', {
        description:
          'Those of them that `healthyServices` hands out at this moment: HEALTHY, and not left out because they do not answer (`Node.ejection`). Example: `2`.',
      }),
    }),
  });
  rejectedEvent.implement({
    description:
      'A message that could never be accepted, and why; the whole message lies on the dead-letter topic. Example: `{errorType: "INVALID_NODE_ID", reason: "payload.node_id is missing", partition: 0, offset: "1742"}`.',
    fields: (t) => ({
      topic: t.exposeString('topic', {
        description: 'Where it lay in Kafka. Example: `"dev.omninode_bridge.onex.evt.node-introspection.v1"`.',
      }),
      partition: t.exposeInt('partition', { description: 'The partition of the topic. Example: `0`.' }),
      offset: t.exposeString('offset', { description: 'The offset in the partition, a 64-bit number as text. Example: `"1742"`.' }),
      reason: t.exposeString('reason', {
        description: 'One sentence: what was wrong, and where. Example: `"payload.node_id is missing"`.',
      }),
      errorType: t.exposeString('errorType', {
        description: `The code of the reason; there may be others in time: ${REJECTION_TYPES.map((type) => `\`${type}\``).join(', ')}. Example: \`"INVALID_NODE_ID"\`.`,
      }),
      excerpt: t.exposeString('excerpt', {
        nullable: true,
        description:
          'The start of the value, cut and with secrets masked; null for a message without a value. Example: `"{\\"node_type\\": \\"effect\\"}"`.',
      }),
      correlationId: t.exposeString('correlationId', {
        nullable: true,
        description: 'The correlation id of the message; null when it has none. Example: `"6f1c2d3e-8a4b-4c5d-9e6f-7a8b9c0d1e2f"`.',
      }),
      rejectedAt: t.field({
        type: 'DateTime',
        description: 'When the gateway rejected it. Example: `"2026-11-24T13:29:00.000Z"`.',
        resolve: (event) => event.rejectedAt,
      }),
    }),
  });
}
