import { expect, it } from 'vitest';
import { DocumentCache } from '../../../src/graphql/document-cache.ts';

it('should give back what was put in', () => {
  const cache = new DocumentCache<number>(1000);
  cache.set('a', 1);
  expect([cache.get('a'), cache.get('a'), cache.get('b')]).toEqual([1, 1, undefined]);
});

it('should not lose what is in use to texts that come once, however many they are', () => {
  const cache = new DocumentCache<number>(1000);
  cache.set('in use', 1);
  cache.get('in use');
  for (let index = 0; index < 10_000; index++) cache.set(`text number ${index}`, index);
  expect(cache.get('in use')).toBe(1);
});

it('should lose what came once, and the least used of what came back', () => {
  const cache = new DocumentCache<number>(100);
  const texts = Array.from({ length: 30 }, (_, index) => `text ${10 + index}`);
  for (const text of texts) {
    cache.set(text, 1);
    cache.get(text);
  }
  const kept = texts.filter((text) => cache.get(text) !== undefined);
  expect(kept).toEqual(texts.slice(-14));
  for (let index = 0; index < 20; index++) cache.set(`once ${10 + index}`, 1);
  expect(cache.get('once 10')).toBeUndefined();
  expect(cache.get('once 29')).toBe(1);
});

it('should not keep a text that would take the place of many', () => {
  const cache = new DocumentCache<number>(800);
  cache.set('x'.repeat(101), 1);
  expect(cache.get('x'.repeat(101))).toBeUndefined();
});
