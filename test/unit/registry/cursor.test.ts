import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCursor, printCursor, toCursor } from '../../../src/registry/cursor.ts';

const position = fc.maxSafeNat().map(toCursor);

describe('printCursor', () => {
  it('should print zero-padded decimals', () => {
    expect(printCursor(toCursor(4711))).toBe('0000000000004711');
    expect(printCursor(toCursor(Number.MAX_SAFE_INTEGER))).toBe('9007199254740991');
  });

  it('should print what sorts like the numbers', () => {
    fc.assert(
      fc.property(position, position, (a, b) => {
        expect(Math.sign(a - b)).toBe(printCursor(a) < printCursor(b) ? -1 : printCursor(a) > printCursor(b) ? 1 : 0);
      }),
    );
  });
});

describe('parseCursor', () => {
  it('should read back every printed cursor', () => {
    fc.assert(fc.property(position, (cursor) => parseCursor(printCursor(cursor)) === cursor));
  });

  it('should read a cursor without its zeros', () => {
    expect(parseCursor('7')).toBe(7);
  });

  it.each(['', '-1', '1.5', '1e3', ' 1', '1\n', '0x10', '٣', 'abc', '00000000000000001', '9007199254740992'])(
    'should refuse %j',
    (text) => {
      expect(parseCursor(text)).toBeUndefined();
    },
  );
});

describe('toCursor', () => {
  it.each([-1, 0.5, Number.NaN, 2 ** 53])('should throw for %d', (value) => {
    expect(() => toCursor(value)).toThrow(RangeError);
  });
});
