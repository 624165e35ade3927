import { createHash } from 'node:crypto';
import type { NodeContent } from '../events/announcement.ts';

/** Consul itself takes longer ids; 255 keeps them usable as a path segment and a file name. */
const MAX_LENGTH = 255;
const HASH_LENGTH = 8;

/**
 * The id of a node's service in Consul: `{type}-{nodeId}`, with `-{instance}` appended when the node announced one.
 *
 * Joining with `-` is ambiguous (`a-b` + `c`, `a` + `b-c`), so a short hash of the parts is appended wherever the joined text alone does
 * not tell them apart: with an instance, with a `-` in the type, with a character that had to be replaced, or when it had to be cut.
 * A type without `-` ends at the first `-`, so the plain id needs no hash and stays plain.
 */
export function serviceIdOf(content: Pick<NodeContent, 'type' | 'nodeId' | 'instance'>): string {
  const { type, nodeId, instance } = content;
  const joined = instance === null ? `${type}-${nodeId}` : `${type}-${nodeId}-${instance}`;
  const safe = joined.replace(/[^A-Za-z0-9._-]/g, '-');
  if (instance === null && !type.includes('-') && safe === joined && joined.length <= MAX_LENGTH) return joined;
  const hash = createHash('sha256')
    .update(JSON.stringify([type, nodeId, instance]))
    .digest('hex')
    .slice(0, HASH_LENGTH);
  return `${safe.slice(0, MAX_LENGTH - HASH_LENGTH - 1)}-${hash}`;
}

/** The id under which a service stands beside one of another registry that has the same. */
export function apartId(serviceId: string, registryId: string): string {
  const mark = registryId.slice(0, HASH_LENGTH);
  return `${serviceId.slice(0, MAX_LENGTH - mark.length - 1)}-${mark}`;
}
