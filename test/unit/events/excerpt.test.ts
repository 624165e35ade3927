import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { excerptOf } from '../../../src/events/excerpt.ts';
import { bytes } from './message.ts';

describe('excerpt', () => {
  it('should be the value where it is short and holds no secret', () => {
    expect(excerptOf(bytes('{"node_id":"node-1","endpoints":{"api":"no URL"}}'))).toBe('{"node_id":"node-1","endpoints":{"api":"no URL"}}');
    expect(excerptOf(bytes(''))).toBe('');
    expect(excerptOf(null)).toBeNull();
  });

  it('should be cut to 300 characters, not through one', () => {
    const cut = excerptOf(bytes('😀'.repeat(1000)));
    expect(cut?.length).toBeLessThanOrEqual(300);
    expect(cut?.isWellFormed()).toBe(true);
    expect(cut?.endsWith('…')).toBe(true);
    expect(excerptOf(bytes('x'.repeat(300)))).toBe('x'.repeat(300));
    expect(excerptOf(bytes('x'.repeat(301)))).toBe(`${'x'.repeat(299)}…`);
  });

  it('should show bytes that are no UTF-8, and no control character', () => {
    expect(excerptOf(Uint8Array.of(0x61, 0xff, 0x62, 0x00, 0x0a, 0x63))).toBe('a\ufffdb c');
  });

  it.each([
    ['a text with spaces', '{"password":"hunter2 and hunter2","z":1}', '{"password":"***","z":1}'],
    ['an escaped quote', '{"password":"hun\\"hunter2","z":1}', '{"password":"***","z":1}'],
    ['a number', '{"pin_token": 1234,"z":1}', '{"pin_token": "***","z":1}'],
    ['a list', '{"apiTokens":["hunter2",["hunter2"]],"z":1}', '{"apiTokens":"***","z":1}'],
    ['an object', '{"secrets":{"db":"hunter2}","x":{"y":"hunter2"}},"z":1}', '{"secrets":"***","z":1}'],
    ['a long key', '{"KAFKA_SASL_PASSWORD_V2":"hunter2"}', '{"KAFKA_SASL_PASSWORD_V2":"***"}'],
    ['a text that is not closed', '{"api_key":"hunter2 hunter2', '{"api_key":"***"'],
    ['an object that is not closed', '{"credentials":{"a":"hunter2"', '{"credentials":"***"'],
    ['a URL', '{"url":"postgres://admin:hunter2@db/x"}', '{"url":"postgres://***@db/x"}'],
    ['a header', 'Authorization: Bearer hunter2.hunter2', 'Authorization: *** ***'],
    ['a connection string', 'host=db;password=hunter2;x=1', 'host=db;password=***;x=1'],
    ['a JSON web token', '{"x":"eyJhbGciOiJI.eyJodW50ZXIy.hunter2"}', '{"x":"***"}'],
    ['JSON inside of JSON', '{"value":"{\\"password\\":\\"hunter2 hunter2\\",\\"z\\":1}"}', '{"value":"{\\"password\\":"***",\\"z\\":1}"}'],
  ])('should mask %s', (_what, value, expected) => {
    expect(excerptOf(bytes(value))).toBe(expected);
  });

  it('should mask a secret that begins before the cut and ends behind it', () => {
    for (let padding = 250; padding < 320; padding++) {
      expect(excerptOf(bytes(`{"x":"${'x'.repeat(padding)}","password":"${'hunter2'.repeat(2000)}"}`))).not.toContain('hunt');
    }
  });

  it('should be quick and whole for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 6000 }), (value) => {
        const excerpt = excerptOf(value);
        expect(excerpt?.length).toBeLessThanOrEqual(300);
        expect(excerpt).not.toMatch(/\p{Cc}/u);
      }),
      { numRuns: 200 },
    );
    const hostile = [
      '"token'.repeat(50_000),
      'a-'.repeat(100_000),
      `"token"${' '.repeat(200_000)}`,
      '://'.repeat(80_000),
      '\\'.repeat(200_000),
      '{"secret":'.repeat(20_000),
    ];
    const startedAt = performance.now();
    for (const text of hostile) excerptOf(bytes(text));
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });
});
