import { describe, expect, it } from 'vitest';
import { age } from '../../../src/cli/age.ts';
import { plainText } from '../../../src/cli/plain-text.ts';
import { cut, tableLines } from '../../../src/cli/table.ts';

const paint = (_colour: string, text: string) => text;
const columns = [
  { title: 'NAME', cell: ([name = '']: string[]) => name, givesWay: 1 },
  { title: 'N', cell: ([, number = '']: string[]) => number },
  { title: 'WORDS', cell: ([, , words = '']: string[]) => words, givesWay: 2 },
];
const rows = [
  ['reducer-001', '1', 'some words about it'],
  ['日本', '1000', ''],
];

describe('a table', () => {
  it('should align columns by what a terminal shows, without blanks at the ends', () => {
    expect(tableLines(columns, rows, { width: null, paint })).toEqual([
      'NAME         N     WORDS',
      'reducer-001  1     some words about it',
      '日本         1000',
    ]);
  });

  it('should fit a narrow terminal: the columns that matter least give way first', () => {
    expect(tableLines(columns, rows, { width: 30, paint })).toEqual([
      'NAME         N     WORDS',
      'reducer-001  1     some words…',
      '日本         1000',
    ]);
    expect(tableLines(columns, rows, { width: 22, paint })[1]).toBe('reducer…  1     some …');
  });

  it('should not let a node drive the terminal', () => {
    const [, line] = tableLines(columns, [['\u001b[2J\nname\u202e', '', '']], { width: null, paint });
    expect(line).toBe('\\u001b[2J\\nname\\u202e');
  });

  it('should never cut through a character', () => {
    expect(cut('👩‍👩‍👧‍👦abc', 4)).toBe('👩‍👩‍👧‍👦a…');
    expect(cut('日本語', 4)).toBe('日…');
    expect(cut('short', 5)).toBe('short');
  });
});

it('should say how long ago something was in its largest unit', () => {
  const now = Date.parse('2026-11-24T13:29:00Z');
  const ago = (seconds: number) => age(new Date(now - seconds * 1000), now);
  expect([0, 59, 60, 3599, 7200, 86_400 * 40, -5].map(ago)).toEqual(['0s', '59s', '1m', '59m', '2h', '40d', '0s']);
});

it('should leave ordinary text as it is', () => {
  expect(plainText('größer 日本 "x" \\n')).toBe('größer 日本 "x" \\n');
});
