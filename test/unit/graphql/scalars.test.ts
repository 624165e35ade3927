import { GraphQLScalarType, parseValue } from 'graphql';
import { describe, expect, it } from 'vitest';
import { buildSchema } from '../../../src/graphql/schema.ts';

function scalar(name: string): GraphQLScalarType {
  const type = buildSchema().getType(name);
  if (!(type instanceof GraphQLScalarType)) throw new Error(`${name} is no scalar`);
  return type;
}

describe('the scalars', () => {
  it('should print a cursor padded, and read it back from values and literals', () => {
    const cursor = scalar('Cursor');
    expect(cursor.serialize(4711)).toBe('0000000000004711');
    expect(cursor.parseValue('0000000000004711')).toBe(4711);
    expect(cursor.parseLiteral(parseValue('"0000000000004711"'))).toBe(4711);
  });

  it.each(['', 'x', '-1', '1.5', '99999999999999999', '9999999999999999'])('should refuse "%s" as a cursor', (text) => {
    expect(() => scalar('Cursor').parseValue(text)).toThrow(expect.objectContaining({ code: 'CURSOR_INVALID' }));
    expect(() => scalar('Cursor').parseLiteral(parseValue(JSON.stringify(text)))).toThrow(
      expect.objectContaining({ extensions: { code: 'CURSOR_INVALID' } }),
    );
  });

  it('should refuse a number as a cursor: it is opaque', () => {
    expect(() => scalar('Cursor').parseValue(4711)).toThrow(/Not a cursor/);
    expect(() => scalar('Cursor').parseLiteral(parseValue('4711'))).toThrow(/Not a cursor/);
  });

  it('should print moments in ISO 8601 and read them', () => {
    const dateTime = scalar('DateTime');
    expect(dateTime.serialize(0)).toBe('1970-01-01T00:00:00.000Z');
    expect(dateTime.parseValue('1970-01-01T00:00:01Z')).toBe(1000);
    expect(() => dateTime.parseValue('yesterday')).toThrow(/ISO 8601/);
  });

  it('should carry whole numbers up to 2^53 - 1', () => {
    const long = scalar('Long');
    expect(long.serialize(Number.MAX_SAFE_INTEGER)).toBe(9_007_199_254_740_991);
    expect(long.parseValue(2 ** 40)).toBe(2 ** 40);
    expect(long.parseLiteral(parseValue('1099511627776'))).toBe(2 ** 40);
    for (const wrong of ['9007199254740992', '1.5', '"1"']) expect(() => long.parseLiteral(parseValue(wrong))).toThrow(/whole number/);
    expect(() => long.parseValue('1')).toThrow(/whole number/);
  });

  it('should carry JSON as it is', () => {
    const json = scalar('JSON');
    const value = { list: [1, 'two', null, { three: true }] };
    expect(json.serialize(value)).toBe(value);
    expect(json.parseValue(value)).toEqual(value);
    expect(json.parseLiteral(parseValue('{list: [1, "two", null, {three: true}]}'))).toEqual(value);
    expect(() => json.parseValue(undefined)).toThrow(/JSON/);
  });
});
