import { type FieldName, fieldName, read, toText } from './field.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import { Unacceptable } from './unacceptable.ts';

const NODE_VERSION = fieldName('node_version');
const VERSION = fieldName('version');

/**
 * The node's version: `node_version`, else `metadata.node_version` or `metadata.version`, else `capabilities.node_version`; null where
 * none says anything. Throws Unacceptable INVALID_FIELD.
 */
export function readVersion(payload: JsonObject, path: string): string | null {
  const metadata = payload['metadata'];
  const capabilities = payload['capabilities'];
  return (
    toVersion(read(payload, NODE_VERSION), `${path}node_version`) ??
    versionIn(metadata, NODE_VERSION, `${path}metadata.node_version`) ??
    versionIn(metadata, VERSION, `${path}metadata.version`) ??
    versionIn(capabilities, NODE_VERSION, `${path}capabilities.node_version`)
  );
}

/** Free places may hold anything under that name: `true` or a list there is no version, and no fault either. */
function versionIn(object: Json | undefined, name: FieldName, place: string): string | null {
  const value = isJsonObject(object) ? read(object, name) : null;
  return typeof value === 'boolean' || Array.isArray(value) ? null : toVersion(value, place);
}

/** A text as it is, or `{major, minor, patch, prerelease, build}` as semver writes it. An object without `major` says nothing. */
function toVersion(value: Json, place: string): string | null {
  if (!isJsonObject(value)) return toText(value, place);
  const major = value['major'] ?? null;
  if (major === null) return null;
  const numbers = [major, value['minor'] ?? 0, value['patch'] ?? 0].map((part) => toNumber(part, place));
  const prerelease = toIdentifiers(value['prerelease'] ?? null, place);
  const build = toIdentifiers(value['build'] ?? null, place);
  return toText(`${numbers.join('.')}${prerelease === null ? '' : `-${prerelease}`}${build === null ? '' : `+${build}`}`, place);
}

function toNumber(part: Json, place: string): string {
  const text = typeof part === 'number' || typeof part === 'string' ? String(part) : '';
  if (/^\d{1,16}$/.test(text)) return String(Number(text));
  throw new Unacceptable('INVALID_FIELD', `${place} has a major, minor or patch that is not a whole number.`);
}

/** Dot-separated identifiers, which also come as a list such as `["rc", 1]`. */
function toIdentifiers(value: Json, place: string): string | null {
  if (!Array.isArray(value)) return toText(value, place);
  const texts = value.map((item: Json) => toText(item, place)).filter((text) => text !== null);
  return texts.length === 0 ? null : texts.join('.');
}
