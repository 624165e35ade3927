import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalName, serviceSpellings } from '../../../src/registry/names.ts';

describe('canonicalName', () => {
  it.each([
    ...['database-adapter', 'DatabaseAdapter', 'databaseAdapter', 'database_adapter', 'DATABASE_ADAPTER', 'DATABASE ADAPTER'],
    ...['Database Adapter', 'databaseadapter', 'Database--Adapter', 'database - adapter', '__database_adapter__'],
    ...['database\u2011adapter', 'database\u2013adapter', 'database\u00a0adapter', ' database-adapter', 'database-adapter\n'],
  ])('should take %j for database-adapter', (name) => {
    expect(canonicalName(name)).toBe(canonicalName('database-adapter'));
  });

  it.each([
    ['s3Storage', 's3-storage'],
    ['S3_STORAGE', 's3 storage'],
    ['sha256', 'SHA-256'],
    ['adapterV2', 'adapter-v2'],
    ['PostgreSQL', 'postgresql'],
    ['HTTPServer', 'http-server'],
    ['v1_1', 'V1-1'],
    ['gpt 4 1', 'gpt-4-1'],
  ])('should take %j for %j', (a, b) => {
    expect(canonicalName(a)).toBe(canonicalName(b));
  });

  it.each([
    ['é composed or not', 'caf\u00e9', 'CAFE\u0301'],
    ['ß in capitals', 'straße', 'STRASSE'],
    ['the capital ß', 'STRAẞE', 'strasse'],
    ['three sigmas', 'ΟΔΟΣ', 'οδοσ'],
    ['the last sigma', 'οδος', 'ΟΔΟσ'],
    ['a sigma that is the last of its word', 'οδος_μου', 'ΟΔΟΣΜΟΥ'],
    ['the dotted I of Turkish', 'İstanbul', 'i\u0307stanbul'],
    ['Cyrillic', 'БАЗА_ДАННЫХ', 'база-данных'],
    ['the sign for Kelvin', '\u212a', 'k'],
    ['Chinese', '数据库 适配器', '数据库-适配器'],
  ])('should match %s', (_, a, b) => {
    expect(canonicalName(a)).toBe(canonicalName(b));
  });

  it.each([
    ['database.query', 'database-query'],
    ['database/query', 'database-query'],
    ['database', 'databases'],
    ['naïve', 'naive'],
    ['v1-1', 'v11'],
    ['gpt-4-1', 'gpt-41'],
    ['c', 'c++'],
    ['-', ''],
    ['_', 'a'],
  ])('should keep %j and %j apart', (a, b) => {
    expect(canonicalName(a)).not.toBe(canonicalName(b));
  });

  it('should be empty for nothing but space', () => {
    expect(canonicalName(' \t')).toBe('');
  });

  it('should come out the same in capitals, in small letters, with other separators, and when it is applied again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        const canonical = canonicalName(name);
        expect(canonicalName(canonical)).toBe(canonical);
        expect(canonicalName(name.toUpperCase())).toBe(canonical);
        expect(canonicalName(name.toLowerCase())).toBe(canonical);
        expect(canonicalName(name.replaceAll('-', '_'))).toBe(canonical);
        expect(canonicalName(` ${name}\t`)).toBe(canonical);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('serviceSpellings', () => {
  it('should be the name with and without -service', () => {
    expect(serviceSpellings('adapter')).toEqual(['adapter', 'adapterservice']);
    expect(serviceSpellings('adapterservice')).toEqual(['adapterservice', 'adapterserviceservice', 'adapter']);
    expect(serviceSpellings('service')).toEqual(['service', 'serviceservice']);
  });
});
