import type { MessageTime } from './announcement.ts';
import type { OpenedEnvelope } from './envelope.ts';
import { fieldName, read, readId, TEXT_MAX_LENGTH } from './field.ts';
import type { Json, JsonObject } from './json.ts';
import { recordMicros, toMicros } from './message-time.ts';
import { hasControlCharacter, NIL_UUID, NODE_ID_MAX_LENGTH, type NodeId, toNodeId } from './node-id.ts';
import { describe } from './path.ts';
import { isLongerThan } from './text-length.ts';
import { Unacceptable } from './unacceptable.ts';

const NODE_ID = fieldName('node_id');
const ENTITY_ID = fieldName('entity_id');
const EPOCH = fieldName('epoch');
const CORRELATION_ID = fieldName('correlation_id');
const ENVELOPE_TIMES = ['envelope_timestamp', 'event_timestamp', 'timestamp', 'emitted_at'].map(fieldName);
const PAYLOAD_TIMES = ['timestamp', 'introspection_timestamp', 'emitted_at'].map(fieldName);

/** Who says something, when, and in answer to what: the part that all kinds of messages share. */
export interface Origin {
  readonly nodeId: NodeId;
  readonly said: MessageTime;
  readonly correlationId: string | null;
}

/** Throws Unacceptable INVALID_NODE_ID or INVALID_FIELD. `recordTime`: milliseconds since 1970. */
export function readOrigin(opened: OpenedEnvelope, headers: Readonly<Record<string, Json>>, recordTime: number): Origin {
  return { nodeId: readNodeId(opened), said: readTime(opened, recordTime), correlationId: readCorrelationId(opened, headers) };
}

/**
 * The id as announced, whether usable or not: `node_id` of the payload or of the envelope, else `entity_id` of either.
 * The source fields of the legacy envelope do not count: they name who sent the message, which may be a bridge.
 */
export function announcedNodeId({ payload, envelope }: OpenedEnvelope): Json {
  return read(payload, NODE_ID) ?? read(envelope, NODE_ID) ?? read(payload, ENTITY_ID) ?? read(envelope, ENTITY_ID);
}

function readNodeId(opened: OpenedEnvelope): NodeId {
  const value = announcedNodeId(opened);
  const place = `${opened.path}node_id`;
  if (value === null) throw new Unacceptable('INVALID_NODE_ID', `${place} is missing.`);
  if (typeof value !== 'string') throw new Unacceptable('INVALID_NODE_ID', `${place} is ${describe(value)}, not a text.`);
  return usableNodeId(value, place);
}

/** Throws Unacceptable INVALID_NODE_ID, saying what is wrong with the id. */
export function usableNodeId(text: string, place: string): NodeId {
  const nodeId = toNodeId(text);
  if (nodeId !== undefined) return nodeId;
  const fault =
    text.trim() === ''
      ? 'is empty'
      : text === NIL_UUID
        ? 'is the nil UUID'
        : isLongerThan(text, NODE_ID_MAX_LENGTH)
          ? `is longer than ${NODE_ID_MAX_LENGTH} characters`
          : 'contains a control character or starts or ends with a space';
  throw new Unacceptable('INVALID_NODE_ID', `${place} ${fault}.`);
}

/** The correlation id of the payload, else of the envelope, else of the headers. Throws Unacceptable INVALID_FIELD. */
function readCorrelationId({ payload, envelope, path }: OpenedEnvelope, headers: Readonly<Record<string, Json>>): string | null {
  return (
    readId(payload, CORRELATION_ID, path) ?? readId(envelope, CORRELATION_ID, '') ?? usableCorrelationId(read(headers, CORRELATION_ID))
  );
}

/** For rejections, and for headers, which others than the node may set: an id that is no good counts as none. */
export function usableCorrelationId(value: Json): string | null {
  const isUsable = typeof value === 'string' && value !== '' && !isLongerThan(value, TEXT_MAX_LENGTH) && !hasControlCharacter(value);
  return isUsable ? value : null;
}

/** When the message says that it was said, microseconds since 1970; null where it says nothing of it. */
export function timeSaid({ payload, envelope }: OpenedEnvelope): number | null {
  return firstTime(envelope, ENVELOPE_TIMES) ?? firstTime(payload, PAYLOAD_TIMES);
}

function readTime({ payload, envelope, path }: OpenedEnvelope, recordTime: number): MessageTime {
  const inPayload = firstTime(payload, PAYLOAD_TIMES);
  const time = firstTime(envelope, ENVELOPE_TIMES) ?? inPayload ?? recordMicros(recordTime);
  return { epoch: readEpoch(payload, path) ?? readEpoch(envelope, ''), time, payloadTime: inPayload ?? time };
}

function firstTime(object: JsonObject, names: readonly (typeof EPOCH)[]): number | null {
  for (const name of names) {
    const micros = toMicros(read(object, name));
    if (micros !== null) return micros;
  }
  return null;
}

function readEpoch(object: JsonObject, path: string): number | null {
  const value = read(object, EPOCH);
  if (value === null) return null;
  const epoch = typeof value === 'string' && /^-?\d{1,16}$/.test(value) ? Number(value) : value;
  if (typeof epoch === 'number' && Number.isSafeInteger(epoch)) return epoch;
  throw new Unacceptable('INVALID_FIELD', `${path}epoch is not a whole number of at most 2^53 - 1.`);
}
