import { z } from 'zod';
import { REJECTION_TYPES } from '../events/announcement.ts';

/**
 * What the gateway writes on Kafka, as schemas. What writes them is typed by them, and the files in `contract/` are generated from them, so
 * that neither can say what the other does not (docs/wire.md, "What the gateway sends").
 */

const NODE_ID = 'orders-1';
const CORRELATION_ID = '5c5a0545-1764-44e4-a097-9d093a547631';
const WHEN = '2026-11-24T10:00:00.100Z';
const SERVICE_ID = 'effect-orders-1';

const nodeId = () => z.string().min(1).max(255);
const time = () => z.string();
const cursor = () => z.string().regex(/^[0-9]{16}$/);
const EXAMPLE_CURSOR = '0000000000000239';

const timeOf = (description: string) => time().meta({ format: 'date-time', description, examples: [WHEN] });
const correlation = (description: string) =>
  z
    .string()
    .nullable()
    .meta({ description, examples: [CORRELATION_ID] });

/** Flat: real nodes read `target_node_id` and `correlation_id` at the top level of the value. */
export const introspectionRequestValue = z
  .object({
    event_type: z.literal('REGISTRY_REQUEST_INTROSPECTION').meta({ description: 'The kind of the message.' }),
    registry_id: z.string().meta({ description: 'Which registry asks: all gateways of one database are one.' }),
    request_timestamp: timeOf('When it was asked. ISO 8601, UTC.'),
    reason: z.string().meta({ description: 'Why it was asked.', examples: ['registry_startup'] }),
    target_node_id: nodeId()
      .optional()
      .meta({ description: 'Who is meant. Absent: everybody, or everybody of the types.', examples: [NODE_ID] }),
    target_node_types: z
      .array(z.string())
      .optional()
      .meta({ description: 'Nodes of which types are meant. Absent: of any.', examples: [['effect']] }),
    correlation_id: z.string().meta({ description: 'What the answer carries too.', examples: [CORRELATION_ID] }),
    timestamp: timeOf('The same as request_timestamp.'),
  })
  .meta({
    title: 'Request to introspect',
    description: 'The gateway asks nodes to announce themselves. A node answers with an introspection that has the same correlation_id.',
    examples: [
      {
        event_type: 'REGISTRY_REQUEST_INTROSPECTION',
        registry_id: '4eeeb16b-2ea5-4111-960a-b55ba3067d91',
        request_timestamp: WHEN,
        reason: 'registry_startup',
        target_node_id: NODE_ID,
        correlation_id: CORRELATION_ID,
        timestamp: WHEN,
      },
    ],
  });

export const registrationAcceptedValue = z
  .object({
    event_type: z.literal('NODE_REGISTRATION_ACCEPTED').meta({ description: 'The kind of the message.' }),
    entity_id: nodeId().meta({ description: 'The same as node_id.', examples: [NODE_ID] }),
    node_id: nodeId().meta({ description: 'Who was registered.', examples: [NODE_ID] }),
    correlation_id: correlation('That of the announcement; null where it had none.'),
    consul_service_id: z
      .string()
      .nullable()
      .meta({ description: 'Its service in Consul; null where it has none.', examples: [SERVICE_ID] }),
    cursor: cursor().meta({ description: 'Where the registration stands in the change log.', examples: [EXAMPLE_CURSOR] }),
    timestamp: timeOf('When it was registered. ISO 8601, UTC.'),
  })
  .meta({
    title: 'Registration accepted',
    description:
      'A node is registered in Consul and in Postgres. Sent at least once: after a crash it may come again, with the same cursor.',
    examples: [
      {
        event_type: 'NODE_REGISTRATION_ACCEPTED',
        entity_id: NODE_ID,
        node_id: NODE_ID,
        correlation_id: CORRELATION_ID,
        consul_service_id: SERVICE_ID,
        cursor: EXAMPLE_CURSOR,
        timestamp: WHEN,
      },
    ],
  });

const changedNode = z.object({
  node_id: nodeId().meta({ description: 'The node.', examples: [NODE_ID] }),
  node_name: z.string().nullable().meta({ description: 'As announced.' }),
  node_type: z
    .string()
    .max(100)
    .meta({ description: 'Lower case; "unknown" where none was announced.', examples: ['effect'] }),
  node_version: z
    .string()
    .nullable()
    .meta({ description: 'As announced.', examples: ['1.2.3'] }),
  state: z.enum(['REGISTERED', 'EXPIRED', 'REMOVED']).meta({ description: 'Whether it is registered.' }),
  health_status: z.enum(['HEALTHY', 'DEGRADED', 'UNHEALTHY', 'UNKNOWN']).meta({ description: 'How it is.' }),
  service_name: z.string().meta({ description: 'Its service name in Consul.', examples: ['effect-service'] }),
  consul_service_id: z
    .string()
    .nullable()
    .meta({ description: 'Its service in Consul.', examples: [SERVICE_ID] }),
  address: z
    .string()
    .nullable()
    .meta({ description: 'Where its service is reached; null where no endpoint has a host.', examples: ['10.0.0.7'] }),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .nullable()
    .meta({ description: 'The port of its service.', examples: [8085] }),
  capabilities: z.array(z.string()).meta({ description: 'Names, sorted.', examples: [['order_lookup']] }),
  endpoints: z.record(z.string(), z.string()).meta({ description: 'Name to URL.', examples: [{ api: 'http://10.0.0.7:8085/api' }] }),
  environment: z.string().nullable().meta({ description: 'As announced.' }),
});

