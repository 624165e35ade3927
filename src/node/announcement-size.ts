import { isJsonObject, type JsonObject } from '../events/json.ts';
import type { Payload } from './envelope.ts';

/** Bytes of one Kafka value. */
export const MESSAGE_LIMIT = 2048;

interface Part {
  readonly name: string;
  readonly without: (payload: Payload) => Payload;
}

/** Left out first, in this order: the gateway does not count them as content. */
const VOLATILE: readonly Part[] = [
  { name: 'capabilities.performance', without: (payload) => withoutCapability(payload, (key) => key === 'performance') },
  { name: 'current_state (all but the health)', without: onlyHealthOfState },
  {
    name: 'capabilities.resource_limits.current_*',
    without: (payload) => inCapabilities(payload, (capabilities) => replaced(capabilities, 'resource_limits', withoutCurrent)),
  },
  { name: 'current_state', without: (payload) => without(payload, 'current_state') },
];

/** Left out then, in this order. */
const CONTENT: readonly Part[] = [
  { name: 'capabilities.resource_limits', without: (payload) => withoutCapability(payload, (key) => key === 'resource_limits') },
  { name: 'capabilities.fsm_states', without: (payload) => withoutCapability(payload, (key) => key === 'fsm_states') },
  { name: 'metadata', without: (payload) => without(payload, 'metadata') },
];

/** As long as the longest reason and correlation id that this library gives itself. */
const LONGEST_REASON = 'capability_change';
const UUID_LENGTH = 36;

export interface Fitted {
  readonly value: string;
  /** Parts of the content that were left out; what is volatile may come and go unsaid. */
  readonly leftOut: readonly string[];
  readonly bytes: number;
}

/**
 * The message's value under {@link MESSAGE_LIMIT} bytes, optional parts left out in a fixed order. A node whose own capabilities are
 * larger than that is sent whole.
 *
 * Which parts of the content stay is decided on a message without volatile parts and with the longest reason: otherwise one digit more
 * of uptime would make the content change, and the gateway register anew.
 */
export function fitAnnouncement(payload: Payload, toValue: (payload: Payload) => string): Fitted {
  let frame: Payload = { ...payload, reason: LONGEST_REASON, correlation_id: 'x'.repeat(UUID_LENGTH) };
  frame = VOLATILE.reduce((rest, part) => part.without(rest), frame);
  let kept = payload;
  const leftOut: string[] = [];
  for (const part of CONTENT) {
    if (bytesOf(toValue(frame)) < MESSAGE_LIMIT) break;
    const smaller = part.without(frame);
    if (JSON.stringify(smaller) !== JSON.stringify(frame)) leftOut.push(part.name);
    frame = smaller;
    kept = part.without(kept);
  }
  let value = toValue(kept);
  for (const part of VOLATILE) {
    if (bytesOf(value) < MESSAGE_LIMIT) break;
    kept = part.without(kept);
    value = toValue(kept);
  }
  return { value, leftOut, bytes: bytesOf(value) };
}

function bytesOf(value: string): number {
  return Buffer.byteLength(value);
}

function without(payload: Payload, dropped: string): Payload {
  return replaced(payload, dropped, () => undefined);
}

function withoutCapability(payload: Payload, drops: (key: string) => boolean): Payload {
  return inCapabilities(payload, (capabilities) => filtered(capabilities, (key) => !drops(key)));
}

function inCapabilities(payload: Payload, change: (capabilities: JsonObject) => JsonObject): Payload {
  return replaced(payload, 'capabilities', change);
}

function onlyHealthOfState(payload: Payload): Payload {
  return replaced(payload, 'current_state', (state) => filtered(state, (key) => key === 'health_status'));
}

function withoutCurrent(limits: JsonObject): JsonObject {
  return filtered(limits, (key) => !key.startsWith('current_'));
}

/** The object with another value under the key, if there is an object; undefined leaves the key out. */
function replaced<T extends JsonObject>(object: T, key: string, change: (value: JsonObject) => JsonObject | undefined): T {
  const value = object[key];
  return isJsonObject(value) ? { ...object, [key]: change(value) } : object;
}

function filtered(object: JsonObject, keeps: (key: string) => boolean): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => keeps(key)));
}
