declare const brand: unique symbol;

/** A position in the change log: a whole number that grows in commit order. 0 is before the first change. */
export type Cursor = number & { readonly [brand]: 'Cursor' };

/** Digits of a printed cursor: printed cursors sort like the numbers (2^53 has 16 digits). */
const DIGITS = 16;

export function isCursor(value: number): value is Cursor {
  return Number.isSafeInteger(value) && value >= 0;
}

/** The number as a cursor. Throws RangeError for anything but a safe integer from 0. */
export function toCursor(value: number): Cursor {
  if (!isCursor(value)) throw new RangeError(`not a cursor: ${value}`);
  return value;
}

export function printCursor(cursor: Cursor): string {
  return String(cursor).padStart(DIGITS, '0');
}

/** The cursor a client sent, or undefined when it is not one of ours. */
export function parseCursor(text: string): Cursor | undefined {
  if (!/^\d{1,16}$/.test(text)) return undefined;
  const value = Number(text);
  return isCursor(value) ? value : undefined;
}
