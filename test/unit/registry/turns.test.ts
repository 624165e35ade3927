import { expect, it } from 'vitest';
import { Turns } from '../../../src/registry/turns.ts';
import { record } from './fakes/node-record.ts';

const three = ['a', 'b', 'c'].map((id) => record(id));
const first = (turns: Turns, request: string, nodes = three) => turns.rotate(request, nodes)[0]?.nodeId;

it('should begin with each in turn, and have each of them once', () => {
  const turns = new Turns();
  const order = () =>
    turns
      .rotate('x', three)
      .map(({ nodeId }) => nodeId)
      .join('');
  expect([order(), order(), order(), order()]).toEqual(['abc', 'bca', 'cab', 'abc']);
});

it('should be an empty list for no nodes, and leave the turn where it is', () => {
  const turns = new Turns();
  first(turns, 'x');
  expect(turns.rotate('x', [])).toEqual([]);
  expect(first(turns, 'x')).toBe('b');
});

it('should tell long requests apart', () => {
  const turns = new Turns();
  const long = (end: string) => `${'x'.repeat(500)}${end}`;
  expect([first(turns, long('1')), first(turns, long('2')), first(turns, long('1'))]).toEqual(['a', 'a', 'b']);
});

it('should forget the request that was longest not asked, when there are too many', () => {
  const turns = new Turns();
  first(turns, 'kept');
  first(turns, 'forgotten');
  first(turns, 'kept');
  for (let i = 0; i < 9_999; i += 1) first(turns, `other ${i}`);
  expect(first(turns, 'kept')).toBe('c');
  expect(first(turns, 'forgotten')).toBe('a');
});

it('should not move on for what comes to nothing, however often it asked', () => {
  const turns = new Turns();
  expect(first(turns, 'x')).toBe('a');
  const failed = () => turns.tentatively(() => ([first(turns, 'x'), first(turns, 'x'), first(turns, 'new')].length === 3 ? null : 1));
  expect(failed()).toBeNull();
  expect(() =>
    turns.tentatively(() => {
      first(turns, 'x');
      throw new Error('broken');
    }),
  ).toThrow('broken');
  expect(turns.tentatively(() => first(turns, 'x') ?? null)).toBe('b');
  expect([first(turns, 'x'), first(turns, 'new')]).toEqual(['c', 'a']);
});
