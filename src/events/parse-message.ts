import type { Goodbye, Ignored, NodeEvent, Rejection } from './announcement.ts';
import { type Claim, readClaim } from './claim.ts';
import type { EndpointRefusal } from './endpoint-url.ts';
import { type OpenedEnvelope, openEnvelope } from './envelope.ts';
import { type EventKind, eventKindOf, type Meaning, namesAnotherKind } from './event-kind.ts';
import { fieldName, read } from './field.ts';
import { readHeartbeat } from './heartbeat.ts';
import { readIntrospection } from './introspection.ts';
import type { Json, JsonObject } from './json.ts';
import { type KafkaMessage, type KafkaRecord, readRecord } from './kafka-record.ts';
import { recordMicros } from './message-time.ts';
import { announcedNodeId, readOrigin, usableCorrelationId, usableNodeId } from './origin.ts';
import { shownName } from './path.ts';
import { SIGNATURE_HEADER } from './signature.ts';
import type { SignatureVerdict } from './signature-rules.ts';
import { Unacceptable } from './unacceptable.ts';

const CORRELATION_ID = fieldName('correlation_id');
const EVENT_TYPE = fieldName('event_type');

/** A request to introspect, as some senders write it: without an event type, and with nothing that only a node says (docs/wire.md). */
const REQUEST_FIELDS: ReadonlySet<string> = new Set(
  [
    'reason',
    'registry_id',
    'request_timestamp',
    'target_node_id',
    'target_node_types',
    'response_timeout_ms',
    'correlation_id',
    'timestamp',
    'event_type',
    'metadata',
  ].flatMap((name) => [fieldName(name).snake, fieldName(name).camel]),
);
const REQUEST_MARKS = ['reason', 'registry_id', 'request_timestamp', 'target_node_id', 'target_node_types'].map(fieldName);

export interface ParseRules {
  /** Why an endpoint may not be registered, null where it may; absent: every endpoint may. */
  readonly endpointRefusal?: EndpointRefusal | undefined;
  /** Whether the message may speak in the name that it claims; absent: it may, and nobody looks for a signature. */
  readonly judge?: ((message: KafkaMessage, claim: Claim) => SignatureVerdict) | undefined;
}

/**
 * What a message on a node topic says, whatever envelope and spelling it came in (docs/wire.md). `meaning` is what the topic is consumed
 * for; a message that says of itself that it is of another kind is taken for that kind. Pure. Never throws for any message: what
 * cannot be accepted is a Rejection that says why.
 */
export function parseMessage(message: KafkaMessage, meaning: Meaning, rules: ParseRules = {}): NodeEvent {
  let correlationId = usableCorrelationId(message.headers?.['correlation_id'] ?? null);
  try {
    const isSigned = rules.judge !== undefined && message.headers?.[SIGNATURE_HEADER] !== undefined;
    // Headers are not signed: one that was added must not make it a message of another kind, or the answer to another question.
    const record = readRecord(isSigned ? { ...message, headers: {} } : message);
    if (record.root === null) return readNullValue(record, message, meaning, rules);
    correlationId = usableCorrelationId(read(record.root, CORRELATION_ID)) ?? correlationId;
    const opened = openEnvelope(record.root);
    correlationId = usableCorrelationId(read(opened.payload, CORRELATION_ID)) ?? correlationId;

    const kind = kindOf(record, opened) ?? meaning;
    if (kind === 'other') return { kind: 'ignored', reason: `It is of another kind (${shownKind(record, opened)}).` };
    if (isRequest(opened)) return { kind: 'ignored', reason: 'It is a request to introspect.' };
    const origin = readOrigin(opened, record.headers, message.timestamp);
    const refusal = rules.judge === undefined ? null : refusalOf(rules.judge(message, readClaim(kind, opened, origin.nodeId)));
    if (refusal !== null) return refusal.kind === 'rejection' ? { ...refusal, correlationId } : refusal;
    if (kind === 'heartbeat') return readHeartbeat(opened, origin);
    if (kind === 'acknowledgement') return { kind, ...origin };
    return readIntrospection(opened, origin, rules.endpointRefusal);
  } catch (error) {
    if (!(error instanceof Unacceptable)) throw error;
    return { kind: 'rejection', errorType: error.errorType, reason: error.message, correlationId };
  }
}

/** A null value removes its key; on the introspection topic that is a goodbye of the node with that id. */
function readNullValue({ key }: KafkaRecord, message: KafkaMessage, meaning: Meaning, { judge }: ParseRules): NodeEvent {
  if (meaning !== 'introspection')
    return { kind: 'ignored', reason: 'Its value is null, which only means something on an introspection topic.' };
  if (key === null)
    throw new Unacceptable('INVALID_NODE_ID', 'The value is null, and the key, which then is the node id, is missing or no text.');
  const nodeId = usableNodeId(key, 'The key');
  const refusal = judge === undefined ? null : refusalOf(judge(message, { kind: meaning, nodeId, type: null, said: null }));
  if (refusal !== null) return refusal;
  const time = recordMicros(message.timestamp);
  const goodbye: Goodbye = {
    kind: 'goodbye',
    nodeId,
    said: { epoch: null, time, payloadTime: time },
    reason: 'shutdown',
    correlationId: null,
  };
  return goodbye;
}

/** What becomes of a message that may not speak in the name that it claims; null where it may. */
function refusalOf(verdict: SignatureVerdict): Rejection | Ignored | null {
  if (verdict.outcome === 'refused')
    return { kind: 'rejection', errorType: verdict.errorType, reason: verdict.reason, correlationId: null };
  return verdict.outcome === 'stale' ? { kind: 'ignored', reason: verdict.reason } : null;
}

/** What the message says of its own kind: its event type, else the topic it was wrapped with, else its header; undefined if nothing. */
function kindOf({ headers, wrappedTopic }: KafkaRecord, opened: OpenedEnvelope): EventKind | undefined {
  const eventType = eventTypeOf(opened);
  if (eventType !== null) return eventKindOf(eventType);
  return knownKind(wrappedTopic) ?? knownKind(headerType(headers));
}

function eventTypeOf({ payload, envelope }: OpenedEnvelope): string | null {
  const value = read(envelope, EVENT_TYPE) ?? read(payload, EVENT_TYPE);
  return typeof value === 'string' && value.trim() !== '' ? value : null;
}

function headerType(headers: Readonly<Record<string, Json>>): string | null {
  const value = read(headers, EVENT_TYPE);
  return typeof value === 'string' ? value : null;
}

/** Topics and headers are named freely: a name that says nothing to us leaves the topic's meaning as it is. */
function knownKind(name: string | null): EventKind | undefined {
  if (name === null) return undefined;
  const kind = eventKindOf(name);
  return kind !== 'other' || namesAnotherKind(name) ? kind : undefined;
}

function shownKind({ headers, wrappedTopic }: KafkaRecord, opened: OpenedEnvelope): string {
  return shownName(eventTypeOf(opened) ?? wrappedTopic ?? headerType(headers) ?? 'unnamed');
}

function isRequest(opened: OpenedEnvelope): boolean {
  if (announcedNodeId(opened) !== null) return false;
  const { payload } = opened;
  return REQUEST_MARKS.some((name) => read(payload, name) !== null) && hasOnly(payload, REQUEST_FIELDS);
}

function hasOnly(object: JsonObject, names: ReadonlySet<string>): boolean {
  return Object.keys(object).every((key) => names.has(key));
}
