import { CombinedError } from '@urql/core';
import { expect, test } from 'vitest';
import type { NodeDetail } from '../../../src/dashboard/detail/node-question.ts';
import { recordRows } from '../../../src/dashboard/detail/record-rows.ts';
import type { ConsulService, StoredNode } from '../../../src/dashboard/detail/records-question.ts';
import { changeOf } from '../../../src/dashboard/fleet/change.ts';
import { changeFilter } from '../../../src/dashboard/fleet/change-filter.ts';
import { nearNames } from '../../../src/dashboard/fleet/near-names.ts';
import { faultOf, faultsByPath } from '../../../src/dashboard/gateway/fault.ts';
import { changed, fleetNode } from './fleet-node.ts';

const node: NodeDetail = {
  ...fleetNode('db-1'),
  instance: null,
  role: null,
  networkId: null,
  deploymentId: null,
  epoch: null,
  acknowledgedAt: null,
  leaseExpiresAt: null,
  consulServiceId: 'effect-db-1',
  contentHash: '0123456789abcdef',
  checkStatus: 'PASSING',
  checkOutput: null,
  reportedHealth: null,
  currentState: null,
  cpuPercent: null,
  memoryMb: null,
  memoryPercent: null,
  activeOperations: null,
  uptimeSeconds: null,
  endpoints: [],
  capabilityDetails: {},
  metadata: {},
  ejection: null,
};

const stored: StoredNode = {
  state: 'REGISTERED',
  health: 'HEALTHY',
  checkStatus: 'PASSING',
  serviceName: 'effect-service',
  address: '10.0.0.1',
  port: 8080,
  version: '1.0.0',
  capabilities: ['query'],
  contentHash: '0123456789abcdef',
  consulServiceId: 'effect-db-1',
  updatedAt: 0,
};

const consul: ConsulService = {
  id: 'effect-db-1',
  name: 'effect-service',
  node: 'agent',
  address: '10.0.0.1',
  port: 8081,
  tags: ['omninode', 'query'],
  meta: { content_hash: '0123456789abcdef', node_version: '1.0.0' },
  checks: [
    { id: 'a', status: 'PASSING', output: '' },
    { id: 'b', status: 'CRITICAL', output: '' },
  ],
};

const named = (name: string, rows: ReturnType<typeof recordRows>) => rows.find((row) => row.name === name);

test('marks what the gateway calls a difference', () => {
  const rows = recordRows(node, stored, consul, [{ field: 'port', gateway: '8080', postgres: '8080', consul: '8081' }]);
  expect(named('Port', rows)).toEqual({ name: 'Port', announced: '8080', postgres: '8080', consul: '8081', isDifferent: true });
  expect(rows.filter(({ isDifferent }) => isDifferent)).toHaveLength(1);
});

test('a difference without a row gets one of its own, first', () => {
  const [first] = recordRows(node, stored, consul, [{ field: 'somethingNew', gateway: 'a', postgres: null, consul: 'b' }]);
  expect(first).toEqual({ name: 'somethingNew', announced: 'a', postgres: null, consul: 'b', isDifferent: true });
});

test('the worst check counts, and a back end that holds nothing has no values', () => {
  expect(named('Health', recordRows(node, stored, consul, []))?.consul).toBe('check critical');
  expect(recordRows(node, null, null, []).every((row) => row.postgres === null && row.consul === null)).toBe(true);
});

test('near names share most of their letters, the nearest first', () => {
  expect(nearNames('geocoder-01', ['mailer-001', 'geocoder-002', 'geocoder-001'], 2)).toEqual(['geocoder-001', 'geocoder-002']);
  expect(nearNames('x', ['mailer-001'], 5)).toEqual([]);
});

test('a timeline shows what fits all conditions', () => {
  const lines = [
    changed(1, 'ADDED', fleetNode('db-1')),
    changed(2, 'REMOVED', fleetNode('mailer-1', { type: 'compute' }), 'lease_expired'),
  ].flatMap((event) => changeOf(event) ?? []);
  const shown = (filter: Partial<Parameters<typeof changeFilter>[0]>) =>
    lines.filter(changeFilter({ text: '', nodeTypes: [], changeTypes: [], ...filter })).map(({ nodeId }) => nodeId);
  expect(shown({})).toEqual(['db-1', 'mailer-1']);
  expect(shown({ text: 'lease ran out' })).toEqual(['mailer-1']);
  expect(shown({ changeTypes: ['ADDED'] })).toEqual(['db-1']);
  expect(shown({ nodeTypes: ['compute'], text: 'db' })).toEqual([]);
});

test('errors keep their codes, and belong to their fields', () => {
  const graphQLErrors = [
    { message: 'Consul does not answer', path: ['nodeById', 'records', 'consul'], extensions: { code: 'BACKEND_UNAVAILABLE' } },
  ];
  const error = new CombinedError({ graphQLErrors });
  expect(faultOf(error)).toMatchObject({ code: 'BACKEND_UNAVAILABLE', message: 'Consul does not answer' });
  expect([...faultsByPath(error).keys()]).toEqual(['nodeById.records.consul']);
});

test('close codes of the socket are errors of access, and the rest means that nobody answers', () => {
  const closed = (code: number) =>
    faultOf(new CombinedError({ networkError: Object.assign(new Error('closed'), { code, reason: 'Unauthorized' }) }));
  expect([4401, 4403, 1006].map((code) => closed(code).code)).toEqual(['UNAUTHENTICATED', 'FORBIDDEN', 'UNREACHABLE']);
});
