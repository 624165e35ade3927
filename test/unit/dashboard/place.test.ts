import { expect, test } from 'vitest';
import {
  linkTo,
  listOf,
  printList,
  printNodeOrder,
  printPlace,
  readChangeTypes,
  readNodeFilter,
  readNodeOrder,
  readPlace,
  toggled,
  withSettings,
} from '../../../src/dashboard/place/place.ts';

const settings = (text: string) => new URLSearchParams(text);

test('reads what it prints', () => {
  for (const hash of ['#/overview', '#/nodes', '#/nodes/a%2Fb?type=effect&q=db', '#/timeline?change=ADDED']) {
    expect(printPlace(readPlace(hash))).toBe(hash);
  }
});

test('what is no place leads to the overview', () => {
  for (const hash of ['', '#', '#/', '#/nowhere', '#nodes']) expect(readPlace(hash).view).toBe('overview');
});

test('a chosen name may hold anything', () => {
  const name = 'weird/id?with #all & 100 %';
  expect(readPlace(linkTo('nodes', name)).chosen).toBe(name);
  expect(readPlace('#/nodes/100%').chosen).toBe('100%');
});

test('blank settings are left out of a link, and taken out of a place', () => {
  expect(linkTo('nodes', null, { type: 'effect', q: '' })).toBe('#/nodes?type=effect');
  expect(printPlace(withSettings(readPlace('#/nodes?q=db&type=effect'), { q: '', sort: '-node' }))).toBe('#/nodes?type=effect&sort=-node');
});

test('a list keeps commas and percent signs of its values', () => {
  const values = ['a,b', '100%', 'plain', 'c%2Cd'];
  expect(listOf(new URLSearchParams({ type: printList(values) }), 'type')).toEqual(values);
});

test('without a state it shows the registered nodes, with "any" all', () => {
  expect(readNodeFilter(settings('')).states).toEqual(['REGISTERED']);
  expect(readNodeFilter(settings('state=any')).states).toEqual([]);
  expect(readNodeFilter(settings('state=EXPIRED,REMOVED')).states).toEqual(['EXPIRED', 'REMOVED']);
  expect(readNodeFilter(settings('state=NONSENSE')).states).toEqual(['REGISTERED']);
});

test('reads every condition of a filter', () => {
  expect(readNodeFilter(settings('q=db%20x&type=effect,compute&capability=query&health=HEALTHY,WRONG'))).toEqual({
    text: 'db x',
    types: ['effect', 'compute'],
    capabilities: ['query'],
    health: ['HEALTHY'],
    states: ['REGISTERED'],
  });
});

test('an order stands in the URL with its direction, and is left out where it is the usual one', () => {
  expect(readNodeOrder(settings('sort=-lastSeen'))).toEqual({ column: 'lastSeen', isDescending: true });
  expect(readNodeOrder(settings('sort=nonsense'))).toEqual({ column: 'node', isDescending: false });
  expect(printNodeOrder({ column: 'lastSeen', isDescending: true })).toBe('-lastSeen');
  expect(printNodeOrder({ column: 'node', isDescending: false })).toBe('');
});

test('reads types of changes, and no others', () => {
  expect(readChangeTypes(settings('change=ADDED,BOOKMARK,REMOVED'))).toEqual(['ADDED', 'REMOVED']);
});

test('toggling takes a value in, and out again', () => {
  expect(toggled(['a'], 'b')).toEqual(['a', 'b']);
  expect(toggled(['a', 'b'], 'a')).toEqual(['b']);
});
