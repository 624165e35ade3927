import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { serviceIdOf } from '../../../src/consul/service-id.ts';
import { isNodeId } from '../../../src/events/node-id.ts';
import { nodeId } from './node-content.ts';

const id = (type: string, node: string, instance: string | null = null) => serviceIdOf({ type, nodeId: nodeId(node), instance });

describe('serviceIdOf', () => {
  it('should leave {type}-{nodeId} plain', () => {
    expect(id('effect', 'orchestrator-001')).toBe('effect-orchestrator-001');
    expect(id('runtime_host', '0b9ff1c4-7d0e-4d4e-9d5c-0c9d3c1f6a11')).toBe('runtime_host-0b9ff1c4-7d0e-4d4e-9d5c-0c9d3c1f6a11');
  });

  it('should append the instance and a hash', () => {
    expect(id('effect', 'a', 'b')).toMatch(/^effect-a-b-[0-9a-f]{8}$/);
  });

  it('should tell apart what joins to the same text', () => {
    const ids = [id('effect', 'a-b', 'c'), id('effect', 'a', 'b-c'), id('effect-a', 'b-c'), id('effect', 'a-b-c'), id('effect', 'a_b-c')];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('should replace what is unsafe and stay distinct', () => {
    const ids = ['a/b', 'a b', 'a?b', 'aüb'].map((node) => id('effect', node));
    expect(new Set(ids).size).toBe(ids.length);
    for (const one of ids) expect(one).toMatch(/^effect-a-b-[0-9a-f]{8}$/);
  });

  it('should cut the longest parts and stay distinct', () => {
    const type = 't'.repeat(100);
    const [one, other] = [id(type, `${'n'.repeat(254)}1`), id(type, `${'n'.repeat(254)}2`)];
    expect(one).not.toBe(other);
    expect(one).toHaveLength(255);
  });

  it('should give distinct ids to distinct (type, node, instance)', () => {
    const alphabet = fc.constantFrom('a', 'b', '-', '_', '.', '/', 'ü', ' ');
    const part = fc.string({ unit: alphabet, minLength: 1, maxLength: 5 });
    const triple = fc.record({
      type: part,
      nodeId: part.filter((text) => isNodeId(text)).map(nodeId),
      instance: fc.option(part, { nil: null }),
    });
    fc.assert(
      fc.property(fc.uniqueArray(triple, { selector: (t) => JSON.stringify([t.type, t.nodeId, t.instance]), maxLength: 60 }), (triples) => {
        const ids = triples.map(serviceIdOf);
        expect(new Set(ids).size).toBe(triples.length);
        for (const one of ids) expect(one).toMatch(/^[A-Za-z0-9._-]{1,255}$/);
      }),
      { numRuns: 300 },
    );
  });
});
