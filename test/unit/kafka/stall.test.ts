import { describe, expect, it } from 'vitest';
import { type GroupLook, Restarts, StallWatch } from '../../../src/kafka/stall.ts';

const PATIENCE = 30_000;
const FINE: GroupLook = { isMember: true, isBusy: false, missingTopics: [], lagging: new Map() };
const lagging = (partitions: Record<string, string>): GroupLook => ({ ...FINE, lagging: new Map(Object.entries(partitions)) });

/** What is said at looks 5 s apart. */
function verdicts(looks: readonly (GroupLook | 'unanswered')[]) {
  const watch = new StallWatch(PATIENCE);
  return looks.map((look, index) => {
    if (look !== 'unanswered') return watch.look(look, index * 5000);
    watch.reset();
    return null;
  });
}

const times = <T>(count: number, look: (index: number) => T) => Array.from({ length: count }, (_, index) => look(index));

describe('StallWatch', () => {
  it.each([
    ['is idle', () => FINE],
    ['gets on, however slowly', (index: number) => lagging({ '0 a': String(Math.floor(index / 5)) })],
    ['is behind in one partition after the other', (index: number) => lagging({ [`${index % 3} a`]: '7' })],
    ['works on a batch that waits or is slow', () => ({ ...lagging({ '0 a': '7' }), isBusy: true })],
    ['joins within a session', (index: number) => ({ ...FINE, isMember: index % 5 === 0 })],
    ['has no answer from Kafka now and then', (index: number) => (index % 6 === 5 ? ('unanswered' as const) : lagging({ '0 a': '7' }))],
  ])('should not mistake a consumer that %s for one that stands still', (_what, look) => {
    expect(verdicts(times(100, look)).filter((verdict) => verdict !== null)).toEqual([]);
  });

  it.each([
    ['no_progress', lagging({ '0 a': '7' })],
    ['not_member', { ...FINE, isMember: false }],
    ['topic_missing', { ...FINE, missingTopics: ['a'] }],
  ] as const)('should say %s when it has been so for the whole of the patience, not earlier', (reason, look) => {
    expect(verdicts(times(7, () => look))).toEqual([null, null, null, null, null, null, reason]);
  });

  it('should see one partition that stands still while the others get on', () => {
    expect(verdicts(times(7, (index) => lagging({ '0 a': '7', '1 a': String(index) }))).at(-1)).toBe('no_progress');
  });

  it('should begin anew when what was wrong has been right for one look', () => {
    const looks = [...times(6, () => lagging({ '0 a': '7' })), FINE, ...times(6, () => lagging({ '0 a': '7' }))];
    expect(verdicts(looks).filter((verdict) => verdict !== null)).toEqual([]);
  });
});

describe('Restarts', () => {
  it('should count them by why', () => {
    const restarts = new Restarts(PATIENCE, 0);
    restarts.restarted('crash', 1);
    restarts.restarted('no_progress', 2);
    restarts.restarted('crash', 3);
    expect([...restarts.counts()]).toEqual([
      ['crash', 2],
      ['no_progress', 1],
    ]);
  });

  it('should give up only after three in a row and three times the patience', () => {
    const quick = new Restarts(PATIENCE, 0);
    expect(times(90, (second) => quick.restarted('crash', second * 1000)).includes(true)).toBe(false);
    expect(quick.restarted('crash', 90_000)).toBe(true);
    const slow = new Restarts(PATIENCE, 0);
    expect([100_000, 200_000, 300_000].map((at) => slow.restarted('no_progress', at))).toEqual([false, false, true]);
  });

  it('should begin anew when the consumer worked, or when Kafka was away', () => {
    const restarts = new Restarts(PATIENCE, 0);
    restarts.restarted('crash', 50_000);
    restarts.restarted('crash', 80_000);
    restarts.excuse(85_000);
    expect([95_000, 120_000, 160_000, 175_000].map((at) => restarts.restarted('crash', at))).toEqual([false, false, false, true]);
  });
});
