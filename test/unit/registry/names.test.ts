import { expect, it } from 'vitest';
import { canonicalName } from '../../../src/registry/names.ts';

it('should match names without case, and take - and _ for one', () => {
  expect(canonicalName('Database_Adapter-V2')).toBe('database-adapter-v2');
  expect(canonicalName('database-adapter_v2')).toBe(canonicalName('DATABASE_ADAPTER_V2'));
});

it('should keep names apart that differ in anything else', () => {
  expect(canonicalName('database.query')).not.toBe(canonicalName('database-query'));
  expect(canonicalName('database')).not.toBe(canonicalName('databases'));
});
