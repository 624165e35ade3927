import { hash } from 'node:crypto';
import type { NodeContent } from './announcement.ts';
import { isJsonObject, type Json } from './json.ts';
import { isVolatile } from './volatile.ts';

const NO_NAMES: ReadonlySet<string> = new Set();

/**
 * SHA-256 (hex) of a node's content without its volatile parts. Two announcements with the same hash register the same, so the order of
 * keys, of endpoints and everything that {@link isVolatile} names leave it alone.
 * Address and port are not hashed: they follow from the endpoints.
 */
export function contentHashOf(content: NodeContent): string {
  // A capability may be named like something volatile (`token_count`): what is announced under it is its settings.
  const names = new Set(content.capabilities);
  const endpoints = content.endpoints.map(({ name, url }) => canonical(name) + canonical(url)).sort();
  const text =
    canonical(content.nodeId) +
    canonical(content.instance) +
    canonical(content.type) +
    canonical(content.name) +
    canonical(content.role) +
    canonical(content.version) +
    canonical(content.announcedServiceName) +
    canonical(content.environment) +
    canonical(content.networkId) +
    canonical(content.deploymentId) +
    canonical(content.capabilities) +
    canonical(endpoints) +
    canonical(content.capabilityDetails, '', names) +
    canonical(content.metadata);
  return hash('sha256', text, 'hex');
}

/**
 * The value as a text that no other value has, without volatile keys and with the others sorted. Texts stand with their length
 * instead of escapes, which is three times as fast as JSON. The depth is bounded by the parser.
 */
function canonical(value: Json, parent = '', names = NO_NAMES): string {
  if (typeof value === 'string') return `${value.length}"${value}`;
  if (!isJsonObject(value)) return Array.isArray(value) ? canonicalList(value, parent, names) : `${value},`;
  let text = '{';
  for (const key of Object.keys(value).sort()) {
    const item = value[key];
    if (item === undefined || (isVolatile(key, parent) && !names.has(key))) continue;
    text += `${key.length}"${key}${canonical(item, key, names)}`;
  }
  return `${text}}`;
}

function canonicalList(list: readonly Json[], parent: string, names: ReadonlySet<string>): string {
  let text = '[';
  for (const item of list) text += canonical(item, parent, names);
  return `${text}]`;
}
