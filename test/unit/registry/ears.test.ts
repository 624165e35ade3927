import { describe, expect, it } from 'vitest';
import { Ears } from '../../../src/registry/ears.ts';
import { FakeClock } from './fakes/clock.ts';

function setUp() {
  const clock = new FakeClock();
  const state = { canHear: true };
  const ears = new Ears({ canHear: () => state.canHear, now: clock.now, timeout: 90_000 });
  const start = clock.now();
  return { clock, state, ears, start };
}

describe('Ears', () => {
  it('should hear from the beginning', () => {
    const { clock, ears, start } = setUp();
    clock.advance(5000);
    expect(ears.hearing()).toEqual({ now: start + 5000, since: start, timeout: 90_000 });
  });

  it('should begin anew at every moment of deafness, and go on from the last of them', () => {
    const { clock, state, ears, start } = setUp();
    state.canHear = false;
    clock.advance(5000);
    expect(ears.hearing().since).toBe(start + 5000);
    clock.advance(5000);
    expect(ears.hearing().since).toBe(start + 10_000);
    state.canHear = true;
    clock.advance(5000);
    expect(ears.hearing().since).toBe(start + 10_000);
  });

  it('should begin anew when it is told so', () => {
    const { clock, ears, start } = setUp();
    clock.advance(7000);
    ears.open();
    clock.advance(1);
    expect(ears.hearing().since).toBe(start + 7000);
  });
});
