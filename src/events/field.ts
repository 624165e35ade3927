import type { Json, JsonObject } from './json.ts';
import { hasControlCharacter } from './node-id.ts';
import { describe } from './path.ts';
import { isLongerThan } from './text-length.ts';
import { Unacceptable } from './unacceptable.ts';

/** A field of the contract under both of its spellings. */
export interface FieldName {
  readonly snake: string;
  readonly camel: string;
}

/** What one column holds of a name, version, role or place. */
export const TEXT_MAX_LENGTH = 255;

/** Built once for each field, not for each message. */
export function fieldName(snake: string): FieldName {
  return { snake, camel: snake.replace(/_([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase()) };
}

/** The field's value; null where it is absent or null under both spellings. */
export function read(object: JsonObject, name: FieldName): Json {
  return object[name.snake] ?? object[name.camel] ?? null;
}

/**
 * A text such as a name: without space around it, null where it is absent or empty. Numbers count as written.
 * Throws Unacceptable INVALID_FIELD for anything else, for control characters and for more than 255 characters.
 */
export function readText(object: JsonObject, name: FieldName, path: string): string | null {
  return toText(read(object, name), `${path}${name.snake}`);
}

/** Like {@link readText}, for a value that was read already; `place` names it in the reason. */
export function toText(value: Json, place: string): string | null {
  if (value === null) return null;
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') throw new Unacceptable('INVALID_FIELD', `${place} is ${describe(value)}, not a text.`);
  const text = value.trim();
  if (text === '') return null;
  checkText(text, place);
  return text;
}

/** Like {@link readText}, for an id: nothing is trimmed off, so a line break at its end is refused as well. */
export function readId(object: JsonObject, name: FieldName, path: string): string | null {
  const value = read(object, name);
  if (typeof value === 'string' && value !== '') checkText(value, `${path}${name.snake}`);
  return toText(value, `${path}${name.snake}`);
}

function checkText(text: string, place: string): void {
  if (isLongerThan(text, TEXT_MAX_LENGTH)) {
    throw new Unacceptable('INVALID_FIELD', `${place} is longer than ${TEXT_MAX_LENGTH} characters.`);
  }
  if (hasControlCharacter(text)) throw new Unacceptable('INVALID_FIELD', `${place} contains a control character.`);
}
