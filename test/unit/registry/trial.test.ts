import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProbedStatus } from '../../../src/registry/ports.ts';
import { afterProbe, successesNeeded, type Trial, UNTRIED } from '../../../src/registry/trial.ts';

const MINUTE = 60_000;
const WORDS = { '+': 'passing', '-': 'critical', '?': 'warning' } as const;

/** The trial after these probes, one every 2 s. */
function trialOf(probes: string, from: Trial = UNTRIED, start = 0): Trial {
  return [...probes].reduce((trial, probe, index) => {
    if (probe !== '+' && probe !== '-' && probe !== '?') throw new Error(`no probe: ${probe}`);
    return afterProbe(trial, WORDS[probe], start + 2000 * index);
  }, from);
}

describe('a trial', () => {
  it.each([
    ['', false],
    ['-', false],
    ['-+-', false],
    ['-+-+-+', false],
    ['-?-', false],
    ['--', true],
    ['+--', true],
    ['--+', true],
    ['--+-+', true],
    ['--?+?', true],
    ['--?+?+', false],
    ['--++', false],
    ['-----++', false],
    ['--++-', false],
    ['--++--', true],
    ['--++--+++', true],
    ['--++--++++', false],
    ['--++--+++-++++', false],
    ['--++--++++--+++++++', true],
    ['--++--++++--++++++++', false],
  ])('should after %j be out: %s', (probes, isOut) => {
    expect(trialOf(probes).isOut).toBe(isOut);
  });

  it('should want twice as many successes each further time, 16 at most', () => {
    let trial = UNTRIED;
    const needed: number[] = [];
    for (let time = 0; time < 6; time += 1) {
      trial = trialOf('--', trial);
      needed.push(successesNeeded(trial));
      trial = trialOf('+'.repeat(successesNeeded(trial)), trial);
      expect(trial.isOut).toBe(false);
    }
    expect(needed).toEqual([2, 4, 8, 16, 16, 16]);
  });

  it('should forget what was five minutes of good conduct ago, and nothing before', () => {
    const back = trialOf('--++');
    const at = back.backSince ?? Number.NaN;
    expect(afterProbe(back, 'passing', at + 5 * MINUTE - 1)).toMatchObject({ times: 1 });
    expect(afterProbe(back, 'passing', at + 5 * MINUTE)).toBe(UNTRIED);
  });

  it('should remember since when it fails: since the first failure that it has not recovered from', () => {
    expect(trialOf('+-').failingSince).toBe(2000);
    expect(trialOf('-+-').failingSince).toBe(4000);
    expect(trialOf('---+--').failingSince).toBe(0);
    expect(trialOf('--++').failingSince).toBeNull();
    expect(trialOf('-?').failingSince).toBeNull();
  });

  it('should after any probes be out only with two failures in a row behind it, and back only with two successes', () => {
    const probe = fc.constantFrom<ProbedStatus>('passing', 'warning', 'critical');
    fc.assert(
      fc.property(fc.array(probe, { maxLength: 60 }), (probes) => {
        let before = UNTRIED;
        for (const [index, status] of probes.entries()) {
          const after = afterProbe(before, status, 2000 * index);
          const [last, latest] = [probes[index - 1], status];
          if (after.isOut && !before.isOut && !(last === 'critical' && latest === 'critical')) return false;
          if (!after.isOut && before.isOut && latest !== 'passing') return false;
          if (after.isOut && after.failingSince === null) return false;
          if (after.isOut && after.successes >= successesNeeded(after)) return false;
          before = after;
        }
        return true;
      }),
    );
  });
});
