import type { Json } from './json.ts';

/** A reason is one sentence: names in it are cut, whatever the sender wrote. */
const SHOWN_NAME_LENGTH = 60;

/**
 * A name of the sender's as it may stand in a reason: cut, without control characters and lone surrogates, since reasons go to logs
 * and into Postgres, which would refuse U+0000 and so the rejection itself.
 */
export function shownName(name: string): string {
  const cut = name.length > SHOWN_NAME_LENGTH ? `${name.slice(0, SHOWN_NAME_LENGTH)}…` : name;
  return cut.toWellFormed().replace(/\p{Cc}/gu, '\ufffd');
}

/** What a value is, for a reason: never the value itself. */
export function describe(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return value === '' ? 'an empty text' : 'a text';
  return typeof value === 'number' ? 'a number' : 'true or false';
}
