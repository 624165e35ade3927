import { fieldName, read } from './field.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import { hasControlCharacter } from './node-id.ts';
import { describe } from './path.ts';
import { isLongerThan } from './text-length.ts';
import { Unacceptable } from './unacceptable.ts';

export const TYPE_MAX_LENGTH = 100;
/** The type of a node that announces none: its row and its Consul service need one. */
export const UNKNOWN_TYPE = 'unknown';

const NODE_TYPE = fieldName('node_type');
const SERVICE_TYPE = fieldName('service_type');
const GENERIC_SUFFIX = '_generic';

/**
 * The node's type: `node_type`, else `service_type`, else the `node_type` of the envelope, of its metadata, of the payload's metadata,
 * of the capabilities; null where none says anything.
 * Throws Unacceptable INVALID_TYPE.
 */
export function readType(payload: JsonObject, envelope: JsonObject, path: string): string | null {
  return (
    toType(read(payload, NODE_TYPE), `${path}node_type`) ??
    toType(read(payload, SERVICE_TYPE), `${path}service_type`) ??
    toType(read(envelope, NODE_TYPE), 'node_type') ??
    typeIn(envelope['metadata'], 'metadata.node_type') ??
    typeIn(payload['metadata'], `${path}metadata.node_type`) ??
    typeIn(payload['capabilities'], `${path}capabilities.node_type`)
  );
}

/** Free places may hold anything under that name: only a text there is a type. */
function typeIn(object: Json | undefined, place: string): string | null {
  const value = isJsonObject(object) ? read(object, NODE_TYPE) : null;
  return typeof value === 'string' ? toType(value, place) : null;
}

/** The type that this text means, null where it means none. Throws Unacceptable INVALID_TYPE. */
export function nodeTypeOf(text: string): string | null {
  return toType(text, 'nodeType');
}

/** Lower case, without a `_GENERIC` suffix (some producers announce EFFECT_GENERIC). */
function toType(value: Json, place: string): string | null {
  if (value === null) return null;
  if (typeof value !== 'string') throw new Unacceptable('INVALID_TYPE', `${place} is ${describe(value)}, not a text.`);
  const type = value.trim().toLowerCase();
  if (type === '') return null;
  if (isLongerThan(type, TYPE_MAX_LENGTH)) {
    throw new Unacceptable('INVALID_TYPE', `${place} is longer than ${TYPE_MAX_LENGTH} characters.`);
  }
  if (hasControlCharacter(type)) throw new Unacceptable('INVALID_TYPE', `${place} contains a control character.`);
  return type.length > GENERIC_SUFFIX.length && type.endsWith(GENERIC_SUFFIX) ? type.slice(0, -GENERIC_SUFFIX.length) : type;
}
