import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isNodeId } from '../../../src/events/node-id.ts';
import { globalIdOf, parseGlobalId } from '../../../src/graphql/global-id.ts';
import { toCursor } from '../../../src/registry/cursor.ts';
import { sampleNode } from './memory-registry.ts';

const at = (id: string, cursor: number) => sampleNode(id, { cursor: toCursor(cursor) });

describe('the global id of a node', () => {
  it('should be one for what the node is, whatever is read of it and whether or not it is known', () => {
    const id = globalIdOf(at('n', 7), at('n', 7));
    expect(globalIdOf(at('n', 8), at('n', 7))).toBe(id);
    expect(globalIdOf(at('n', 7), undefined)).toBe(id);
    expect(parseGlobalId(id)).toEqual({ nodeId: 'n', cursor: null });
  });

  it('should be another for every state that the node has left behind', () => {
    const now = at('n', 7);
    const ids = [3, 5, 7].map((cursor) => globalIdOf(at('n', cursor), now));
    expect(new Set(ids).size).toBe(3);
    expect(parseGlobalId(ids[0] ?? '')).toEqual({ nodeId: 'n', cursor: 3 });
  });

  it('should be read again as it was printed, whatever the node is called', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter(isNodeId);
    fc.assert(
      fc.property(
        fc.oneof(name, fc.constantFrom('Node:x', 'Node@0000000000000001:x', '0000000000000001:x')),
        fc.nat(),
        (nodeId, cursor) => {
          expect(parseGlobalId(globalIdOf(at(nodeId, cursor), undefined))).toEqual({ nodeId, cursor: null });
          expect(parseGlobalId(globalIdOf(at(nodeId, cursor), at(nodeId, cursor + 1)))).toEqual({ nodeId, cursor });
        },
      ),
    );
  });

  it('should else be the node id itself', () => {
    expect(parseGlobalId('orchestrator-001')).toEqual({ nodeId: 'orchestrator-001', cursor: null });
    expect(parseGlobalId('Tm9kZTo')).toEqual({ nodeId: 'Tm9kZTo', cursor: null });
  });

  it.each(['', ' ', 'x'.repeat(256), 'a\nb', '\ud800'])('should not be %j', (text) => {
    expect(parseGlobalId(text)).toBeNull();
  });
});
