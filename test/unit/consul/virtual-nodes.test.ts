import { describe, expect, it } from 'vitest';
import { VirtualNodes } from '../../../src/consul/virtual-nodes.ts';

const REGISTRY = '0f8fad5b-d9cb-469f-a165-70867728950e';
const ids = Array.from({ length: 20_000 }, (_, n) => `effect-node-${n}`);

describe('VirtualNodes', () => {
  it('should spread services evenly, the same way every time', () => {
    const [nodes, others] = [new VirtualNodes(REGISTRY, 200), new VirtualNodes(REGISTRY, 200)];
    const counts = new Map<string, number>();
    for (const id of ids) {
      const home = nodes.homeOf(id);
      expect(others.homeOf(id)).toBe(home);
      counts.set(home, (counts.get(home) ?? 0) + 1);
    }
    expect(new Set(counts.keys())).toEqual(new Set(nodes.names()));
    expect(Math.max(...counts.values())).toBeLessThan(150);
  });

  it('should not move a service between versions of the gateway', () => {
    expect(new VirtualNodes(REGISTRY, 200).homeOf('effect-a')).toBe(`registry-${REGISTRY}-87`);
  });

  it('should name nodes as DNS can, whatever their number', () => {
    for (const name of new VirtualNodes(REGISTRY, 10_000).names()) expect(name).toMatch(/^[a-z0-9-]{1,63}$/);
  });

  it('should know its own, also those of a time when there were more, and nobody else’s', () => {
    const nodes = new VirtualNodes(REGISTRY, 2);
    expect(nodes.has(`registry-${REGISTRY}-1`)).toBe(true);
    expect(nodes.has(`registry-${REGISTRY}-199`)).toBe(true);
    for (const name of ['local', `registry-${REGISTRY}`, `registry-${REGISTRY}-`, `registry-${REGISTRY}-x`, 'registry-other-1'])
      expect(nodes.has(name)).toBe(false);
  });
});
