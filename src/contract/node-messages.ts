import type { Meaning } from '../events/event-kind.ts';
import { fieldName } from '../events/field.ts';
import { MAX_DEPTH, MESSAGE_MAX_BYTES } from '../events/read-json.ts';
import { SIGNATURE_FORM } from '../events/signature.ts';
import { DIALECT, type JsonSchema, ref } from './json-schema.ts';
import {
  ACKNOWLEDGEMENT_ENVELOPE,
  ACKNOWLEDGEMENT_FIELDS,
  type Field,
  HEARTBEAT_ENVELOPE,
  HEARTBEAT_FIELDS,
  INTROSPECTION_ENVELOPE,
  INTROSPECTION_FIELDS,
  properties,
} from './node-fields.ts';
import { referredIn, rulesFor } from './rules.ts';

/** How a kind of message is named where it says its own kind, and what it is. */
interface Kind {
  readonly title: string;
  readonly description: string;
  readonly fields: readonly Field[];
  readonly envelope: readonly Field[];
  /** Its names, as a regular expression without a namespace and a version. */
  readonly names: string;
  readonly examples: readonly JsonSchema[];
}

const NODE_ID = 'orders-1';
const CORRELATION_ID = '5c5a0545-1764-44e4-a097-9d093a547631';
const WHEN = '2026-11-24T10:00:00.000Z';

const ANNOUNCED: JsonSchema = {
  node_id: NODE_ID,
  node_type: 'effect',
  node_version: '1.2.3',
  capabilities: ['order_lookup'],
  endpoints: { api: 'http://10.0.0.7:8085/api', health: 'http://10.0.0.7:8085/health' },
  reason: 'startup',
  timestamp: WHEN,
  correlation_id: CORRELATION_ID,
};

const KINDS: Readonly<Record<Meaning, Kind>> = {
  introspection: {
    title: 'Introspection',
    description: 'A node announces what it is, what it can do and where it is reached; or, with the reason shutdown, says goodbye.',
    fields: INTROSPECTION_FIELDS,
    envelope: INTROSPECTION_ENVELOPE,
    names: 'NODE_INTROSPECTION|node[_-]introspection',
    examples: [
      ANNOUNCED,
      {
        envelope_version: '1.0',
        event_id: '7b1f1c52-5a53-4c6e-9d0f-0a6f6f5b2a01',
        event_type: 'NODE_INTROSPECTION',
        timestamp: WHEN,
        source_instance: NODE_ID,
        environment: 'production',
        payload: ANNOUNCED,
      },
      { envelope_id: '44b66da6-9fc0-470f-a950-158542eabc7a', envelope_timestamp: WHEN, payload: ANNOUNCED },
      { node_id: NODE_ID, reason: 'shutdown', timestamp: WHEN },
    ],
  },
  heartbeat: {
    title: 'Heartbeat',
    description: 'A node lives. Without a health status it means that, and nothing more.',
    fields: HEARTBEAT_FIELDS,
    envelope: HEARTBEAT_ENVELOPE,
    names: 'NODE_HEARTBEAT|node[_-]heartbeat',
    examples: [
      {
        node_id: NODE_ID,
        health_status: 'healthy',
        uptime_seconds: 150,
        active_operations: 5,
        resource_usage: { cpu_percent: 45.2, memory_mb: 512 },
        timestamp: WHEN,
      },
      { node_id: NODE_ID },
    ],
  },
  acknowledgement: {
    title: 'Acknowledgement',
    description: 'A node has read that it is registered.',
    fields: ACKNOWLEDGEMENT_FIELDS,
    envelope: ACKNOWLEDGEMENT_ENVELOPE,
    names: 'NODE_REGISTRATION_ACKED|node[_-]registration[_-]acked',
    examples: [{ node_id: NODE_ID, correlation_id: CORRELATION_ID, timestamp: WHEN }],
  },
};

const NAMESPACE = '(?:(?:[A-Za-z0-9_-]+\\.)?(?:omninode_bridge\\.)?onex\\.(?:evt|cmd)\\.(?:platform\\.)?)?';
const ID_NAMES = ['node_id', 'entity_id'].flatMap((name) => [fieldName(name).snake, fieldName(name).camel]);

