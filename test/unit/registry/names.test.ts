import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalName, serviceSpellings } from '../../../src/registry/names.ts';

describe('canonicalName', () => {
  it('should match names without case, and take - and _ for one', () => {
    expect(canonicalName('Database_Adapter-V2')).toBe('database-adapter-v2');
    expect(canonicalName('database-adapter_v2')).toBe(canonicalName('DATABASE_ADAPTER_V2'));
  });

  it.each([
    ['é composed or not', 'caf\u00e9', 'CAFE\u0301'],
    ['ß in capitals', 'straße', 'STRASSE'],
    ['the capital ß', 'STRAẞE', 'strasse'],
    ['three sigmas', 'ΟΔΟΣ', 'οδοσ'],
    ['the last sigma', 'οδος', 'ΟΔΟσ'],
    ['the dotted I of Turkish', 'İstanbul', 'i\u0307stanbul'],
    ['Cyrillic', 'БАЗА_ДАННЫХ', 'база-данных'],
    ['the sign for Kelvin', '\u212a', 'k'],
  ])('should match %s', (_, a, b) => {
    expect(canonicalName(a)).toBe(canonicalName(b));
  });

  it.each([' database-adapter', 'database-adapter\n', '\u00a0\tdatabase_adapter  '])('should not mind space around it: %j', (name) => {
    expect(canonicalName(name)).toBe('database-adapter');
  });

  it.each([
    ['database.query', 'database-query'],
    ['database', 'databases'],
    ['database adapter', 'database-adapter'],
    ['a--b', 'a-b'],
    ['naïve', 'naive'],
  ])('should keep %j and %j apart', (a, b) => {
    expect(canonicalName(a)).not.toBe(canonicalName(b));
  });

  it('should come out the same in capitals, in small letters, and when it is applied again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        const canonical = canonicalName(name);
        expect(canonicalName(canonical)).toBe(canonical);
        expect(canonicalName(name.toUpperCase())).toBe(canonical);
        expect(canonicalName(name.toLowerCase())).toBe(canonical);
        expect(canonicalName(name.replaceAll('-', '_'))).toBe(canonical);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('serviceSpellings', () => {
  it('should be the name with and without -service', () => {
    expect(serviceSpellings('adapter')).toEqual(['adapter', 'adapter-service']);
    expect(serviceSpellings('adapter-service')).toEqual(['adapter-service', 'adapter-service-service', 'adapter']);
    expect(serviceSpellings('-service')).toEqual(['-service', '-service-service']);
    expect(serviceSpellings('service')).toEqual(['service', 'service-service']);
  });
});
