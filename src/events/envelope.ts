import { fieldName, read } from './field.ts';
import type { Json, JsonObject } from './json.ts';
import { isJsonObject } from './json.ts';
import { describe } from './path.ts';
import { Unacceptable } from './unacceptable.ts';

const EMPTY: JsonObject = Object.freeze({});
const ENVELOPE_MARKS = ['envelope_id', 'envelope_version', 'event_id', 'event_type'].map(fieldName);
const OWN_CONTENT = ['capabilities', 'declared_capabilities', 'discovered_capabilities', 'contract_capabilities', 'endpoints'].map(
  fieldName,
);
const TIMESTAMP = 'timestamp';

/** A message's value taken out of whatever envelope it came in. */
export interface OpenedEnvelope {
  /** What the node says. */
  readonly payload: JsonObject;
  /** What stands around it; empty where nothing does. */
  readonly envelope: JsonObject;
  /** Where the payload's fields lay in the value, for reasons: `payload.` or nothing. */
  readonly path: string;
}

/**
 * Opens the envelope, by its shape alone, since of the legacy envelope only `payload` may be relied on: an object `payload` is the
 * legacy or the platform envelope, an object `data` beside no content of its own is an IntrospectionEnvelope (alone or as a payload),
 * anything else is a bare payload.
 * Throws Unacceptable NOT_AN_OBJECT where an envelope's payload is not an object.
 */
export function openEnvelope(root: JsonObject): OpenedEnvelope {
  const payload = root['payload'];
  if (isJsonObject(payload)) {
    const data = payload['data'];
    if (!isJsonObject(data) || hasOwnContent(payload)) return { payload, envelope: root, path: 'payload.' };
    return { payload: spread(payload, data, payload[TIMESTAMP] ?? data[TIMESTAMP]), envelope: root, path: 'payload.' };
  }
  if (payload !== undefined && payload !== null && ENVELOPE_MARKS.some((name) => read(root, name) !== null)) {
    throw new Unacceptable('NOT_AN_OBJECT', `payload is ${describe(payload)}, not an object.`);
  }
  const data = root['data'];
  if (!isJsonObject(data) || hasOwnContent(root)) return { payload: root, envelope: EMPTY, path: '' };
  return { payload: spread(root, data, data[TIMESTAMP]), envelope: root, path: '' };
}

function hasOwnContent(object: JsonObject): boolean {
  return OWN_CONTENT.some((name) => read(object, name) !== null);
}

/** An IntrospectionEnvelope as one payload. What it says itself stands above what its data says, except for the time, which both have. */
function spread(outer: JsonObject, data: JsonObject, timestamp: Json | undefined): JsonObject {
  const payload: Record<string, Json> = { ...data };
  for (const [key, value] of Object.entries(outer)) {
    if (value !== null && key !== 'data') payload[key] = value;
  }
  payload[TIMESTAMP] = timestamp ?? null;
  return payload;
}
