import { isJsonObject, type Json, type JsonObject } from '../events/json.ts';
import type { Change } from './change.ts';
import type { NodeRecord } from './node-record.ts';

/** Services, and types, of which the latest node is remembered. */
const REMEMBERED = 10_000;

/**
 * Keeps in memory once what nodes have in common. Those of one program announce the same method signatures, settings and texts, each in
 * a message of its own: of a record, everything that equals what another node's has at the same place is taken from there.
 */
export class SharedContent {
  readonly #latestOfService = new Map<string, NodeRecord>();
  readonly #latestOfType = new Map<string, NodeRecord>();

  /** The same record. `before`: the one that it replaces. */
  of(node: NodeRecord, before: NodeRecord | undefined): NodeRecord {
    const isKnown = before !== undefined && before.contentHash === node.contentHash;
    const shared = sharing(node, isKnown ? before : (this.#latestOfService.get(node.serviceName) ?? this.#latestOfType.get(node.type)));
    remember(this.#latestOfService, shared.serviceName, shared);
    remember(this.#latestOfType, shared.type, shared);
    return shared;
  }

  /** The same entry of the log. `before`: the record that its node replaces. */
  in(change: Change, before: NodeRecord | undefined): Change {
    const node = this.of(change.node, before);
    const image = change.before;
    return {
      ...change,
      node,
      before: image === null ? null : { type: either(node.type, image.type), capabilities: listed(node.capabilities, image.capabilities) },
    };
  }
}

function remember(latest: Map<string, NodeRecord>, name: string, node: NodeRecord): void {
  latest.set(name, node);
  const [oldest] = latest.size > REMEMBERED ? latest.keys() : [];
  if (oldest !== undefined) latest.delete(oldest);
}

function sharing(node: NodeRecord, other: NodeRecord | undefined): NodeRecord {
  if (other === undefined) return node;
  return {
    ...node,
    type: either(other.type, node.type),
    role: either(other.role, node.role),
    version: either(other.version, node.version),
    announcedServiceName: either(other.announcedServiceName, node.announcedServiceName),
    serviceName: either(other.serviceName, node.serviceName),
    capabilities: listed(other.capabilities, node.capabilities),
    capabilityDetails: json(other.capabilityDetails, node.capabilityDetails),
    endpoints: node.endpoints.map(({ name, url }, index) => ({
      name: either(other.endpoints[index]?.name ?? name, name),
      url: either(other.endpoints[index]?.url ?? url, url),
    })),
    address: either(other.address, node.address),
    metadata: object(other.metadata, node.metadata),
    environment: either(other.environment, node.environment),
    networkId: either(other.networkId, node.networkId),
    deploymentId: either(other.deploymentId, node.deploymentId),
    stateReason: either(other.stateReason, node.stateReason),
    checkOutput: either(other.checkOutput, node.checkOutput),
    currentState: json(other.currentState, node.currentState),
  };
}

/** Equal texts are two in memory where they were read twice. */
function either<T extends string | null>(other: T, own: T): T {
  return other === own ? other : own;
}

function listed(other: readonly string[], own: readonly string[]): readonly string[] {
  if (other.length === own.length && own.every((text, index) => text === other[index])) return other;
  const known = new Map(other.map((text) => [text, text]));
  return own.map((text) => known.get(text) ?? text);
}

function json(other: Json | undefined, own: Json): Json {
  if (other === own) return other;
  if (isJsonObject(other)) return isJsonObject(own) ? object(other, own) : own;
  return isList(other) && isList(own) ? list(other, own) : own;
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function list(other: readonly Json[], own: readonly Json[]): readonly Json[] {
  const items = own.map((item, index) => json(other[index], item));
  return other.length === own.length && items.every((item, index) => item === other[index]) ? other : items;
}

/** The keys stay in their order: two objects that differ in it are printed differently. */
function object(other: JsonObject, own: JsonObject): JsonObject {
  const keys = Object.keys(own);
  const others = Object.keys(other);
  let isSame = keys.length === others.length;
  const shared: Record<string, Json> = {};
  for (const [index, key] of keys.entries()) {
    // Set like others it would be no key. Messages lose it when they are read; rows and snapshots may come from elsewhere.
    if (key === '__proto__') return own;
    const value = json(Object.hasOwn(other, key) ? other[key] : undefined, own[key] ?? null);
    shared[key] = value;
    isSame &&= key === others[index] && value === other[key];
  }
  return isSame ? other : shared;
}
