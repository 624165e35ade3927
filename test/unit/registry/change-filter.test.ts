import { describe, expect, it } from 'vitest';
import type { Change, ChangeFilter, NewChange } from '../../../src/registry/change.ts';
import { bookmark, changeView, nodeCondition, snapshotOf } from '../../../src/registry/change-filter.ts';
import { toCursor } from '../../../src/registry/cursor.ts';
import { T0 } from './fakes/messages.ts';
import { change, record } from './fakes/node-record.ts';

const node = record('a', { type: 'effect', capabilities: ['Image_Resize', 'ping'] });
const image = ({ type, capabilities }: { type: string; capabilities: readonly string[] }) => ({ type, capabilities });

function entry(different: Partial<NewChange> = {}): Change {
  return { ...change(node, different), cursor: toCursor(7) };
}

function seen(filter: ChangeFilter | null, logged: Change) {
  const event = changeView(filter)(logged);
  return event === null ? null : { type: event.type, reason: event.reason };
}

describe('nodeCondition', () => {
  it.each<[ChangeFilter | null, boolean]>([
    [null, true],
    [{}, true],
    [{ nodeIds: null, nodeTypes: null, anyCapability: null }, true],
    [{ nodeIds: ['x', 'a'] }, true],
    [{ nodeIds: ['A'] }, false],
    [{ nodeTypes: ['EFFECT'] }, true],
    [{ nodeTypes: ['reducer'] }, false],
    [{ anyCapability: ['nothing', 'image-resize'] }, true],
    [{ anyCapability: ['image'] }, false],
    [{ nodeIds: ['a'], nodeTypes: ['reducer'] }, false],
    [{ nodeIds: ['a'], nodeTypes: ['effect'], anyCapability: ['PING'] }, true],
    [{ nodeIds: [] }, false],
    [{ anyCapability: [] }, false],
  ])('should for %j say %s', (filter, expected) => {
    expect(nodeCondition(filter)('a', node)).toBe(expected);
  });
});

describe('changeView', () => {
  it('should show an entry as it is to whom no filter hides it', () => {
    const logged = entry({ reason: 'startup', correlationId: 'c', operator: 'o', changedFields: ['name'] });
    expect(changeView(null)(logged)).toEqual(logged);
  });

  it('should hide what never matched', () => {
    expect(seen({ nodeTypes: ['reducer'] }, entry())).toBeNull();
    expect(seen({ nodeTypes: ['reducer'] }, entry({ type: 'MODIFIED', before: image(node) }))).toBeNull();
  });

  it('should show a node that starts to match as ADDED', () => {
    const before = image(record('a', { capabilities: ['other'] }));
    expect(seen({ anyCapability: ['ping'] }, entry({ type: 'MODIFIED', before, reason: 'capability_change' }))).toEqual({
      type: 'ADDED',
      reason: 'capability_change',
    });
  });

  it('should show a node that stops matching once more, as REMOVED with reason filter', () => {
    const before = image(record('a', { capabilities: ['gone'] }));
    expect(seen({ anyCapability: ['gone'] }, entry({ type: 'MODIFIED', before, reason: 'capability_change' }))).toEqual({
      type: 'REMOVED',
      reason: 'filter',
    });
  });

  it('should notice a changed type as well', () => {
    const before = image(record('a', { type: 'reducer' }));
    expect(seen({ nodeTypes: ['reducer'] }, entry({ type: 'MODIFIED', before }))).toEqual({ type: 'REMOVED', reason: 'filter' });
    expect(seen({ nodeTypes: ['effect'] }, entry({ type: 'MODIFIED', before }))?.type).toBe('ADDED');
  });

  it.each(['MODIFIED', 'HEALTH_CHANGED'] as const)('should leave %s of a node that matched before and after', (type) => {
    expect(seen({ anyCapability: ['ping'] }, entry({ type, before: image(node) }))?.type).toBe(type);
  });

  it.each(['lease_expired', 'consul_critical', 'shutdown', 'operator'])('should keep the reason %s of a real removal', (reason) => {
    expect(seen({ anyCapability: ['ping'] }, entry({ type: 'REMOVED', before: image(node), reason }))).toEqual({ type: 'REMOVED', reason });
  });

  it('should apply changeTypes to what the subscriber would see, not to what the log says', () => {
    const before = image(record('a', { capabilities: ['gone'] }));
    const left = entry({ type: 'MODIFIED', before });
    expect(seen({ anyCapability: ['gone'], changeTypes: ['MODIFIED'] }, left)).toBeNull();
    expect(seen({ anyCapability: ['gone'], changeTypes: ['REMOVED'] }, left)?.type).toBe('REMOVED');
    expect(seen({ anyCapability: ['ping'], changeTypes: ['ADDED'] }, left)?.type).toBe('ADDED');
  });
});

describe('bookmark', () => {
  it('should carry nothing but its position', () => {
    expect(bookmark(toCursor(9), T0)).toEqual({
      cursor: 9,
      type: 'BOOKMARK',
      nodeId: null,
      node: null,
      reason: null,
      changedFields: [],
      correlationId: null,
      operator: null,
      occurredAt: T0,
    });
  });
});

describe('snapshotOf', () => {
  it('should carry the cursor and the time of the latest change of the node', () => {
    const stored = record('a', { cursor: toCursor(5), updatedAt: T0 + 3 });
    expect(snapshotOf(stored)).toMatchObject({ cursor: 5, type: 'SNAPSHOT', nodeId: 'a', node: stored, reason: null, occurredAt: T0 + 3 });
  });
});
