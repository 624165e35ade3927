import { createHash } from 'node:crypto';
import { isJsonObject, type Json, type JsonObject } from '../events/json.ts';
import { isVolatile } from '../events/volatile.ts';

/** What was announced, boiled down to whether a later announcement would say something else. */
export interface Fingerprint {
  readonly capabilities: string;
  readonly configuration: string;
}

export function fingerprintOf(data: JsonObject): Fingerprint {
  return {
    capabilities: digest(data['capabilities'] ?? null),
    configuration: digest([data['endpoints'] ?? null, data['configuration'] ?? null]),
  };
}

/** With which reason the change is announced; null when nothing changed. */
export function changeBetween(before: Fingerprint, now: Fingerprint): 'capability_change' | 'config_update' | null {
  if (before.capabilities !== now.capabilities) return 'capability_change';
  return before.configuration === now.configuration ? null : 'config_update';
}

function digest(value: Json): string {
  return createHash('sha256')
    .update(JSON.stringify(settled(value, '')))
    .digest('base64');
}

/** The value with its keys in one order, and without what the gateway does not count as content. `parent` is the key of the value. */
function settled(value: Json, parent: string): Json {
  if (isList(value)) return value.map((item) => settled(item, parent));
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value)
    // `true` is a capability, whatever its name.
    .filter(([key, inner]) => inner === true || !isVolatile(key, parent))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner]): [string, Json] => [key, settled(inner, key)]);
  return Object.fromEntries(kept);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
