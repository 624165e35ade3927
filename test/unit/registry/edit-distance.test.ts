import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearness } from '../../../src/registry/edit-distance.ts';

const distance = (a: string, b: string, max = 3) => nearness(a, max, { left: 1_000_000 })(b);

describe('nearness', () => {
  it.each([
    ['database', 'database', 0],
    ['databse', 'database', 1],
    ['databaes', 'database', 1],
    ['datsbase', 'database', 1],
    ['databases', 'database', 1],
    ['adapter', 'adaptor', 1],
    ['cahce', 'cache', 1],
    ['ab', 'ba', 1],
    ['', 'abc', 3],
  ])('should be from %j to %j %i', (a, b, expected) => {
    expect(distance(a, b)).toBe(expected);
    expect(distance(b, a)).toBe(expected);
  });

  it('should be none where it is more than wanted, or the budget is spent', () => {
    expect(distance('cache', 'database')).toBeNull();
    expect(distance('ab', 'cd', 1)).toBeNull();
    expect(distance('abcd', 'abcdefgh')).toBeNull();
    const budget = { left: 20 };
    expect(nearness('xatabase', 3, budget)('databasx')).toBeNull();
    expect(budget.left).toBeLessThan(0);
  });

  it('should agree with the whole table, wherever it is within the limit', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 9 });
    fc.assert(
      fc.property(word, word, fc.nat(4), (a, b, max) => {
        const whole = naive(a, b);
        expect(distance(a, b, max)).toBe(whole <= max ? whole : null);
      }),
    );
  });
});

/** By its definition, without a band. */
function naive(a: string, b: string): number {
  const known = new Map<string, number>();
  const of = (i: number, j: number): number => {
    if (i === 0 || j === 0) return i + j;
    const key = `${i} ${j}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const choices = [of(i - 1, j) + 1, of(i, j - 1) + 1, of(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)];
    if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) choices.push(of(i - 2, j - 2) + 1);
    const least = Math.min(...choices);
    known.set(key, least);
    return least;
  };
  return of(a.length, b.length);
}
