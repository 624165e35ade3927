import type { JsonObject } from '../events/json.ts';

/** A JSON Schema. Only keywords are used that mean the same in draft 2020-12 and in draft 07, which AsyncAPI builds on. */
export type JsonSchema = JsonObject;

export const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

/** A regular expression of the characters that are not the given ones, in a spelling that every engine takes. */
const CONTROL = '\\x00-\\x1f\\x7f-\\x9f';

/** Any text without control characters. */
export const PLAIN = `^[^${CONTROL}]*$`;

/** A text with something in it, no control characters, and no space at either end. */
export const TRIMMED = `^[^\\s${CONTROL}](?:[^${CONTROL}]*[^\\s${CONTROL}])?$`;

/** A text with something in it, and no control characters. */
export const NOT_BLANK = `^[^${CONTROL}]*[^\\s${CONTROL}][^${CONTROL}]*$`;

/** The word in any case: JSON Schema's patterns have no flags. */
export function anyCase(word: string): string {
  return word.replace(/[a-z]/gi, (letter) => `[${letter.toUpperCase()}${letter.toLowerCase()}]`).replace(/\./g, '\\.');
}

/** The schema of what may be absent, null or this. */
export function orNull(...schemas: readonly JsonSchema[]): JsonSchema {
  return { anyOf: [...schemas, { type: 'null' }] };
}

export function ref(name: string): JsonSchema {
  return { $ref: `#/$defs/${name}` };
}
