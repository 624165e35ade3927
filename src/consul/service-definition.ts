import type { NodeContent } from '../events/announcement.ts';
import type { ServiceCheck, ServiceDefinition } from '../registry/ports.ts';
import { cutText } from './cut-text.ts';
import { serviceIdOf } from './service-id.ts';
import { serviceNameOf } from './service-name.ts';

/** Tags by which people find the platform's services in Consul. The first also narrows what the watch reads. */
export const PLATFORM_TAGS = ['omninode', 'bridge', 'onex-v2.0'] as const;

/** Consul refuses a longer meta value (400, "limit: 512 characters", counted in bytes). */
const META_VALUE_BYTES = 512;

/**
 * The service that a node's content asks for. Pure; never fails: what Consul's limits do not hold is cut. Tags have no limit in Consul
 * (measured on 1.19.2: 5,000 tags and one of 600 KB are taken), and one message is at most 256 KiB, so they are never cut.
 */
export function define(content: NodeContent, contentHash: string, registryId: string): ServiceDefinition {
  return {
    id: serviceIdOf(content),
    name: serviceNameOf(content),
    address: content.address,
    port: content.port,
    tags: tagsOf(content),
    meta: metaOf(content, contentHash, registryId),
    check: checkOf(content),
  };
}

function tagsOf(content: NodeContent): readonly string[] {
  const version = content.version === null ? [] : [content.version];
  return [...new Set([...PLATFORM_TAGS, content.type, ...version, ...content.capabilities])];
}

function metaOf(content: NodeContent, contentHash: string, registryId: string): Readonly<Record<string, string>> {
  const nodeId = cutText(content.nodeId, META_VALUE_BYTES);
  const values: Readonly<Record<string, string | null>> = {
    node_id: nodeId,
    // 255 characters can be 1,020 bytes; the id must come back whole, or reconciling would not know its own node.
    node_id_rest: content.nodeId.slice(nodeId.length) || null,
    node_type: content.type,
    node_name: content.name,
    node_version: content.version,
    capabilities: capabilityList(content.capabilities),
    content_hash: contentHash,
    registry_id: registryId,
  };
  const meta: Record<string, string> = {};
  for (const [key, value] of Object.entries(values)) {
    if (value !== null) meta[key] = cutText(value, META_VALUE_BYTES);
  }
  return meta;
}

/** The node id that {@link define} wrote into a service's meta, or undefined where there is none. */
export function nodeIdIn(meta: Readonly<Record<string, string>>): string | undefined {
  const start = meta['node_id'];
  return start === undefined ? undefined : start + (meta['node_id_rest'] ?? '');
}

/** Comma-separated, cut after the last name that fits whole. */
function capabilityList(capabilities: readonly string[]): string {
  let list = '';
  for (const capability of capabilities) {
    const longer = list === '' ? capability : `${list},${capability}`;
    if (Buffer.byteLength(longer) > META_VALUE_BYTES) break;
    list = longer;
  }
  return list;
}

function checkOf(content: NodeContent): ServiceCheck {
  const health = content.endpoints.find((endpoint) => endpoint.name.toLowerCase() === 'health');
  if (health !== undefined && /^https?:\/\//i.test(health.url)) return { kind: 'http', url: health.url };
  if (content.address !== null && content.port !== null) return { kind: 'tcp', host: content.address, port: content.port };
  return { kind: 'none' };
}
