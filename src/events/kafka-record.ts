import type { Json, JsonObject } from './json.ts';
import { isJsonObject } from './json.ts';
import { describe } from './path.ts';
import { readJson, readJsonText } from './read-json.ts';
import { Unacceptable } from './unacceptable.ts';

/** A message as Kafka delivers it. */
export interface KafkaMessage {
  readonly topic: string;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** When Kafka kept it, milliseconds since 1970. */
  readonly timestamp: number;
}

/** A message with its value read. */
export interface KafkaRecord {
  /** null: the value is null, which removes the key. */
  readonly root: JsonObject | null;
  /** null where there is none, and where it is not UTF-8. */
  readonly key: string | null;
  readonly headers: Readonly<Record<string, Json>>;
  /** The topic that a record wrapped as JSON names; null where the message was not wrapped. */
  readonly wrappedTopic: string | null;
}

/**
 * Reads the message's value. A whole Kafka record that was wrapped as JSON into the value is unwrapped once: its key, topic and headers
 * then stand for those of the message around it.
 * Throws Unacceptable: what {@link readJson} throws, and NOT_AN_OBJECT.
 */
export function readRecord(message: KafkaMessage): KafkaRecord {
  const headers = message.headers ?? {};
  if (message.value === null) return { root: null, key: decodeKey(message.key), headers, wrappedTopic: null };
  const root = asObject(readJson(message.value), 'The value');
  if (!isWrappedRecord(root)) return { root, key: null, headers, wrappedTopic: null };
  const { topic, key, value } = root;
  return {
    root:
      value === null
        ? null
        : asObject(typeof value === 'string' ? readJsonText(value) : (value ?? null), 'The value of the wrapped record'),
    key: typeof key === 'string' ? key : null,
    headers: isJsonObject(root['headers']) ? root['headers'] : headers,
    wrappedTopic: typeof topic === 'string' ? topic : null,
  };
}

/** A node's own message never has a topic and a value beside neither a node id nor a payload. */
function isWrappedRecord(root: JsonObject): boolean {
  const { topic, value } = root;
  if (typeof topic !== 'string' || value === undefined) return false;
  if (value !== null && typeof value !== 'string' && !isJsonObject(value)) return false;
  return root['node_id'] === undefined && root['nodeId'] === undefined && root['payload'] === undefined;
}

function asObject(value: Json, what: string): JsonObject {
  if (isJsonObject(value)) return value;
  throw new Unacceptable('NOT_AN_OBJECT', `${what} is ${describe(value)}, not an object.`);
}

/** Fails softly: only a null value needs the key, and then a key that is no text is no node id. */
function decodeKey(key: Uint8Array | null): string | null {
  if (key === null) return null;
  const text = new TextDecoder().decode(key);
  return text.includes('\ufffd') ? null : text;
}
