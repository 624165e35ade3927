import { describe, expect, it } from 'vitest';
import { ACCEPTED_BREAKS } from '../../../src/graphql/accepted-breaks.ts';
import { findBreaks } from '../../../src/graphql/breaks.ts';

const BEFORE = `
  type Query { node(id: ID!, depth: Int = 1): Node, nodes(filter: Filter): [Node!]! }
  type Node implements Named { name: String!, size: Int, kind: Kind! }
  interface Named { name: String! }
  enum Kind { SMALL LARGE }
  input Filter { kinds: [Kind!], name: String, deep: Boolean = false }
  union Either = Node | Other
  type Other { name: String! }`;

function compare(old: string, instead: string, acknowledged: { what: string; why: string }[] = []) {
  expect(BEFORE).toContain(old);
  return findBreaks([{ commit: 'abc1234', schema: BEFORE }], BEFORE.replace(old, instead), acknowledged);
}

describe('a comparison of schemas', () => {
  it.each([
    ['a removed type', 'union Either = Node | Other', '', 'Either was removed.'],
    ['a removed field', ', size: Int', '', 'Node.size was removed.'],
    ['a field that may be null now', 'kind: Kind!', 'kind: Kind', 'Node.kind changed type from Kind! to Kind.'],
    ['a field of another type', 'size: Int', 'size: Float', 'Node.size changed type from Int to Float.'],
    ['a removed argument', '(id: ID!, depth: Int = 1)', '(id: ID!)', 'Query.node arg depth was removed.'],
    ['a new required argument', '(filter: Filter)', '(filter: Filter, first: Int!)', 'A required arg first on Query.nodes was added.'],
    [
      'an argument that is required now',
      'filter: Filter',
      'filter: Filter!',
      'Query.nodes arg filter has changed type from Filter to Filter!.',
    ],
    ['a changed default', 'depth: Int = 1', 'depth: Int = 2', 'Query.node arg depth has changed defaultValue from 1 to 2.'],
    ['a removed enum value', 'SMALL LARGE', 'SMALL', 'LARGE was removed from enum type Kind.'],
    ['a removed input field', ', name: String', '', 'Filter.name was removed.'],
    [
      'a changed default of an input field',
      'deep: Boolean = false',
      'deep: Boolean = true',
      'Filter.deep has changed defaultValue from false to true.',
    ],
    ['a removed default of an input field', ' = false', '', 'Filter.deep has changed defaultValue from false to none.'],
    [
      'a new required input field',
      'name: String, deep',
      'name: String, size: Int!, deep',
      'A required field size on input type Filter was added.',
    ],
    ['a removed member of a union', 'Node | Other', 'Node', 'Other was removed from union type Either.'],
    ['a removed interface', ' implements Named', '', 'Node no longer implements interface Named.'],
  ])('should refuse %s, and say since which commit', (_what, old, instead, what) => {
    expect(compare(old, instead)).toMatchObject({ refused: [{ what, commit: 'abc1234' }], accepted: [], stale: [] });
  });

  it.each([
    ['a new field', 'size: Int', 'size: Int, age: Int', []],
    ['a field that is never null now', 'size: Int', 'size: Int!', []],
    ['a deprecation', 'size: Int', 'size: Int @deprecated(reason: "Ask for `kind`.")', []],
    ['a new optional argument', '(filter: Filter)', '(filter: Filter, first: Int)', ['An optional arg first on Query.nodes was added.']],
    ['a new enum value', 'SMALL LARGE', 'SMALL LARGE HUGE', ['HUGE was added to enum type Kind.']],
  ])('should let %s pass, and tell what is dangerous of it', (_what, old, instead, dangers) => {
    expect(compare(old, instead)).toEqual({ refused: [], accepted: [], stale: [], dangers });
  });

  it('should take a break that is acknowledged, and no other with it', () => {
    const why = 'It was never in a release.';
    const known = { what: 'Node.size was removed.', why };
    expect(compare(', size: Int, kind: Kind!', '', [known])).toMatchObject({
      refused: [{ what: 'Node.kind was removed.' }],
      accepted: [known],
      stale: [],
    });
  });

  it('should tell an acknowledgement that nothing needs', () => {
    const spent = { what: 'Node.weight was removed.', why: 'Nobody used it.' };
    expect(compare('size: Int', 'size: Int, age: Int', [spent])).toMatchObject({ refused: [], accepted: [], stale: [spent] });
  });

  it('should compare with every earlier version, and name the latest whose clients break', () => {
    const without = BEFORE.replace(', size: Int', '');
    const versions = [
      { commit: 'third', schema: without },
      { commit: 'second', schema: BEFORE.replace('LARGE', 'LARGE HUGE') },
      { commit: 'first', schema: BEFORE },
    ];
    expect(findBreaks(versions, without, []).refused).toEqual([
      { what: 'Node.size was removed.', commit: 'second' },
      { what: 'HUGE was removed from enum type Kind.', commit: 'second' },
    ]);
  });

  it('should have a reason, in a sentence, for every break of ours that is acknowledged', () => {
    for (const { what, why } of ACCEPTED_BREAKS) expect(why, what).toMatch(/^[A-Z].{20,}\.$/);
    expect(new Set(ACCEPTED_BREAKS.map(({ what }) => what)).size).toBe(ACCEPTED_BREAKS.length);
  });
});
