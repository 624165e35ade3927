import { isJsonObject, type Json, type JsonObject } from './json.ts';
import { shownName } from './path.ts';
import { Unacceptable } from './unacceptable.ts';

/** A value over this many bytes is not even parsed. */
export const MESSAGE_MAX_BYTES = 256 * 1024;
const UTF_8 = new TextDecoder('utf-8', { fatal: true });
/** How many objects and lists may lie in each other; the outermost counts as 1. Also what bounds every recursion of the parser. */
export const MAX_DEPTH = 32;

/**
 * The JSON value in the bytes of a message. Objects in it carry none of the keys by which a prototype can be reached, its texts are
 * well-formed and without U+0000 (Postgres refuses both for ever), its numbers are finite.
 * Throws Unacceptable: TOO_LARGE, NOT_JSON, TOO_DEEP, INVALID_TEXT, INVALID_FIELD.
 */
export function readJson(bytes: Uint8Array): Json {
  if (bytes.byteLength > MESSAGE_MAX_BYTES) {
    throw new Unacceptable('TOO_LARGE', `The value has ${bytes.byteLength} bytes; ${MESSAGE_MAX_BYTES} are allowed.`);
  }
  return readJsonText(decode(bytes));
}

/** Like {@link readJson}, for a text that is JSON inside of JSON. */
export function readJsonText(text: string): Json {
  const value = parse(text);
  // Valid UTF-8 holds no lone surrogate, and JSON no raw control character: both can only come from a \u escape. Most messages have
  // none, and their texts need not be looked at.
  inspect(value, text.includes('\\u'), []);
  return value;
}

function decode(bytes: Uint8Array): string {
  try {
    return UTF_8.decode(bytes);
  } catch (error) {
    throw new Unacceptable('NOT_JSON', 'The value is not UTF-8.', { cause: error });
  }
}

function parse(text: string): Json {
  try {
    return JSON.parse(text);
  } catch (error) {
    // V8's message quotes the text around the fault, which may be a secret: only the place is passed on.
    const place = error instanceof Error ? /at position \d+/.exec(error.message)?.[0] : undefined;
    const reason = text.trim() === '' ? 'The value is empty.' : `The value is not JSON${place === undefined ? '' : ` (${place})`}.`;
    throw new Unacceptable('NOT_JSON', reason, { cause: error });
  }
}

/** Walks the whole value, drops prototype keys from it and throws at the first fault. `trail` is the way down to `value`. */
function inspect(value: Json, escaped: boolean, trail: string[]): void {
  if (typeof value === 'string') {
    if (escaped) inspectText(value, trail);
  } else if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new Unacceptable('INVALID_FIELD', `${place(trail)} is a number too large for a double.`);
  } else if (typeof value === 'object' && value !== null) {
    if (trail.length >= MAX_DEPTH) {
      throw new Unacceptable('TOO_DEEP', `The value is nested deeper than ${MAX_DEPTH} (${place(trail.slice(0, 3))}…).`);
    }
    if (isJsonObject(value)) inspectObject(value, escaped, trail);
    else inspectList(value, escaped, trail);
  }
}

function inspectList(list: readonly Json[], escaped: boolean, trail: string[]): void {
  trail.push('[]');
  for (const item of list) inspect(item, escaped, trail);
  trail.pop();
}

function inspectObject(object: JsonObject, escaped: boolean, trail: string[]): void {
  for (const key of Object.keys(object)) {
    if (key === '__proto__' || key === 'constructor' || key === 'prototype') {
      Reflect.deleteProperty(object, key);
      continue;
    }
    const value = object[key];
    // Most values need no look: this loop runs over every key of every message.
    if (value === undefined || (!escaped && (typeof value === 'string' || typeof value === 'boolean' || value === null))) continue;
    trail.push(key);
    if (escaped) inspectText(key, trail);
    inspect(value, escaped, trail);
    trail.pop();
  }
}

function inspectText(text: string, trail: readonly string[]): void {
  if (text.includes('\u0000')) throw new Unacceptable('INVALID_TEXT', `${place(trail)} contains U+0000.`);
  if (!text.isWellFormed()) throw new Unacceptable('INVALID_TEXT', `${place(trail)} contains a lone surrogate.`);
}

function place(trail: readonly string[]): string {
  return trail.length === 0 ? 'The value' : trail.map(shownName).join('.').replaceAll('.[]', '[]');
}