export const registrationChangeValue = z
  .object({
    event_type: z.enum(['NODE_ADDED', 'NODE_MODIFIED', 'NODE_HEALTH_CHANGED']).meta({ description: 'What happened.' }),
    cursor: cursor().meta({ description: 'Its place in the change log: grows in the order of the changes.', examples: [EXAMPLE_CURSOR] }),
    node_id: nodeId().meta({ description: 'The node.', examples: [NODE_ID] }),
    reason: z.string().meta({ description: 'Why it happened.', examples: ['startup'] }),
    changed_fields: z.array(z.string()).meta({ description: 'Fields of the GraphQL type Node that differ.', examples: [['capabilities']] }),
    correlation_id: correlation('That of the message or request by which it changed.'),
    timestamp: timeOf('When it happened. ISO 8601, UTC.'),
    node: changedNode.meta({ description: 'The node right after the change.' }),
  })
  .meta({
    title: 'Change of the registry',
    description:
      'A node after its latest change. The topic is compacted and keyed by node id; a null value, with the header event_type NODE_REMOVED, says that the node left.',
    examples: [
      {
        event_type: 'NODE_ADDED',
        cursor: EXAMPLE_CURSOR,
        node_id: NODE_ID,
        reason: 'startup',
        changed_fields: ['capabilities'],
        correlation_id: CORRELATION_ID,
        timestamp: WHEN,
        node: {
          node_id: NODE_ID,
          node_name: null,
          node_type: 'effect',
          node_version: '1.2.3',
          state: 'REGISTERED',
          health_status: 'HEALTHY',
          service_name: 'effect-service',
          consul_service_id: SERVICE_ID,
          address: '10.0.0.7',
          port: 8085,
          capabilities: ['order_lookup'],
          endpoints: { api: 'http://10.0.0.7:8085/api' },
          environment: null,
        },
      },
    ],
  });

export const deadLetterValue = z
  .object({
    original_topic: z.string().meta({ description: 'Where the message lay.' }),
    original_partition: z.int().min(0).meta({ description: 'Its partition.' }),
    original_offset: z
      .string()
      .regex(/^[0-9]+$/)
      .meta({ description: 'Its offset, in decimal.', examples: ['41'] }),
    original_key: z.string().nullable().meta({ description: 'Its key as text; null where it had none.' }),
    original_key_cut: z
      .literal(true)
      .optional()
      .meta({ description: 'The key is longer than this letter may be: only its start is here.' }),
    original_key_bytes: z.int().optional().meta({ description: 'How long the key is, where it was cut.' }),
    original_value: z
      .string()
      .nullable()
      .meta({ contentEncoding: 'base64', description: 'Its value in base64; null where that was null.' }),
    original_value_cut: z
      .literal(true)
      .optional()
      .meta({ description: 'The value is longer than this letter may be: only its start is here.' }),
    original_value_bytes: z.int().optional().meta({ description: 'How long the value is, where it was cut.' }),
    failure_reason: z.string().meta({ description: 'What was wrong and where, in one sentence.' }),
    error_type: z.enum(REJECTION_TYPES).meta({ description: 'Why it can never be accepted.' }),
    failure_timestamp: timeOf('When it was refused. ISO 8601, UTC.'),
    correlation_id: correlation('That of the message; null where it had none that is usable.'),
  })
  .meta({
    title: 'Dead letter',
    description: 'A message that can never be accepted, and why. Its key is that of the message.',
    examples: [
      {
        original_topic: 'dev.omninode_bridge.onex.evt.node-introspection.v1',
        original_partition: 2,
        original_offset: '41',
        original_key: NODE_ID,
        original_value: 'eyJub2RlX2lkIjog',
        failure_reason: 'The value is not JSON.',
        error_type: 'NOT_JSON',
        failure_timestamp: WHEN,
        correlation_id: null,
      },
    ],
  });

export type IntrospectionRequestValue = z.input<typeof introspectionRequestValue>;
export type RegistrationAcceptedValue = z.input<typeof registrationAcceptedValue>;
export type RegistrationChangeValue = z.input<typeof registrationChangeValue>;
export type DeadLetterValue = z.input<typeof deadLetterValue>;
