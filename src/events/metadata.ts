import { fieldName, read } from './field.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';

const NODE_TYPE = fieldName('node_type');

/** Fields of the payload that are read into a place of their own. `configuration` is not: it is kept whole, and only its lease is read. */
export const PAYLOAD_FIELDS = [
  'node_id',
  'entity_id',
  'node_name',
  'node_type',
  'node_role',
  'node_version',
  'service_name',
  'instance_id',
  'capabilities',
  'declared_capabilities',
  'discovered_capabilities',
  'contract_capabilities',
  'endpoints',
  'current_state',
  'health_status',
  'reason',
  'epoch',
  'timestamp',
  'introspection_timestamp',
  'emitted_at',
  'correlation_id',
  'event_type',
  'network_id',
  'deployment_id',
  'environment',
  'metadata',
] as const;
const KNOWN: ReadonlySet<string> = new Set(PAYLOAD_FIELDS.flatMap((name) => [fieldName(name).snake, fieldName(name).camel]));
const SERVICE_URL = fieldName('service_url');
const SERVICE_TYPE = fieldName('service_type');

/**
 * The announced metadata, and beside it every field of the payload that the contract does not know, or knows as an alias that was not
 * needed. Where both have a key, the announced metadata stands.
 */
export function metadataOf(payload: JsonObject, hasServiceUrl: boolean): JsonObject {
  const announced = payload['metadata'] ?? null;
  const metadata: Record<string, Json> = {};
  // Not a spread: each object to which a property is added after one keeps a description of itself, some 200 bytes of every node (Node 20).
  if (isJsonObject(announced)) for (const key of Object.keys(announced)) metadata[key] = announced[key] ?? null;
  else if (announced !== null) metadata['metadata'] = announced;
  const hasServiceType = read(payload, NODE_TYPE) === null;
  for (const key of Object.keys(payload)) {
    if (KNOWN.has(key) || Object.hasOwn(metadata, key)) continue;
    if (hasServiceUrl && (key === SERVICE_URL.snake || key === SERVICE_URL.camel)) continue;
    if (hasServiceType && (key === SERVICE_TYPE.snake || key === SERVICE_TYPE.camel)) continue;
    metadata[key] = payload[key] ?? null;
  }
  return metadata;
}
