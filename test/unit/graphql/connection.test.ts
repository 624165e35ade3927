import { describe, expect, it } from 'vitest';
import { type NodePage, type PageArguments, pageOf, printNodeCursor } from '../../../src/graphql/connection.ts';
import { globalIdOf } from '../../../src/graphql/global-id.ts';
import { toCursor } from '../../../src/registry/cursor.ts';
import { nodeId, sampleNode } from './memory-registry.ts';

const IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const NODES = IDS.map((id) => sampleNode(id));
const HEAD = toCursor(42);

const page = (args: PageArguments, nodes = NODES) => pageOf(nodes, args, HEAD);
const idsOf = (result: NodePage) => result.edges.map((edge) => edge.node.nodeId).join('');
const at = (id: string) => printNodeCursor(nodeId(id));

describe('a page of nodes', () => {
  it('should begin at the start, and say how much there is and where the log stood', () => {
    const result = page({ first: 3 });
    expect(idsOf(result)).toBe('abc');
    expect(result.totalCount).toBe(7);
    expect(result.cursor).toBe(42);
    expect(result.pageInfo).toEqual({ hasNextPage: true, hasPreviousPage: false, startCursor: at('a'), endCursor: at('c') });
  });

  it('should lead forward through every node once', () => {
    const seen: string[] = [];
    let after: string | null = null;
    for (;;) {
      const result: NodePage = page({ first: 3, after });
      seen.push(idsOf(result));
      if (!result.pageInfo.hasNextPage) break;
      after = result.pageInfo.endCursor;
    }
    expect(seen).toEqual(['abc', 'def', 'g']);
  });

  it('should lead backward through every node once', () => {
    const seen: string[] = [];
    let before: string | null = null;
    for (;;) {
      const result: NodePage = page({ last: 3, before });
      seen.push(idsOf(result));
      if (!result.pageInfo.hasPreviousPage) break;
      before = result.pageInfo.startCursor;
    }
    expect(seen).toEqual(['efg', 'bcd', 'a']);
  });

  it('should cut between after and before, from either end', () => {
    expect(idsOf(page({ after: at('a'), before: at('f') }))).toBe('bcde');
    expect(idsOf(page({ after: at('a'), before: at('f'), first: 2 }))).toBe('bc');
    expect(idsOf(page({ after: at('a'), before: at('f'), last: 2 }))).toBe('de');
  });

  it('should be empty where after lies behind before', () => {
    const result = page({ after: at('e'), before: at('b') });
    expect(result.edges).toEqual([]);
    expect(result.pageInfo.startCursor).toBeNull();
  });

  it('should go on where a node was that has gone meanwhile', () => {
    const without = NODES.filter((node) => node.nodeId !== 'c');
    expect(idsOf(page({ first: 2, after: at('c') }, without))).toBe('de');
    expect(idsOf(page({ last: 2, before: at('c') }, without))).toBe('ab');
  });

  it('should have 50 nodes by default, and none for first: 0', () => {
    const many = Array.from({ length: 60 }, (_, index) => sampleNode(`n${String(index).padStart(3, '0')}`));
    expect(page({}, many).edges).toHaveLength(50);
    const none = page({ first: 0 });
    expect(none.edges).toEqual([]);
    expect(none.pageInfo.hasNextPage).toBe(true);
  });

  it('should take cursors of ids in any script', () => {
    const nodes = [sampleNode('узел'), sampleNode('節点')];
    expect(page({ after: at('узел') }, nodes).edges.map((edge) => edge.node.nodeId)).toEqual(['節点']);
  });

  it.each<[string, PageArguments, string]>([
    ['first and last together', { first: 1, last: 1 }, 'BAD_USER_INPUT'],
    ['a negative first', { first: -1 }, 'BAD_USER_INPUT'],
    ['a negative last', { last: -1 }, 'BAD_USER_INPUT'],
    ['first over 500', { first: 501 }, 'LIMIT_EXCEEDED'],
    ['last over 500', { last: 501 }, 'LIMIT_EXCEEDED'],
    ['an after that is no cursor', { after: 'not a cursor!' }, 'CURSOR_INVALID'],
    ['an empty before', { before: '' }, 'CURSOR_INVALID'],
    ['a cursor of the change log', { after: '0000000000004711' }, 'CURSOR_INVALID'],
    ['the id of a node', { after: globalIdOf(sampleNode('a'), undefined) }, 'CURSOR_INVALID'],
    ['the bare name of a node', { before: Buffer.from('orchestrator-001').toString('base64url') }, 'CURSOR_INVALID'],
    ['a cursor with another end', { after: `${at('a')}=` }, 'CURSOR_INVALID'],
    ['a cursor of nobody', { after: Buffer.from('place:').toString('base64url') }, 'CURSOR_INVALID'],
  ])('should refuse %s', (_what, args, code) => {
    expect(() => page(args)).toThrow(expect.objectContaining({ code }));
  });
});
