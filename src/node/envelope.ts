import type { JsonObject } from '../events/json.ts';
import type { Identity } from './identity.ts';
import type { OutgoingMessage } from './kafka-client.ts';
import type { Generation } from './topics.ts';
import type { TraceContext } from './trace-context.ts';

export type EventType = 'NODE_INTROSPECTION' | 'NODE_HEARTBEAT';

/** A message's payload, with the two fields that its envelope repeats. */
export interface Payload extends JsonObject {
  readonly timestamp: string;
  readonly correlation_id: string;
}

/** The payload in the envelope of its generation, as the value of a Kafka message. */
export function envelope(identity: Identity, generation: Generation, eventType: EventType, eventId: string, payload: Payload): string {
  return JSON.stringify(
    generation === 'legacy' ? legacyEnvelope(identity, eventType, eventId, payload) : platformEnvelope(identity, eventId, payload),
  );
}

function legacyEnvelope(identity: Identity, eventType: EventType, eventId: string, payload: Payload) {
  return {
    envelope_version: '1.0',
    event_id: eventId,
    event_type: eventType,
    event_version: '1.0',
    timestamp: payload.timestamp,
    correlation_id: payload.correlation_id,
    source_service: sourceOf(identity),
    source_version: identity.nodeVersion,
    source_instance: identity.instanceId ?? identity.nodeId,
    environment: identity.environment,
    partition_key: identity.nodeId,
    payload,
    metadata: { node_type: identity.nodeType },
  };
}

export function platformEnvelope(identity: Identity, eventId: string, payload: Payload) {
  return {
    payload,
    envelope_id: eventId,
    envelope_timestamp: payload.timestamp,
    correlation_id: payload.correlation_id,
    environment: identity.environment,
    envelope_version: { major: 2, minor: 3, patch: 0 },
  };
}

/** The Kafka message around a value. Its key is the node id, so that a node's messages stay in one partition. */
export function kafkaMessage(
  identity: Identity,
  eventType: string,
  correlationId: string,
  value: string,
  trace: TraceContext = {},
): OutgoingMessage {
  return {
    key: identity.nodeId,
    value,
    headers: {
      content_type: 'application/json',
      correlation_id: correlationId,
      event_type: eventType,
      source: sourceOf(identity),
      ...trace,
    },
  };
}

function sourceOf(identity: Identity): string {
  return identity.serviceName ?? identity.nodeName ?? identity.nodeId;
}
