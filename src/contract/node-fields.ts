import { fieldName } from '../events/field.ts';
import type { JsonSchema } from './json-schema.ts';
import { ref } from './json-schema.ts';
import type { RuleName } from './rules.ts';

/** A field of what nodes say, under its name in snake_case; camelCase is read too. */
export interface Field {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly description: string;
}

const field = (name: string, rule: RuleName, description: string): Field => ({ name, schema: ref(rule), description });
const free = (name: string, description: string, schema: JsonSchema = {}): Field => ({ name, schema, description });

/** A text where the parser looks at texts alone, and leaves everything else as it is. */
const textOrFree = (rule: RuleName): JsonSchema => ({ anyOf: [ref(rule), { not: { type: 'string' } }] });

const METADATA: JsonSchema = {
  type: ['object', 'null'],
  properties: properties([
    { name: 'node_type', schema: textOrFree('nodeType'), description: 'The type, where node_type is absent.' },
    {
      name: 'node_version',
      schema: { anyOf: [ref('version'), { type: ['boolean', 'array'] }] },
      description: 'The version, where node_version is absent.',
    },
    {
      name: 'version',
      schema: { anyOf: [ref('version'), { type: ['boolean', 'array'] }] },
      description: 'The same, after node_version of the metadata.',
    },
    { name: 'service_name', schema: textOrFree('text'), description: 'The service name, where it stands nowhere else.' },
    { name: 'environment', schema: textOrFree('text'), description: 'The environment, where it stands nowhere else.' },
    { name: 'broadcast_reason', schema: textOrFree('text'), description: 'The reason, where reason is absent.' },
    field('capabilities', 'capabilities', 'More capabilities.'),
  ]),
};

/** What every message of a node says: who, and when. */
const ORIGIN: readonly Field[] = [
  free('node_id', 'Who says it. Never guessed from the key or from source_*.', { anyOf: [ref('nodeId'), { type: 'null' }] }),
  free('entity_id', 'The same, where node_id is absent.', { anyOf: [ref('nodeId'), { type: 'null' }] }),
  field('correlation_id', 'id', 'That of the request which this answers.'),
  field('epoch', 'epoch', 'Orders the messages of one node before their times do.'),
  field('timestamp', 'time', 'When it was said.'),
  field('emitted_at', 'time', 'The same, where timestamp is absent.'),
];

const TYPE: readonly Field[] = [
  field('node_type', 'nodeType', 'effect, compute, reducer, orchestrator, runtime_host, or anything else.'),
  field('service_type', 'nodeType', 'The same, where node_type is absent.'),
];

const HEALTH: Field = field('health_status', 'health', 'How the node is, in its own words.');

export const INTROSPECTION_FIELDS: readonly Field[] = [
  ...ORIGIN,
  ...TYPE,
  field('introspection_timestamp', 'time', 'The same as timestamp, where that is absent.'),
  field('node_name', 'text', 'A name for people.'),
  field('node_role', 'text', 'What it does among nodes of its type.'),
  field('node_version', 'version', 'Which version of it runs.'),
  field('service_name', 'text', 'The name of its service in Consul; by default it is made from the type.'),
  field('instance_id', 'id', 'Which instance of the node this is, where that is not the node id.'),
  field('environment', 'text', 'Where it runs.'),
  field('network_id', 'id', 'Its network.'),
  field('deployment_id', 'id', 'Its deployment.'),
  field('reason', 'text', 'Why it announces itself: startup, periodic, capability_change, …; shutdown is a goodbye.'),
  field('capabilities', 'capabilities', 'What it can do.'),
  field('declared_capabilities', 'capabilities', 'The same, as its author declared it.'),
  field('discovered_capabilities', 'capabilities', 'The same, as it was found in its code.'),
  field('contract_capabilities', 'capabilities', 'The same, as its contract says it.'),
  field('endpoints', 'endpoints', 'Where it is reached: api, health, metrics, or other names.'),
  field('service_url', 'url', 'The endpoint api, where endpoints has none.'),
  free('current_state', 'What it is doing: a text or an object; health_status in it says how it is.'),
  HEALTH,
  free('configuration', 'Its settings; node_ttl_hours is its lease.', {
    type: ['object', 'null'],
    properties: properties([
      {
        name: 'node_ttl_hours',
        schema: { anyOf: [{ type: 'number', exclusiveMinimum: 0 }, { type: 'null' }] },
        description: 'Without a sign of life for so long it expires. Hours.',
      },
    ]),
  }),
  free('metadata', 'Anything else that it wants known.', METADATA),
];

export const HEARTBEAT_FIELDS: readonly Field[] = [
  ...ORIGIN,
  ...TYPE,
  HEALTH,
  field('introspection_timestamp', 'time', 'The same as timestamp, where that is absent.'),
  field('uptime_seconds', 'measurement', 'How long it has been running. Seconds.'),
  field('active_operations', 'measurement', 'How many operations are under way.'),
  field('active_operations_count', 'measurement', 'The same, where active_operations is absent.'),
  free('resource_usage', 'What it uses.', {
    type: ['object', 'null'],
    properties: properties([
      field('cpu_percent', 'measurement', 'CPU in percent.'),
      field('memory_mb', 'measurement', 'Memory in MB.'),
      field('memory_percent', 'measurement', 'Memory in percent.'),
    ]),
  }),
  field('cpu_usage_percent', 'measurement', 'CPU in percent, where resource_usage has none.'),
  field('memory_usage_mb', 'measurement', 'Memory in MB, where resource_usage has none.'),
  field('memory_usage_percent', 'measurement', 'Memory in percent, where resource_usage has none.'),
  free('metadata', 'Not read, but for the type.', METADATA),
  field('capabilities', 'capabilities', 'Not read, but for the type.'),
];

export const ACKNOWLEDGEMENT_FIELDS: readonly Field[] = [
  ...ORIGIN,
  field('introspection_timestamp', 'time', 'The same as timestamp, where that is absent.'),
];

/** What stands around the payload, or in an IntrospectionEnvelope beside its data: the part that all kinds share. */
const ENVELOPE_ORIGIN: readonly Field[] = [
  ...ORIGIN,
  field('envelope_timestamp', 'time', 'When it was said: orders the messages of one node.'),
  field('event_timestamp', 'time', 'The same, where envelope_timestamp is absent.'),
];

const ENVELOPE_TYPE: readonly Field[] = [
  field('node_type', 'nodeType', 'The type, where the payload has none.'),
  free('metadata', 'Anything else.', METADATA),
];

export const ACKNOWLEDGEMENT_ENVELOPE = ENVELOPE_ORIGIN;
export const HEARTBEAT_ENVELOPE: readonly Field[] = [...ENVELOPE_ORIGIN, ...ENVELOPE_TYPE];
export const INTROSPECTION_ENVELOPE: readonly Field[] = [
  ...HEARTBEAT_ENVELOPE,
  field('source_instance', 'id', 'The instance, where the payload has no instance_id.'),
  field('environment', 'text', 'Where it runs; stands above that of the payload.'),
  field('network_id', 'id', 'Its network, where the payload has none.'),
  field('deployment_id', 'id', 'Its deployment, where the payload has none.'),
];

/** The fields as `properties`, under both of their spellings. */
export function properties(fields: readonly Field[]): JsonSchema {
  const found: Record<string, JsonSchema> = {};
  for (const { name, schema, description } of fields) {
    const { snake, camel } = fieldName(name);
    found[snake] ??= { description, ...schema };
    if (camel !== snake) found[camel] ??= { description: `Another spelling of ${snake}.`, deprecated: true, ...schema };
  }
  return found;
}
