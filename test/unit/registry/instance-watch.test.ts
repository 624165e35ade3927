import { beforeEach, describe, expect, it } from 'vitest';
import { InstanceWatch, type InstanceWatchParts } from '../../../src/registry/instance-watch.ts';
import { FakeClock } from './fakes/clock.ts';
import { nodeId } from './fakes/messages.ts';

let clock: FakeClock;
beforeEach(() => {
  clock = new FakeClock(1_000_000);
});

function watchOf(different: Partial<InstanceWatchParts> = {}): InstanceWatch {
  return new InstanceWatch({ monotonic: clock.now, random: () => 0.5, interval: 2000, maxInstances: 500, ...different });
}

/** Probes what is due, every 50 ms. Returns how often each was. */
function pass(watch: InstanceWatch, milliseconds: number): Record<string, number> {
  const probes: Record<string, number> = {};
  for (let passed = 0; passed < milliseconds; passed += 50) {
    for (const id of watch.due()) {
      probes[id] = (probes[id] ?? 0) + 1;
      watch.begun(id);
      watch.ended(id);
    }
    clock.advance(50);
  }
  return probes;
}

describe('InstanceWatch', () => {
  it('should make an instance due at once, and then about every interval while it is asked for', () => {
    const watch = watchOf();
    const probes: number[] = [];
    for (let second = 0; second < 20; second += 1) {
      for (const name of ['a', 'a', 'a']) watch.note(nodeId(name));
      probes.push(pass(watch, 1000)['a'] ?? 0);
    }
    expect(probes.slice(0, 2)).toEqual([1, 1]);
    const all = probes.reduce((sum, count) => sum + count);
    expect(all).toBeGreaterThanOrEqual(10);
    expect(all).toBeLessThanOrEqual(12);
  });

  it('should drop what nobody has asked for in 10 s', () => {
    const watch = watchOf();
    watch.note(nodeId('a'));
    expect(pass(watch, 11_000)['a']).toBeGreaterThanOrEqual(5);
    expect(watch.size()).toBe(0);
    expect(pass(watch, 60_000)).toEqual({});
    watch.note(nodeId('a'));
    expect(watch.due(), 'at once when it is asked for again').toEqual(['a']);
  });

  it('should hold what a live subscription could contain until it ends, or does not contain it any more', () => {
    const watch = watchOf();
    const hold = watch.hold();
    for (const id of ['a', 'b']) hold.note(nodeId(id));
    hold.settle();
    pass(watch, 60_000);
    expect(watch.size()).toBe(2);
    hold.note(nodeId('b'));
    hold.settle();
    pass(watch, 11_000);
    expect(Object.keys(pass(watch, 2000))).toEqual(['b']);
    hold.release();
    pass(watch, 11_000);
    expect(watch.size()).toBe(0);
  });

  it('should hold for each subscription apart', () => {
    const watch = watchOf();
    const holds = [watch.hold(), watch.hold()];
    for (const hold of holds) {
      hold.note(nodeId('a'));
      hold.settle();
    }
    holds[0]?.release();
    holds[0]?.release();
    pass(watch, 60_000);
    expect(watch.size()).toBe(1);
    holds[1]?.release();
    pass(watch, 11_000);
    expect(watch.size()).toBe(0);
  });

  it('should spread those that were asked for together', () => {
    let seed = 0;
    const watch = watchOf({
      random: () => {
        seed = (seed + 0.618) % 1;
        return seed;
      },
    });
    for (let index = 0; index < 100; index += 1) watch.note(nodeId(`n${index}`));
    const hold = watch.hold();
    for (let index = 0; index < 100; index += 1) hold.note(nodeId(`n${index}`));
    hold.settle();
    expect(watch.due()).toHaveLength(100);
    pass(watch, 50);
    let most = 0;
    for (let tick = 0; tick < 200; tick += 1) most = Math.max(most, Object.keys(pass(watch, 50)).length);
    // 2.5 each on average.
    expect(most).toBeLessThanOrEqual(10);
  });

  it('should let more than the limit take turns, the longest due first, and say how long a turn takes', () => {
    const watch = watchOf({ maxInstances: 10 });
    const hold = watch.hold();
    for (let index = 0; index < 40; index += 1) hold.note(nodeId(`n${index}`));
    hold.settle();
    expect(watch.due(), 'no burst beyond the limit').toHaveLength(10);
    expect(watch.interval()).toBe(8000);
    pass(watch, 8000);
    const probes = pass(watch, 80_000);
    expect(Object.keys(probes)).toHaveLength(40);
    const counts = Object.values(probes);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(9);
    // 10 in 2 s are 400 in 80 s; an interval is up to a tenth shorter.
    expect(counts.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(450);
    expect(watchOf().interval()).toBe(2000);
  });

  it('should watch nothing at all where the limit is 0', () => {
    const watch = watchOf({ maxInstances: 0 });
    watch.note(nodeId('a'));
    const hold = watch.hold();
    hold.note(nodeId('a'));
    hold.settle();
    hold.release();
    expect(watch.due()).toEqual([]);
    expect(watch.size()).toBe(0);
    expect(watch.interval()).toBe(2000);
  });

  it('should say when an instance is due, and not hurry one that is being probed', () => {
    const watch = watchOf();
    const a = nodeId('a');
    expect(watch.dueIn(a)).toBeNull();
    watch.hurry(a);
    watch.note(a);
    expect(watch.dueIn(a)).toBe(0);
    watch.begun(a);
    watch.hurry(a);
    expect(watch.due()).toEqual([]);
    expect(watch.dueIn(a)).toBe(0);
    watch.ended(a);
    expect(watch.dueIn(a)).toBe(1000);
    watch.hurry(a);
    expect(watch.due()).toEqual([a]);
  });
});
