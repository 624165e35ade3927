import { describe, expect, it } from 'vitest';
import { difference, eventsOf, jsonOf } from '../../readme/likeness.ts';

const SHOWN = { nodes: [{ nodeId: 'mailer-001', health: 'HEALTHY', port: 1, version: null }], cursor: '0017' };

const withNode = (change: object) => ({ ...SHOWN, nodes: [{ ...SHOWN.nodes[0], ...change }] });

describe('the likeness of answers', () => {
  it('should take other numbers, cursors and what may be null', () => {
    expect(difference(SHOWN, SHOWN)).toBeUndefined();
    expect(difference(SHOWN, { ...withNode({ port: 2, version: '1.0' }), cursor: '0018' })).toBeUndefined();
    expect(difference(SHOWN, { ...SHOWN, nodes: [...SHOWN.nodes, ...SHOWN.nodes] })).toBeUndefined();
  });

  it.each([
    ['a key that is missing', { nodes: SHOWN.nodes }, 'answer has nodes instead of nodes, cursor'],
    ['a key that is not shown', { ...SHOWN, errors: [] }, 'answer has nodes, cursor, errors instead of nodes, cursor'],
    ['another type', withNode({ port: '1' }), 'answer.nodes[0].port is "1" instead of 1'],
    ['another value of an enum', withNode({ health: 'UNKNOWN' }), 'answer.nodes[0].health is "UNKNOWN" instead of "HEALTHY"'],
    ['another node', withNode({ nodeId: 'mailer-002' }), 'answer.nodes[0].nodeId is "mailer-002" instead of "mailer-001"'],
    ['an empty list', { ...SHOWN, nodes: [] }, 'answer.nodes has 0 entries'],
    ['an object in place of a list', { ...SHOWN, nodes: {} }, 'answer.nodes is no list'],
    ['a list in place of an object', { ...SHOWN, nodes: [[]] }, 'answer.nodes[0] is no object'],
  ])('should find %s', (_what, seen, found) => {
    expect(difference(SHOWN, seen)).toBe(found);
  });

  it('should find an entry where none is shown', () => {
    expect(difference([], [1])).toBe('answer has 1 entries');
  });
});

describe('what was printed', () => {
  it('should be read as one document, or as one on each line', () => {
    expect(jsonOf('{\n  "a": 1\n}\n')).toEqual([{ a: 1 }]);
    expect(jsonOf('{"a":1}\nnoise\n[2]\n')).toEqual([{ a: 1 }, [2]]);
  });

  it('should be read as events', () => {
    expect(eventsOf(':\n\nevent: next\ndata: {"a":1}\n\n…\nevent: next\ndata: {"a":2}\n')).toEqual([{ a: 1 }, { a: 2 }]);
  });
});
