import { z } from 'zod';
import { isJsonObject, type Json } from '../events/json.ts';
import { SIGNATURE_FORM } from '../events/signature.ts';
import { DIALECT, type JsonSchema } from './json-schema.ts';

/** A message of the gateway: the schema that types the code which writes it, as JSON Schema. What is not in it may be added in later versions. */
export function gatewayMessage(name: string, schema: z.ZodType): JsonSchema {
  const generated: Json = JSON.parse(JSON.stringify(z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' })));
  if (!isJsonObject(generated)) throw new Error(`${name} is no schema of an object`);
  return { $schema: DIALECT, $id: `urn:discovery-gateway:${name}`, ...generated };
}

/** The headers of what the gateway sends. */
export function gatewayHeaders(): JsonSchema {
  return {
    $schema: DIALECT,
    $id: 'urn:discovery-gateway:gateway-headers',
    title: "Headers of the gateway's messages",
    description: 'Texts in UTF-8.',
    type: 'object',
    required: ['content_type', 'event_type', 'source'],
    properties: {
      content_type: { const: 'application/json', description: 'What the value is.' },
      event_type: {
        type: 'string',
        description: 'The kind; for a null value on the topic of changes NODE_REMOVED.',
        examples: ['NODE_ADDED'],
      },
      source: {
        type: 'string',
        description: 'discovery-gateway/ and the id of the registry.',
        examples: ['discovery-gateway/4eeeb16b-2ea5-4111-960a-b55ba3067d91'],
      },
      correlation_id: { type: 'string', description: 'That of the value, where it has one.' },
      traceparent: { type: 'string', description: 'W3C trace context, where the announcement or mutation was traced: docs/operations.md.' },
      'onex-signature': { type: 'string', description: 'With SELF_SIGNING_KEY: docs/claims.md.', pattern: SIGNATURE_FORM },
    },
  };
}
