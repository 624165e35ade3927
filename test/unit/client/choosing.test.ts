import { describe, expect, it } from 'vitest';
import { backoff } from '../../../src/client/backoff.ts';
import { Chooser } from '../../../src/client/chooser.ts';
import type { Service } from '../../../src/client/index.ts';
import { Suspects } from '../../../src/client/suspects.ts';

function service(nodeId: string, url = `http://${nodeId}`): Service {
  return { nodeId, serviceName: 's', address: nodeId, port: 80, version: null, url, endpoints: { api: url } };
}

const THREE = [service('a'), service('b'), service('c')];

function chooser(random = 0) {
  let now = 0;
  const suspects = new Suspects(1000, () => now);
  const calls = new Map<string, number>();
  return {
    suspects,
    calls,
    chooser: new Chooser(suspects, calls, () => random),
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
  };
}

describe('a choice', () => {
  it('should go round', () => {
    const { chooser: one } = chooser();
    expect([1, 2, 3, 4].map(() => one.choose(THREE, 'ROUND_ROBIN')?.nodeId)).toEqual(['b', 'c', 'a', 'b']);
  });

  it('should begin with another instance for another client', () => {
    expect([0, 0.5].map((random) => chooser(random).chooser.choose(THREE, 'ROUND_ROBIN')?.nodeId)).toEqual(['b', 'a']);
  });

  it('should be left to chance', () => {
    expect([0, 0.5, 0.99].map((random) => chooser(random).chooser.choose(THREE, 'RANDOM')?.nodeId)).toEqual(['a', 'b', 'c']);
  });

  it('should fall on the least busy, in turn among equals', () => {
    const { chooser: one, calls } = chooser();
    calls.set('a', 2).set('b', 1);
    expect(one.choose(THREE, 'LEAST_BUSY')?.nodeId).toBe('c');
    calls.set('c', 1);
    expect([1, 2, 3].map(() => one.choose(THREE, 'LEAST_BUSY')?.nodeId)).toEqual(['c', 'b', 'b']);
  });

  it.each(['ROUND_ROBIN', 'RANDOM', 'LEAST_BUSY'] as const)('should find none by %s where there is none', (strategy) => {
    expect(chooser().chooser.choose([], strategy)).toBeUndefined();
  });
});

describe('an instance that failed', () => {
  it('should be avoided for a while', () => {
    const { chooser: one, suspects, pass } = chooser();
    suspects.add(service('b'));
    pass(999);
    expect([1, 2, 3].map(() => one.choose(THREE, 'ROUND_ROBIN')?.nodeId)).not.toContain('b');
    pass(1);
    expect([1, 2, 3].map(() => one.choose(THREE, 'ROUND_ROBIN')?.nodeId)).toContain('b');
  });

  it('should be taken all the same where it is the only one, or all failed', () => {
    const { chooser: one, suspects } = chooser();
    for (const each of THREE) suspects.add(each);
    expect(one.choose([service('b')], 'ROUND_ROBIN')?.nodeId).toBe('b');
    expect([1, 2, 3].map(() => one.choose(THREE, 'ROUND_ROBIN')?.nodeId)).toEqual(['c', 'a', 'b']);
  });

  it('should be no suspect any more where it has moved', () => {
    const { chooser: one, suspects } = chooser();
    suspects.add(service('a', 'http://before'));
    expect([1, 2].map(() => one.choose([service('a', 'http://after'), service('b')], 'ROUND_ROBIN')?.nodeId)).toEqual(['b', 'a']);
  });

  it('should not be remembered beyond a bound', () => {
    const { suspects } = chooser();
    for (let index = 0; index <= 1000; index += 1) suspects.add(service(`n-${index}`));
    expect([suspects.has(service('n-0')), suspects.has(service('n-1'))]).toEqual([false, true]);
  });
});

describe('a wait', () => {
  it('should double to its most, the upper half of it by lot', () => {
    const limits = { min: 100, max: 1000 };
    expect([1, 2, 3, 4, 5, 2000].map((failures) => backoff(failures, limits, () => 1))).toEqual([100, 200, 400, 800, 1000, 1000]);
    expect(backoff(3, limits, () => 0)).toBe(200);
  });
});
