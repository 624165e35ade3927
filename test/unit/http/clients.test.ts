import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../src/config/limits.ts';
import { Clients } from '../../../src/http/clients.ts';

/** How many refusals in a row are told at once, each after so many bytes. */
function toldAtOnce(bytes: number): number {
  const clients = new Clients({ ...defaultLimits(), LIMIT_REFUSAL_RATE: 100 }, () => 0);
  let count = 0;
  while (count < 1000 && clients.waitAfterRefusal('a', bytes) === 0) count += 1;
  return count;
}

describe('a client that is refused', () => {
  it('should be told so at once twice as often as the rate says, after a pause', () => {
    expect(toldAtOnce(0)).toBe(200);
  });

  it('should wait the sooner the more has to be read of it, and never for the first', () => {
    expect(toldAtOnce(4000)).toBe(100);
    expect(toldAtOnce(80_000)).toBe(9);
    expect(toldAtOnce(1_000_000_000)).toBe(4);
  });

  it('should wait half a second or so, and again be told at once later', () => {
    let now = 0;
    const clients = new Clients({ ...defaultLimits(), LIMIT_REFUSAL_RATE: 1 }, () => now);
    expect([1, 2].map(() => clients.waitAfterRefusal('a', 0))).toEqual([0, 0]);
    for (let index = 0; index < 10; index++) {
      expect(clients.waitAfterRefusal('a', 1_000_000)).toBeGreaterThanOrEqual(250);
      expect(clients.waitAfterRefusal('a', 1_000_000)).toBeLessThanOrEqual(750);
    }
    expect(clients.waitAfterRefusal('b', 0)).toBe(0);
    now = 1000;
    expect(clients.waitAfterRefusal('a', 0)).toBe(0);
  });
});
