import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PageArguments, pageOf, printNodeCursor } from '../../../src/graphql/connection.ts';
import { toCursor } from '../../../src/registry/cursor.ts';
import { nodeId, sampleNode } from './memory-registry.ts';

const template = sampleNode('template');
const ids = fc.uniqueArray(fc.string({ unit: fc.constantFrom('a', 'b', 'é', '節', '-'), minLength: 1, maxLength: 4 }), { maxLength: 25 });
const nodesOf = (names: readonly string[]) => [...names].sort().map((id) => ({ ...template, nodeId: nodeId(id) }));
const place = fc.option(fc.string({ unit: fc.constantFrom('a', 'b', 'é', '節', '-'), minLength: 1, maxLength: 4 }), { nil: null });
const count = fc.option(fc.nat(30), { nil: null });
const page = (names: readonly string[], args: PageArguments) => pageOf(nodesOf(names), args, toCursor(0));
const idsOf = (result: ReturnType<typeof page>) => result.edges.map(({ node }) => String(node.nodeId));
const cursor = (id: string | null) => (id === null ? null : printNodeCursor(nodeId(id)));

describe('a page of nodes', () => {
  it('should be what the Relay specification says, by a model of it', () => {
    fc.assert(
      fc.property(ids, place, place, count, fc.boolean(), (names, after, before, size, forward) => {
        // "ApplyCursorsToEdges", then "EdgesToReturn", on the sorted list.
        const between = [...names].sort().filter((id) => (after === null || id > after) && (before === null || id < before));
        const expected = size === null ? between : forward ? between.slice(0, size) : size === 0 ? [] : between.slice(-size);
        const direction = size === null ? {} : forward ? { first: size } : { last: size };
        const result = page(names, { after: cursor(after), before: cursor(before), ...direction });
        expect(idsOf(result)).toEqual(expected);
        expect(result.totalCount).toBe(names.length);
        expect(result.pageInfo.startCursor).toBe(cursor(expected[0] ?? null));
        expect(result.pageInfo.endCursor).toBe(cursor(expected.at(-1) ?? null));
        const [first, last] = [expected[0], expected.at(-1)];
        if (first === undefined || last === undefined) return;
        expect(result.pageInfo.hasPreviousPage).toBe(names.some((id) => id < first));
        expect(result.pageInfo.hasNextPage).toBe(names.some((id) => id > last));
      }),
    );
  });

  it('should lead through everything that stays, once and in order, forward and backward, while others come and go', () => {
    fc.assert(
      fc.property(
        ids,
        fc.array(ids, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        (stay, passing, size, forward) => {
          const seen: string[] = [];
          let from: string | null = null;
          for (let step = 0; ; step += 1) {
            const now = [...new Set([...stay, ...(passing[step % passing.length] ?? [])])];
            const result: ReturnType<typeof page> = page(now, forward ? { first: size, after: from } : { last: size, before: from });
            const found = idsOf(result);
            seen.push(...(forward ? found : found.toReversed()));
            const { endCursor, startCursor, hasNextPage, hasPreviousPage } = result.pageInfo;
            if (!(forward ? hasNextPage : hasPreviousPage)) break;
            from = forward ? endCursor : startCursor;
          }
          const inOrder = [...seen].sort();
          expect(seen).toEqual(forward ? inOrder : inOrder.toReversed());
          expect(new Set(seen).size).toBe(seen.length);
          expect(seen).toEqual(expect.arrayContaining(stay));
        },
      ),
    );
  });

  it('should take no text for a cursor but one of its own', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 30 }), (text) => {
        fc.pre(!Buffer.from(text, 'base64url').toString('utf8').startsWith('place:'));
        expect(() => page(['a'], { after: text })).toThrow(expect.objectContaining({ code: 'CURSOR_INVALID' }));
      }),
    );
  });
});
