import { describe, expect, it } from 'vitest';
import { BackendError } from '../../src/errors.ts';
import { SharedClock } from '../../src/shared-clock.ts';

const NOON = 1_790_000_000_000;

/** A machine whose clocks the test sets, and a Postgres that takes some time to answer. */
function machine({ wall = NOON, postgres = NOON, roundTrip = 10 } = {}) {
  const state = { monotonic: 5000, wall, postgres, roundTrip, isAway: false };
  const steps: number[] = [];
  const clock = new SharedClock({
    ask: async () => {
      if (state.isAway) throw new BackendError('postgres', 'away');
      state.monotonic += state.roundTrip / 2;
      const time = state.postgres + state.monotonic - 5000;
      state.monotonic += state.roundTrip / 2;
      return time;
    },
    monotonic: () => state.monotonic,
    wall: () => state.wall,
    onStep: (milliseconds) => steps.push(milliseconds),
  });
  return { state, steps, clock };
}

describe('SharedClock', () => {
  it("should be the machine's until Postgres was asked", () => {
    const { clock, state } = machine({ postgres: NOON + 60_000 });
    state.monotonic += 250;
    expect(clock.now()).toBe(NOON + 250);
  });

  it("should be Postgres' from then on, and tell that it jumped", async () => {
    const { clock, steps, state } = machine({ wall: NOON - 3_600_000 });
    await clock.measure();
    expect(clock.now()).toBe(NOON + state.monotonic - 5000);
    expect(steps).toEqual([3_600_000]);
  });

  it("should take no notice when the machine's clock is set", async () => {
    const { clock, state, steps } = machine();
    await clock.measure();
    state.wall += 600_000;
    state.monotonic += 1000;
    await clock.measure();
    expect(clock.now()).toBe(NOON + state.monotonic - 5000);
    expect(steps).toEqual([]);
  });

  it('should not tremble within what a round trip leaves open, and follow beyond that without a fuss', async () => {
    const { clock, state, steps } = machine({ roundTrip: 40 });
    await clock.measure();
    const before = clock.now() - state.monotonic;
    state.postgres += 20;
    await clock.measure();
    expect(clock.now() - state.monotonic).toBe(before);
    state.postgres += 5;
    await clock.measure();
    expect(clock.now() - state.monotonic).toBe(before + 25);
    expect(steps).toEqual([]);
  });

  it('should go on while Postgres is away', async () => {
    const { clock, state } = machine({ wall: NOON - 5000 });
    await clock.measure();
    state.isAway = true;
    await expect(clock.measure()).rejects.toThrow('away');
    state.monotonic += 10_000;
    expect(clock.now()).toBe(NOON + state.monotonic - 5000);
  });
});
