import type { Json } from './json.ts';

const MICROS_PER_MILLI = 1000;
const MICROS_PER_SECOND = 1_000_000;
/** 2200-01-01. A later clock is broken, and a number holds microseconds exactly only until the year 2255. */
const LATEST = Date.UTC(2200, 0, 1) * MICROS_PER_MILLI;

// A text longer than this is no time; it also bounds the work of the pattern.
const TEXT_MAX_LENGTH = 64;
const ISO_8601 = /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?)? ?([Zz]|UTC|([+-])(\d{2})(?::?(\d{2}))?)?$/;
const NUMBER = /^\d{1,19}(?:\.\d+)?$/;

/**
 * A time on the wire as whole microseconds since 1970: ISO 8601 with any number of fraction digits (no zone means UTC; digits beyond
 * microseconds are cut), or a number since 1970, in seconds, milliseconds, microseconds or nanoseconds by its size.
 * null for anything else, and for times before 1970 or from 2200 on: such a time counts as not said.
 */
export function toMicros(value: Json): number | null {
  const micros = typeof value === 'number' ? fromNumber(value) : typeof value === 'string' ? fromText(value) : null;
  return micros !== null && micros > 0 && micros < LATEST ? micros : null;
}

/** The time that Kafka keeps with a record (milliseconds since 1970) in microseconds; 0 where it has none (-1 on the wire). */
export function recordMicros(milliseconds: number): number {
  return toMicros(milliseconds > 0 ? Math.trunc(milliseconds) / 1000 : null) ?? 0;
}

function fromText(text: string): number | null {
  if (text.length > TEXT_MAX_LENGTH) return null;
  const match = ISO_8601.exec(text);
  if (match === null) return NUMBER.test(text) ? fromNumber(Number(text)) : null;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', , sign, offsetHours = '0', offsetMinutes = '0'] = match;
  const days = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const isDay = new Date(days).getUTCDate() === Number(day) && Number(month) >= 1 && Number(month) <= 12;
  // 24:00 and a leap second (:60) are ISO 8601.
  const clock = Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  if (!isDay || clock > 86_400 || Number(minute) > 59 || Number(second) > 60) return null;
  if (Number(offsetHours) > 23 || Number(offsetMinutes) > 59) return null;
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60 * (sign === '-' ? -1 : 1);
  const seconds = days / 1000 + clock - offset;
  return seconds * MICROS_PER_SECOND + Number(fraction.slice(0, 6).padEnd(6, '0'));
}

/** The units cannot be confused between the years 1973 and 2200: 1e11 s is the year 5138, 1e11 ms is 1973, and so on. */
function fromNumber(value: number): number | null {
  if (!Number.isFinite(value)) return null;
  if (value < 1e11) return Math.round(value * MICROS_PER_SECOND);
  if (value < 1e14) return Math.round(value * MICROS_PER_MILLI);
  return value < 1e17 ? Math.trunc(value) : Math.trunc(value / 1000);
}
