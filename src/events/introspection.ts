import type { Announcement, Goodbye, NodeContent } from './announcement.ts';
import { readCapabilities } from './capabilities.ts';
import { contentHashOf } from './content-hash.ts';
import type { EndpointRefusal } from './endpoint-url.ts';
import { readEndpoints } from './endpoints.ts';
import type { OpenedEnvelope } from './envelope.ts';
import { type FieldName, fieldName, read, readId, readText } from './field.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import { metadataOf } from './metadata.ts';
import { readType, UNKNOWN_TYPE } from './node-type.ts';
import type { Origin } from './origin.ts';
import { readReportedHealth } from './reported-health.ts';
import { readVersion } from './version.ts';

const REASON = fieldName('reason');
const BROADCAST_REASON = fieldName('broadcast_reason');
const NODE_NAME = fieldName('node_name');
const NODE_ROLE = fieldName('node_role');
const SERVICE_NAME = fieldName('service_name');
const INSTANCE_ID = fieldName('instance_id');
const SOURCE_INSTANCE = fieldName('source_instance');
const ENVIRONMENT = fieldName('environment');
const NETWORK_ID = fieldName('network_id');
const DEPLOYMENT_ID = fieldName('deployment_id');
const CURRENT_STATE = fieldName('current_state');
const NODE_TTL_HOURS = fieldName('node_ttl_hours');

const SHUTDOWN = 'shutdown';
/** A missing reason counts as this one. */
const STARTUP = 'startup';

/**
 * What an introspection says: a Goodbye where its reason is `shutdown` (whatever else is wrong with it: the node is leaving), else an
 * Announcement. Throws Unacceptable.
 */
export function readIntrospection(
  opened: OpenedEnvelope,
  origin: Origin,
  endpointRefusal: EndpointRefusal | undefined,
): Announcement | Goodbye {
  const { payload, path } = opened;
  const reason = readReason(payload, path);
  if (reason === SHUTDOWN) return { kind: 'goodbye', ...origin, instance: readInstance(opened, origin), reason };
  const content = readContent(opened, origin, endpointRefusal);
  return {
    kind: 'announcement',
    content,
    contentHash: contentHashOf(content),
    currentState: read(payload, CURRENT_STATE),
    reason,
    reportedHealth: readReportedHealth(payload),
    leaseSeconds: readLease(payload),
    said: origin.said,
    correlationId: origin.correlationId,
  };
}

function readContent(opened: OpenedEnvelope, origin: Origin, endpointRefusal: EndpointRefusal | undefined): NodeContent {
  const { payload, envelope, path } = opened;
  const endpoints = readEndpoints(payload, path, endpointRefusal);
  const capabilities = readCapabilities(payload, path);
  return {
    nodeId: origin.nodeId,
    instance: readInstance(opened, origin),
    type: readType(payload, envelope, path) ?? UNKNOWN_TYPE,
    name: readText(payload, NODE_NAME, path),
    role: readText(payload, NODE_ROLE, path),
    version: readVersion(payload, path),
    announcedServiceName:
      readText(payload, SERVICE_NAME, path) ??
      textIn(payload['data'], SERVICE_NAME, `${path}data.`) ??
      textIn(payload['metadata'], SERVICE_NAME, `${path}metadata.`),
    capabilities: capabilities.names,
    capabilityDetails: capabilities.details,
    endpoints: endpoints.list,
    address: endpoints.address,
    port: endpoints.port,
    metadata: metadataOf(payload, endpoints.hasServiceUrl),
    environment:
      readText(envelope, ENVIRONMENT, '') ??
      readText(payload, ENVIRONMENT, path) ??
      textIn(payload['metadata'], ENVIRONMENT, `${path}metadata.`),
    networkId: readId(payload, NETWORK_ID, path) ?? readId(envelope, NETWORK_ID, ''),
    deploymentId: readId(payload, DEPLOYMENT_ID, path) ?? readId(envelope, DEPLOYMENT_ID, ''),
  };
}

/** Whether the node says that it leaves. Throws Unacceptable INVALID_FIELD. */
export function isGoodbye({ payload, path }: OpenedEnvelope): boolean {
  return readReason(payload, path) === SHUTDOWN;
}

function readReason(payload: JsonObject, path: string): string {
  const reason = readText(payload, REASON, path) ?? textIn(payload['metadata'], BROADCAST_REASON, `${path}metadata.`);
  return reason?.toLowerCase() ?? STARTUP;
}

/** `instance_id`, else the envelope's `source_instance`; null where it is the node id. */
function readInstance({ payload, envelope, path }: OpenedEnvelope, origin: Origin): string | null {
  const instance = readId(payload, INSTANCE_ID, path) ?? readId(envelope, SOURCE_INSTANCE, '');
  return instance === origin.nodeId ? null : instance;
}

/** Metadata and data are free: only a text under the name is what the name means. */
function textIn(object: Json | undefined, name: FieldName, path: string): string | null {
  return isJsonObject(object) && typeof read(object, name) === 'string' ? readText(object, name, path) : null;
}

/** `configuration.node_ttl_hours`, of the payload or its metadata, in seconds; null where it is no number above zero. */
function readLease(payload: JsonObject): number | null {
  const metadata = payload['metadata'];
  return leaseIn(payload['configuration']) ?? (isJsonObject(metadata) ? leaseIn(metadata['configuration']) : null);
}

function leaseIn(configuration: Json | undefined): number | null {
  const hours = isJsonObject(configuration) ? read(configuration, NODE_TTL_HOURS) : null;
  return typeof hours === 'number' && hours > 0 ? hours * 3600 : null;
}
