import { expect, it } from 'vitest';
import { accepted, hasWeights, wantsHtml } from '../../../src/http/accept.ts';

it('should have what weighs most first, and nothing that is not wanted', () => {
  expect(accepted('a/b;q=0.5, c/d, e/f;q=0, g/h; charset=utf-8; q=0.7,i/j')).toEqual(['c/d', 'i/j', 'g/h; charset=utf-8', 'a/b']);
  expect(accepted('a/b;q=0')).toEqual([]);
  expect(hasWeights('a/b; Q = 0.1')).toBe(true);
  expect(hasWeights('a/b; quality=1')).toBe(false);
});

it.each([
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', true],
  ['text/html, application/json', true],
  ['Text/HTML', true],
  ['application/json, text/html', false],
  ['application/json, text/html;q=0.1', false],
  ['text/html;q=0.9, application/json', false],
  ['text/html;q=0, */*', false],
  ['*/*', false],
  [undefined, false],
])('should tell who accepts %s whether a page is wanted: %s', (header, expected) => {
  expect(wantsHtml(header)).toBe(expected);
});
