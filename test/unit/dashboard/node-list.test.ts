import { expect, test } from 'vitest';
import { matrix } from '../../../src/dashboard/fleet/matrix.ts';
import { NO_FILTER, type NodeFilter, nodeFilter, placeOf } from '../../../src/dashboard/fleet/node-filter.ts';
import { type NodeOrder, sortNodes } from '../../../src/dashboard/fleet/node-order.ts';
import { tally } from '../../../src/dashboard/fleet/tally.ts';
import { fleetNode } from './fleet-node.ts';

const fleet = [
  fleetNode('db-10', { type: 'effect', serviceName: 'database-adapter', capabilities: ['query', 'postgres'], lastSeenAt: 30 }),
  fleetNode('db-2', { type: 'effect', health: 'UNHEALTHY', capabilities: ['query'], lastSeenAt: 10 }),
  fleetNode('mailer', { type: 'compute', state: 'EXPIRED', capabilities: ['email'], name: 'Sends Mail', lastSeenAt: 20 }),
];

const shown = (filter: Partial<NodeFilter>) => fleet.filter(nodeFilter({ ...NO_FILTER, ...filter })).map(({ nodeId }) => nodeId);
const sorted = (order: NodeOrder) => sortNodes([...fleet], order).map(({ nodeId }) => nodeId);

test('all words of a text must be found, in whichever field', () => {
  expect(shown({ text: 'DATABASE 10' })).toEqual(['db-10']);
  expect(shown({ text: 'sends' })).toEqual(['mailer']);
  expect(shown({ text: '10.0.0.1:8080' })).toHaveLength(3);
  expect(shown({ text: 'postgres email' })).toEqual([]);
});

test('all conditions must hold: all of the capabilities, any of the others', () => {
  expect(shown({ capabilities: ['query', 'postgres'] })).toEqual(['db-10']);
  expect(shown({ types: ['effect', 'compute'], health: ['UNHEALTHY'] })).toEqual(['db-2']);
  expect(shown({ states: ['EXPIRED', 'REMOVED'] })).toEqual(['mailer']);
});

test('sorts numbers in names as numbers, and equals by their id', () => {
  expect(sorted({ column: 'node', isDescending: false })).toEqual(['db-2', 'db-10', 'mailer']);
  expect(sorted({ column: 'type', isDescending: false })).toEqual(['mailer', 'db-2', 'db-10']);
  expect(sorted({ column: 'lastSeen', isDescending: true })).toEqual(['db-10', 'mailer', 'db-2']);
});

test('what needs a look comes first', () => {
  expect(sorted({ column: 'health', isDescending: false })[0]).toBe('db-2');
});

test('counts the registered ones alone', () => {
  const { registered, health, types } = tally(fleet);
  expect(registered).toBe(2);
  expect(health).toEqual({ HEALTHY: 1, DEGRADED: 0, UNHEALTHY: 1, UNKNOWN: 0 });
  expect(types.map(({ type, nodes }) => [type, nodes])).toEqual([['effect', 2]]);
});

test('the matrix has the types and capabilities of registered nodes', () => {
  const { types, capabilities, cell } = matrix(fleet);
  expect([types, capabilities]).toEqual([['effect'], ['postgres', 'query']]);
  expect(cell('effect', 'query')).toEqual({ nodes: 2, healthy: 1 });
  expect(cell('effect', 'email')).toBeNull();
});

test('writes addresses as one does', () => {
  expect(placeOf('::1', 80)).toBe('[::1]:80');
  expect(placeOf('host', null)).toBe('host');
  expect(placeOf(null, 80)).toBeNull();
});