/** Under one of its names there is an id. */
const HAS_ID: JsonSchema = {
  type: 'object',
  anyOf: ID_NAMES.map((name) => ({ required: [name], properties: { [name]: { type: 'string' } } })),
};

/** The value of a node's message of this kind, in every shape that the gateway reads (docs/wire.md, "Envelopes"). */
export function nodeMessage(meaning: Meaning): JsonSchema {
  const { title, description, fields, envelope, names, examples } = KINDS[meaning];
  const named = `^${NAMESPACE}(?:${names})(?:\\.v[0-9]+)?$`;
  const eventType: Field = {
    name: 'event_type',
    schema: { anyOf: [{ type: 'string', maxLength: 255, pattern: named }, { enum: ['', null] }] },
    description: 'The kind of the message, where the topic does not say it.',
  };
  const says: JsonSchema = {
    description: 'What the node says, under both spellings of each name.',
    properties: properties([...fields, eventType]),
  };
  const definitions: Readonly<Record<string, JsonSchema>> = {
    value: {
      description: 'A bare payload, or an envelope around it.',
      type: 'object',
      allOf: [
        ref('says'),
        ref('envelope'),
        { anyOf: [HAS_ID, { required: ['payload'], properties: { payload: HAS_ID } }] },
        // The parser would take it for a record that was wrapped.
        { not: { required: ['topic', 'value'] } },
      ],
      properties: {
        payload: { description: 'What the node says, in an envelope of either generation.', ...ref('payload') },
        data: { description: 'The same, in an IntrospectionEnvelope.', ...ref('data') },
      },
    },
    says,
    envelope: {
      description: 'What stands around a payload, or beside the data of an IntrospectionEnvelope.',
      properties: properties([...envelope, eventType]),
    },
    payload: { type: ['object', 'null'], allOf: [ref('says')], properties: { data: ref('data') } },
    data: {
      type: ['object', 'null'],
      allOf: [ref('says')],
      properties: { data: { properties: properties(fields.filter(({ name }) => name === 'service_name')) } },
    },
    wrapped: {
      description: 'A whole Kafka record that somebody wrote as JSON: it is unwrapped once. Its value may also be a text of JSON.',
      type: 'object',
      required: ['topic', 'value'],
      properties: { topic: { type: 'string', maxLength: 255, pattern: named }, key: { type: ['string', 'null'] }, value: ref('value') },
      not: { anyOf: ['node_id', 'nodeId', 'payload'].map((name) => ({ required: [name] })) },
    },
  };
  const rules = rulesFor(Object.values(definitions).flatMap(referredIn));
  return {
    $schema: DIALECT,
    $id: `urn:discovery-gateway:node-${meaning}`,
    title,
    description: `${description} JSON in UTF-8, of at most ${MESSAGE_MAX_BYTES} bytes and ${MAX_DEPTH} levels, without U+0000 and lone surrogates. Null counts as absent. Names come in snake_case and camelCase; where both have a value, snake_case stands. Unknown fields are kept as metadata.`,
    anyOf: [ref('value'), ref('wrapped')],
    examples: [...examples],
    $defs: { ...definitions, ...rules },
  };
}

/** The headers of what nodes send. None is needed. */
export function nodeHeaders(): JsonSchema {
  return {
    $schema: DIALECT,
    $id: 'urn:discovery-gateway:node-headers',
    title: "Headers of nodes' messages",
    description: 'Texts in UTF-8. None is needed; others are allowed.',
    type: 'object',
    properties: {
      event_type: { type: 'string', description: 'The kind, where neither topic nor value says it.', examples: ['NODE_INTROSPECTION'] },
      correlation_id: { type: 'string', description: 'Where the value has none.', examples: [CORRELATION_ID] },
      traceparent: { type: 'string', description: 'W3C trace context: the gateway goes on with that trace.' },
      'onex-signature': { type: 'string', description: 'Signs topic, key and value: docs/claims.md.', pattern: SIGNATURE_FORM },
    },
  };
}
