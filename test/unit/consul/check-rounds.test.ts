import { setMaxListeners } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { CheckRounds, type ProbedService } from '../../../src/consul/check-rounds.ts';
import { BackendError } from '../../../src/errors.ts';
import type { ObservedCheck, ProbedStatus, ServiceCheck } from '../../../src/registry/ports.ts';
import { recordedLog } from '../registry/fakes/recorded-log.ts';

const INTERVAL = 30_000;

const service = (id: string, path = 'health'): ProbedService => ({ id, check: { kind: 'http', url: `http://${id}/${path}` } });

const settled = () => new Promise((resolve) => setImmediate(resolve));

let stop = new AbortController();
afterEach(() => {
  stop.abort();
  stop = new AbortController();
});

/** Rounds on a clock of the test, over endpoints that answer what it says. */
function rounds({ concurrency = 100, self = 'me' } = {}) {
  // As the gateway's own signal: everything under way listens to it.
  setMaxListeners(0, stop.signal);
  const { log, lines } = recordedLog();
  const world = {
    now: 0,
    isOn: true,
    services: [] as ProbedService[],
    members: ['me'] as readonly string[],
    /** What a look at the services takes, milliseconds, and how many there were. */
    rollTakes: 0,
    rolls: 0,
    /** What is drawn next; then 0.5 each time. */
    random: [] as number[],
    /** What probes find, by service id; what is not in here passes. */
    found: new Map<string, ProbedStatus>(),
    inConsul: new Map<string, ProbedStatus>(),
    criticalFor: new Map<string, number>(),
    probed: [] as string[],
    written: [] as string[],
    removed: [] as string[],
    isConsulAway: false,
    holdProbes: null as Promise<void> | null,
  };
  const idOf = (check: ServiceCheck) => (check.kind === 'http' ? new URL(check.url).host : '');
  const work = new CheckRounds({
    isOn: () => world.isOn,
    services: () => {
      world.now += world.rollTakes;
      world.rolls += 1;
      return [...world.services];
    },
    members: () => world.members,
    self,
    probe: async (check): Promise<ObservedCheck> => {
      const id = idOf(check);
      world.probed.push(check.kind === 'http' ? check.url : id);
      await world.holdProbes;
      return { status: world.found.get(id) ?? 'passing', output: 'said the node' };
    },
    statusOf: (id) => world.inConsul.get(id) ?? 'passing',
    criticalFor: (id) => world.criticalFor.get(id) ?? null,
    write: async ({ id }, { status }) => {
      if (world.isConsulAway) throw new BackendError('consul', 'away');
      world.written.push(`${id} ${status}`);
      world.inConsul.set(id, status);
      return true;
    },
    remove: async ({ id }) => {
      world.removed.push(id);
      return true;
    },
    thresholds: { successBeforePassing: 2, failuresBeforeCritical: 3 },
    interval: INTERVAL,
    removeAfter: 90_000,
    concurrency,
    monotonic: () => world.now,
    random: () => world.random.shift() ?? 0.5,
    log,
  });
  /** Lets the time pass, in steps of a second. */
  const pass = async (milliseconds: number) => {
    for (let left = milliseconds; left > 0; left -= 1000) {
      world.now += Math.min(1000, left);
      work.step(stop.signal);
      await settled();
    }
  };
  return { world, work, pass, lines };
}

