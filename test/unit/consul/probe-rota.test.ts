import { describe, expect, it } from 'vitest';
import { proberOf } from '../../../src/consul/probe-rota.ts';

const services = Array.from({ length: 3000 }, (_, n) => `effect-node-${n}`);
const members = ['8c1f', '1d27', 'f3aa'];

describe('proberOf', () => {
  it('should share services evenly', () => {
    for (const member of members) {
      const share = services.filter((id) => proberOf(id, members) === member).length;
      expect(share).toBeGreaterThan(850);
      expect(share).toBeLessThan(1150);
    }
  });

  it('should come to the same whatever the order in which members are known', () => {
    for (const id of services) expect(proberOf(id, members.toReversed())).toBe(proberOf(id, members));
  });

  it('should move only the share of the one that goes, to all the others', () => {
    const left = members.slice(1);
    const takers = new Set<string | null>();
    for (const id of services) {
      const before = proberOf(id, members);
      const now = proberOf(id, left);
      if (before === members[0]) takers.add(now);
      else expect(now).toBe(before);
    }
    expect([...takers].sort()).toEqual(left.toSorted());
  });

  it('should give everything to the only one, and nothing to nobody', () => {
    expect(proberOf('effect-a', ['only'])).toBe('only');
    expect(proberOf('effect-a', [])).toBeNull();
  });
});
