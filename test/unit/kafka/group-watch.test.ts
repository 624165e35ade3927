import { describe, expect, it } from 'vitest';
import type { GroupState, PartitionState } from '../../../src/kafka/group-look.ts';
import { lookOf } from '../../../src/kafka/group-watch.ts';
import { Progress, partitionKey } from '../../../src/kafka/progress.ts';

const partition = (index: number, more: Partial<PartitionState> = {}): PartitionState => ({
  key: partitionKey({ topic: 'a', partition: index }),
  topic: 'a',
  low: 0n,
  end: 10n,
  committed: 4n,
  ...more,
});

function look(
  partitions: readonly PartitionState[],
  more: { own?: readonly string[]; state?: Partial<GroupState>; paused?: string; isIn?: boolean; progress?: Progress } = {},
) {
  const own = new Set(more.own ?? partitions.map(({ key }) => key));
  const state = { memberIds: new Set(['me']), assigned: own, partitions, missingTopics: [], ...more.state };
  const member = { isIn: () => more.isIn ?? true, memberId: 'me', assigned: own };
  const progress = more.progress ?? new Progress(() => 0);
  return lookOf({ member, progress, isPaused: (topic) => topic === more.paused }, state, 5000);
}

describe('lookOf', () => {
  it('should count what was committed, and what was worked off and is not committed yet', () => {
    const progress = new Progress(() => 0);
    progress.reached('1 a', 10n);
    progress.reached('2 a', 7n);
    expect([...look([partition(0), partition(1), partition(2)], { progress }).lagging]).toEqual([
      ['0 a', '4'],
      ['2 a', '7'],
    ]);
  });

  it('should count from the start of what is still there where nothing was committed, or retention has passed it', () => {
    const partitions = [partition(0, { committed: null, low: 3n }), partition(1, { low: 6n }), partition(2, { low: 10n })];
    expect([...look(partitions).lagging]).toEqual([
      ['0 a', '3'],
      ['1 a', '6'],
    ]);
  });

  it('should leave alone what others work on, and see what nobody does, unless the group is just sharing out', () => {
    const partitions = [partition(0), partition(1), partition(2)];
    const assigned = new Set(['0 a', '1 a']);
    expect([...look(partitions, { own: ['0 a'], state: { assigned } }).lagging.keys()]).toEqual(['0 a', '2 a']);
    expect([...look(partitions, { own: ['0 a'], state: { assigned: null } }).lagging.keys()]).toEqual(['0 a']);
  });

  it('should see nothing wrong in topics that are paused', () => {
    expect(look([partition(0)], { paused: 'a' }).lagging.size).toBe(0);
  });

  it("should take Kafka's word for the membership, not the consumer's", () => {
    expect(look([]).isMember).toBe(true);
    expect(look([], { state: { memberIds: new Set(['somebody else']) } }).isMember).toBe(false);
    expect(look([], { isIn: false }).isMember).toBe(false);
  });

  it('should not call still what fails loudly and is tried again', () => {
    const progress = new Progress(() => 0);
    const before = look([partition(0)], { progress }).lagging.get('0 a');
    progress.failed('0 a');
    expect(look([partition(0)], { progress }).lagging.get('0 a')).not.toBe(before);
  });

  it('should call a batch busy that has been in work since the look before', () => {
    let now = 0;
    const progress = new Progress(() => now);
    progress.begun('0 a', { highWatermark: '10', firstOffset: () => '4' });
    now = 4999;
    expect(look([partition(0)], { progress }).isBusy).toBe(false);
    now = 5000;
    expect(look([partition(0)], { progress }).isBusy).toBe(true);
    progress.ended('0 a');
    expect(look([partition(0)], { progress }).isBusy).toBe(false);
  });
});
