import { describe, expect, it } from 'vitest';
import { toSemVer, VersionRange } from '../../../src/registry/version-range.ts';

describe('what counts as a version', () => {
  it.each([
    ['1.2.3', '1.2.3'],
    ['v1.2.3', '1.2.3'],
    ['V2', '2.0.0'],
    ['v1.2', '1.2.0'],
    ['1.2', '1.2.0'],
    ['1', '1.0.0'],
    [' 1.0 ', '1.0.0'],
    ['1.2.3.4', '1.2.3'],
    ['1.2-beta', '1.2.0-beta'],
    ['1.2.3-rc.1', '1.2.3-rc.1'],
    ['1.2.3rc1', '1.2.3-rc1'],
    ['1.2.3-rc.1+build.5', '1.2.3-rc.1'],
    ['1.2.3+build.5', '1.2.3'],
    ['2024.01.15', '2024.1.15'],
  ])('should take %j for %s', (text, expected) => {
    expect(toSemVer(text)?.version).toBe(expected);
  });

  it.each(['', 'latest', 'build-42', 'release 3', '1a2b3c4', '7f00001', 'main', '1..2', '-1', `${'1'.repeat(300)}`])(
    'should not take %j for one',
    (text) => {
      expect(toSemVer(text)).toBeNull();
    },
  );
});

describe('a range', () => {
  const contains = (range: string, version: string | null) => new VersionRange(range).contains(version);

  it('should have a prerelease where it has its place, and not where it comes too early', () => {
    expect(contains('^1.1.0', '1.2.0-rc.1')).toBe(true);
    expect(contains('>=1.2.0-rc.1', '1.2.0-rc.2')).toBe(true);
    expect(contains('>=1.2.0', '1.2.0-rc.2')).toBe(false);
    expect(contains('^1.0.0', '2.0.0-alpha')).toBe(false);
    expect(contains('*', '2.0.0-alpha')).toBe(true);
  });

  it('should never have a node without a version, or with one that is none', () => {
    expect(contains('*', null)).toBe(false);
    expect(contains('', 'latest')).toBe(false);
    expect(contains('', '0.0.1')).toBe(true);
  });

  it('should answer the same the second time', () => {
    const range = new VersionRange('^1');
    expect([range.contains('1.5'), range.contains('1.5'), range.contains('2'), range.contains('2')]).toEqual([true, true, false, false]);
  });

  it.each([
    ['^1.4', '>=1.4.0-0 <2.0.0-0'],
    ['1.x || >=3', '>=1.0.0-0 <2.0.0-0||>=3.0.0-0'],
    ['*', '*'],
    ['', '*'],
  ])('should say of %j that it is %s', (text, expected) => {
    expect(String(new VersionRange(text))).toBe(expected);
  });

  it.each(['latest', '>=', '1.2.3.4', '^^1', '>1.2.3beta', '1.0.0 -', `>=${'1'.repeat(250)}`])('should refuse %j', (text) => {
    expect(() => new VersionRange(text)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', details: { argument: 'versionRange' } }),
    );
  });
});
