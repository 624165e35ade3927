import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonObject, json as jsonShape } from '../../../src/registry/node-image.ts';
import type { NodeRecord } from '../../../src/registry/node-record.ts';
import { SharedContent } from '../../../src/registry/shared-content.ts';
import { change, record } from './fakes/node-record.ts';

/** As it comes out of a message of its own: equal to others, and the same as none. */
function announced(id: string, different: Partial<NodeRecord> = {}): NodeRecord {
  const details = jsonShape.parse(JSON.parse('{"operations":["read","write"],"method_signatures":{"read":"(key: str) -> bytes"}}'));
  const metadata = jsonObject.parse(JSON.parse('{"region":"eu-central-1","labels":{"team":"blue"}}'));
  return record(id, { serviceName: 'store', capabilities: ['read', 'write'], capabilityDetails: details, metadata, ...different });
}

describe('what nodes have in common', () => {
  it('should be in memory once', () => {
    const shared = new SharedContent();
    const a = shared.of(announced('a'), undefined);
    const b = shared.of(announced('b'), undefined);

    expect(b).toEqual(announced('b'));
    expect(b.capabilityDetails).toBe(a.capabilityDetails);
    expect(b.capabilities).toBe(a.capabilities);
    expect(b.metadata).toBe(a.metadata);
  });

  it('should be in memory once where the rest differs', () => {
    const shared = new SharedContent();
    const a = shared.of(announced('a'), undefined);
    const metadata = jsonObject.parse(JSON.parse('{"region":"eu-west-1","labels":{"team":"blue"}}'));
    const b = shared.of(announced('b', { metadata, capabilities: ['admin', 'read'] }), undefined);

    expect([b.metadata, b.capabilities]).toEqual([metadata, ['admin', 'read']]);
    expect(b.metadata['labels']).toBe(a.metadata['labels']);
    expect(b.capabilityDetails).toBe(a.capabilityDetails);
  });

  it('should be taken from another service of the type where it is the first of its own', () => {
    const shared = new SharedContent();
    const a = shared.of(announced('a'), undefined);
    const b = shared.of(announced('b', { serviceName: 'index' }), undefined);

    expect(b.serviceName).toBe('index');
    expect(b.capabilityDetails).toBe(a.capabilityDetails);
  });

  it('should be taken from what stood before where a change is not one of content', () => {
    const shared = new SharedContent();
    const before = announced('a', { contentHash: 'same' });
    const { node, ...entry } = { cursor: record('a').cursor, ...change(announced('a', { contentHash: 'same', health: 'UNHEALTHY' })) };
    const kept = shared.in({ ...entry, node, before: { type: node.type, capabilities: ['read', 'write'] } }, before);

    expect(kept.node).toEqual(node);
    expect(kept.node.capabilityDetails).toBe(before.capabilityDetails);
    expect(kept.before?.capabilities).toBe(before.capabilities);
  });
});

it('should neither change a value nor how it is printed, whatever the other node says', () => {
  const objects = fc.dictionary(fc.string(), fc.jsonValue()).map((value) => jsonObject.parse(JSON.parse(JSON.stringify(value))));
  fc.assert(
    fc.property(objects, objects, fc.boolean(), (one, two, isAlike) => {
      const shared = new SharedContent();
      shared.of(announced('a', { metadata: one, capabilityDetails: one }), undefined);
      const said = isAlike ? { ...two, ...one } : two;
      const node = announced('b', { metadata: said, capabilityDetails: said });
      expect(JSON.stringify(shared.of(node, undefined))).toBe(JSON.stringify(node));
    }),
  );
});
