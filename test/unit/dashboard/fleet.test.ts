import { expect, test } from 'vitest';
import { changeOf } from '../../../src/dashboard/fleet/change.ts';
import {
  applyEvents,
  beginSnapshot,
  EMPTY_FLEET,
  type Fleet,
  MARK_LASTS,
  withHistory,
  withNodes,
  withoutOldMarks,
} from '../../../src/dashboard/fleet/fleet.ts';
import { bookmark, changed, cursorOf, fleetNode, snapshotOf } from './fleet-node.ts';

const [a, b] = [fleetNode('a'), fleetNode('b')];

const ids = (fleet: Fleet) => [...fleet.nodes.keys()];
const cursors = (fleet: Fleet) => fleet.changes.map(({ cursor }) => Number(cursor));
const loaded = (): Fleet => applyEvents(beginSnapshot(EMPTY_FLEET, false), [snapshotOf(1, a), snapshotOf(2, b), bookmark(5)], 0);

test('is whole once the bookmark of the snapshot arrived', () => {
  const begun = applyEvents(beginSnapshot(EMPTY_FLEET, false), [snapshotOf(1, a)], 0);
  expect([begun.isWhole, ids(begun)]).toEqual([false, ['a']]);
  const whole = applyEvents(begun, [snapshotOf(2, b), bookmark(5)], 0);
  expect([whole.isWhole, ids(whole), whole.cursor]).toEqual([true, ['a', 'b'], cursorOf(5)]);
});

test('a snapshot tints no rows and is no line of the timeline', () => {
  expect(loaded().marks.size).toBe(0);
  expect(loaded().changes).toEqual([]);
});

test('a new node is marked as arrived, a known one as changed', () => {
  const fleet = applyEvents(
    loaded(),
    [changed(6, 'ADDED', fleetNode('c')), changed(7, 'HEALTH_CHANGED', { ...a, health: 'UNHEALTHY' })],
    100,
  );
  expect(fleet.marks.get('c')).toEqual({ kind: 'arrived', reason: 'startup', at: 100 });
  expect(fleet.marks.get('a')?.kind).toBe('changed');
  expect(fleet.nodes.get('a')?.health).toBe('UNHEALTHY');
  expect(cursors(fleet)).toEqual([6, 7]);
});

test('a node that leaves stays known, in the state in which it left', () => {
  const fleet = applyEvents(
    loaded(),
    [changed(6, 'REMOVED', { ...a, state: 'EXPIRED', stateReason: 'lease_expired' }, 'lease_expired')],
    100,
  );
  expect(fleet.nodes.get('a')?.state).toBe('EXPIRED');
  expect(fleet.marks.get('a')).toEqual({ kind: 'left', reason: 'lease_expired', at: 100 });
});

test('marks go when they have shown for long enough', () => {
  const fleet = applyEvents(loaded(), [changed(6, 'ADDED', fleetNode('c'))], 100);
  expect(withoutOldMarks(fleet, 100 + MARK_LASTS - 1)).toBe(fleet);
  expect(withoutOldMarks(fleet, 100 + MARK_LASTS).marks.size).toBe(0);
});

test('who is not in a second snapshot has left meanwhile, and nobody vanishes before it is whole', () => {
  const begun = applyEvents(beginSnapshot(loaded(), false), [snapshotOf(20, b)], 0);
  expect(ids(begun)).toEqual(['a', 'b']);
  expect(ids(applyEvents(begun, [bookmark(30)], 0))).toEqual(['b']);
});

test('a change amid a snapshot counts as part of it', () => {
  const begun = applyEvents(beginSnapshot(loaded(), false), [snapshotOf(20, b), changed(21, 'HEALTH_CHANGED', a), bookmark(30)], 0);
  expect(ids(begun)).toEqual(['a', 'b']);
});

test('lines from before a snapshot go where something is missing between', () => {
  const lines = applyEvents(loaded(), [changed(6, 'ADDED', fleetNode('c'))], 0);
  const later = applyEvents(beginSnapshot(lines, false), [snapshotOf(20, b), bookmark(30)], 0);
  expect(cursors(later)).toEqual([]);
  const nothingHappened = applyEvents(beginSnapshot(lines, false), [snapshotOf(6, b), bookmark(6)], 0);
  expect(cursors(nothingHappened)).toEqual([6]);
});

test('in another log no line of before stays', () => {
  const lines = applyEvents(loaded(), [changed(6, 'ADDED', fleetNode('c'))], 0);
  expect(cursors(beginSnapshot(lines, true))).toEqual([]);
});

test('history goes before the live lines, each line once', () => {
  const lines = applyEvents(loaded(), [changed(6, 'ADDED', a), changed(7, 'MODIFIED', a)], 0);
  const past = [changed(4, 'ADDED', a), changed(5, 'ADDED', b), changed(6, 'ADDED', a)].flatMap((event) => changeOf(event) ?? []);
  expect(cursors(withHistory(lines, past))).toEqual([4, 5, 6, 7]);
  expect(cursors(applyEvents(withHistory(loaded(), past), [changed(6, 'ADDED', a), changed(7, 'MODIFIED', a)], 0))).toEqual([4, 5, 6, 7]);
});

test('a node that was asked for does not undo what was heard since', () => {
  const fleet = applyEvents(loaded(), [changed(6, 'MODIFIED', { ...a, version: '2.0.0', cursor: cursorOf(6) })], 0);
  const asked = withNodes(fleet, [fleetNode('a', { version: '1.0.0', cursor: cursorOf(5) }), fleetNode('z', { state: 'REMOVED' })]);
  expect(asked.nodes.get('a')?.version).toBe('2.0.0');
  expect(asked.nodes.get('z')?.state).toBe('REMOVED');
});