describe('CheckRounds', () => {
  it('should probe each once in an interval, the first time within a part of one', async () => {
    const { world, pass } = rounds();
    world.services = [service('a'), service('b')];
    await pass(1000);
    expect(world.probed).toEqual([]);
    await pass(INTERVAL);
    expect(world.probed.toSorted()).toEqual(['http://a/health', 'http://b/health']);
    await pass(3 * INTERVAL);
    expect(world.probed).toHaveLength(8);
  });

  it('should write nothing while nothing changes', async () => {
    const { world, pass } = rounds();
    world.services = [service('a'), { id: 'b', check: { kind: 'none' } }];
    await pass(10 * INTERVAL);
    expect(world.written).toEqual([]);
    expect(world.probed.every((url) => url === 'http://a/health')).toBe(true);
  });

  it('should write critical after three failures, and passing after two successes', async () => {
    const { world, pass } = rounds();
    world.services = [service('a')];
    world.found.set('a', 'critical');
    await pass(2 * INTERVAL);
    expect(world.written).toEqual([]);
    await pass(INTERVAL);
    expect(world.written).toEqual(['a critical']);
    world.found.set('a', 'passing');
    await pass(INTERVAL);
    expect(world.written).toHaveLength(1);
    await pass(INTERVAL);
    expect(world.written).toEqual(['a critical', 'a passing']);
  });

  it('should write what it found again where somebody else wrote another status', async () => {
    const { world, pass } = rounds();
    world.services = [service('a')];
    await pass(3 * INTERVAL);
    world.inConsul.set('a', 'critical');
    await pass(INTERVAL);
    expect(world.written).toEqual(['a passing']);
  });

  it('should try again at the next probe what could not be written', async () => {
    const { world, pass, lines } = rounds();
    world.services = [service('a')];
    world.found.set('a', 'critical');
    world.isConsulAway = true;
    await pass(4 * INTERVAL);
    expect(lines.some(({ msg }) => msg === 'could not write what a probe found')).toBe(true);
    world.isConsulAway = false;
    await pass(INTERVAL);
    expect(world.written).toEqual(['a critical']);
  });

  it('should remove what fails and has been critical for too long, and nothing that answers again', async () => {
    const { world, pass } = rounds();
    world.services = [service('a'), service('b')];
    for (const id of ['a', 'b']) world.inConsul.set(id, 'critical');
    world.found.set('a', 'critical');
    world.criticalFor.set('a', 89_000).set('b', 200_000);
    await pass(4 * INTERVAL);
    expect(world.removed).toEqual([]);
    world.criticalFor.set('a', 90_000);
    await pass(INTERVAL);
    expect(world.removed).toEqual(['a']);
  });

  it('should begin to count anew when a node announces another endpoint', async () => {
    const { world, pass } = rounds();
    world.services = [service('a')];
    world.found.set('a', 'critical');
    await pass(2 * INTERVAL);
    world.services = [service('a', 'other')];
    await pass(INTERVAL);
    expect(world.written).toEqual([]);
    expect(world.probed.at(-1)).toBe('http://a/other');
  });

  it('should not judge by an endpoint that was replaced while it was probed', async () => {
    const { world, pass } = rounds();
    world.services = [service('a')];
    world.found.set('a', 'critical');
    await pass(2 * INTERVAL);
    let release = () => {};
    world.holdProbes = new Promise((resolve) => {
      release = resolve;
    });
    await pass(INTERVAL);
    world.services = [service('a', 'other')];
    await pass(2000);
    release();
    world.holdProbes = null;
    await pass(1000);
    expect(world.written).toEqual([]);
  });

  it('should probe its own share alone, and all of it when the others go', async () => {
    const { world, work, pass } = rounds();
    world.services = Array.from({ length: 100 }, (_, n) => service(`n${n}`));
    world.members = ['me', 'you'];
    await pass(INTERVAL);
    expect(work.share()).toBeGreaterThan(20);
    expect(work.share()).toBeLessThan(80);
    expect(world.probed).toHaveLength(work.share());
    world.members = ['me'];
    world.probed = [];
    await pass(INTERVAL + 2000);
    expect(work.share()).toBe(100);
    expect(new Set(world.probed).size).toBe(100);
  });

  it('should never probe more at once than it may, and the longest due first', async () => {
    const { world, work, pass } = rounds({ concurrency: 3 });
    world.services = Array.from({ length: 10 }, (_, n) => service(`n${n}`));
    let release = () => {};
    world.holdProbes = new Promise((resolve) => {
      release = resolve;
    });
    await pass(INTERVAL);
    expect(world.probed).toHaveLength(3);
    release();
    world.holdProbes = null;
    await pass(5000);
    expect(new Set(world.probed).size).toBe(10);
    expect(work.share()).toBe(10);
  });

  it('should begin what is due within a tenth of a second one after the other, not all at once', async () => {
    const { world, work, pass } = rounds();
    world.services = Array.from({ length: 100 }, (_, n) => service(`n${n}`));
    world.random = Array.from({ length: 100 }, (_, n) => 0.5 + n / 100_000);
    await pass(15_990);
    const begun: number[] = [];
    for (let tick = 0; tick < 4; tick++) {
      const before = world.probed.length;
      world.now += 10;
      work.step(stop.signal);
      await settled();
      begun.push(world.probed.length - before);
    }
    // The first is due at 16,000 ms, and each 0.3 ms after the one before.
    expect(begun).toEqual([1, 33, 33, 33]);
  });

  it('should forget what left, and everything where it is somebody else who probes', async () => {
    const { world, work, pass } = rounds();
    world.services = [service('a'), service('b')];
    await pass(INTERVAL);
    world.services = [service('b')];
    await pass(1000);
    expect(work.share()).toBe(1);
    world.isOn = false;
    world.probed = [];
    await pass(2 * INTERVAL);
    expect([work.share(), world.probed]).toEqual([0, []]);
    world.isOn = true;
    await pass(2 * INTERVAL);
    expect([work.share(), world.probed]).toEqual([1, ['http://b/health']]);
  });

  it('should look at the services less often the longer it takes, but at once when a gateway comes or goes', async () => {
    const { world, work, pass } = rounds();
    world.services = Array.from({ length: 100 }, (_, n) => service(`n${n}`));
    await pass(10_000);
    expect(world.rolls).toBe(10);
    world.rollTakes = 100;
    await pass(1000);
    world.rolls = 0;
    await pass(20_000);
    expect(world.rolls).toBe(4);
    world.members = ['me', 'you'];
    await pass(1000);
    expect([world.rolls, work.share() < 80]).toEqual([5, true]);
  });

  it('should end with what is under way when the gateway stops', async () => {
    const { world, work, pass } = rounds();
    world.services = [service('a')];
    world.found.set('a', 'critical');
    world.holdProbes = new Promise(() => {});
    await pass(INTERVAL);
    stop.abort();
    await work.run(stop.signal);
    expect([world.written, work.share()]).toEqual([[], 0]);
  });
});
