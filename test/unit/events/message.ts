import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Announcement, NodeEvent, Rejection } from '../../../src/events/announcement.ts';
import type { Meaning } from '../../../src/events/event-kind.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../src/events/json.ts';
import type { KafkaMessage } from '../../../src/events/kafka-record.ts';
import { type ParseRules, parseMessage } from '../../../src/events/parse-message.ts';

/** When Kafka kept the messages of these tests, in milliseconds, and the same in microseconds. */
export const KEPT_AT = Date.UTC(2026, 10, 24, 12, 0, 0, 5);
export const KEPT_AT_MICROS = KEPT_AT * 1000;

const encoder = new TextEncoder();

export function bytes(text: string): Uint8Array {
  return encoder.encode(text);
}

export function message(value: string | Json, rest: Partial<KafkaMessage> = {}): KafkaMessage {
  return {
    topic: 'dev.omninode_bridge.onex.evt.node-introspection.v1',
    key: null,
    value: bytes(typeof value === 'string' ? value : JSON.stringify(value)),
    headers: {},
    timestamp: KEPT_AT,
    ...rest,
  };
}

export function parse(value: string | Json, meaning: Meaning = 'introspection', rules: ParseRules = {}): NodeEvent {
  return parseMessage(message(value), meaning, rules);
}

export function announcement(event: NodeEvent): Announcement {
  if (event.kind !== 'announcement') expect.fail(`not an announcement: ${JSON.stringify(event)}`);
  return event;
}

/** The announcement of a bare payload with these fields beside a node id. */
export function announced(fields: JsonObject, rules: ParseRules = {}): Announcement {
  return announcement(parse({ node_id: 'node-1', ...fields }, 'introspection', rules));
}

export function rejection(event: NodeEvent): Rejection {
  if (event.kind !== 'rejection') expect.fail(`not a rejection: ${JSON.stringify(event)}`);
  return event;
}

export function rejected(fields: JsonObject, rules: ParseRules = {}): Rejection {
  return rejection(parse({ node_id: 'node-1', ...fields }, 'introspection', rules));
}

export interface Sample {
  readonly message: KafkaMessage;
  readonly value: JsonObject;
  /** The file's text: the whole record as JSON. */
  readonly record: string;
}

export function sample(name: string): Sample {
  const record = readFileSync(new URL(`../../samples/${name}.json`, import.meta.url), 'utf8');
  const read: Json = JSON.parse(record);
  if (!isJsonObject(read) || typeof read['topic'] !== 'string' || !isJsonObject(read['value'])) throw new Error(`${name} is no record`);
  const { topic, key, value } = read;
  const headers: Record<string, string> = {};
  for (const [header, text] of Object.entries(isJsonObject(read['headers']) ? read['headers'] : {})) headers[header] = String(text);
  return { message: message(value, { topic, headers, key: typeof key === 'string' ? bytes(key) : null }), value, record };
}
