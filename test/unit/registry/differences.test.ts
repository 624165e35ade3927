import { expect, it } from 'vitest';
import { define } from '../../../src/consul/service-definition.ts';
import { findDifferences } from '../../../src/registry/differences.ts';
import type { NodeRecord } from '../../../src/registry/node-record.ts';
import type { CatalogEntry } from '../../../src/registry/ports.ts';
import { record } from './fakes/node-record.ts';

const node = record('n-1', { address: '10.0.3.17', port: 8080, health: 'HEALTHY', checkStatus: 'passing', version: '1.4.2' });
const service = define(node, node.contentHash, 'registry-1');
const serviceName = service.name;
const whole: NodeRecord = { ...node, serviceName };

function entry(different: Partial<CatalogEntry> = {}): CatalogEntry {
  const { id, name, address, port, tags, meta } = service;
  const checks = [{ id: `service:${id}`, name: 'check', status: 'passing', output: '200 OK' } as const];
  return { id, name, address, port, tags, meta, node: 'agent', checks, ...different };
}

const between = (records: Parameters<typeof findDifferences>[2], of: NodeRecord = whole) => findDifferences(of, service, records);

it('should find nothing where all is well, whatever the order of tags', () => {
  expect(between({ postgres: whole, consul: entry({ tags: service.tags.toReversed() }) })).toEqual([]);
});

it('should find nothing where nothing was read', () => {
  expect(between({})).toEqual([]);
});

it.each([
  ['another port', { port: 8081 }, { field: 'port', gateway: '8080', postgres: '8080', consul: '8081' }],
  ['another address', { address: null }, { field: 'address', gateway: '10.0.3.17', postgres: '10.0.3.17', consul: null }],
  ['another name', { name: 'other' }, { field: 'serviceName', gateway: serviceName, postgres: serviceName, consul: 'other' }],
  ['other tags', { tags: ['mine'] }, { field: 'tags', gateway: service.tags.toSorted().join(', '), postgres: null, consul: 'mine' }],
  ['no checks', { checks: [] }, { field: 'checkStatus', gateway: 'passing', postgres: 'passing', consul: 'none' }],
])('should find %s in Consul', (_what, different, difference) => {
  expect(between({ postgres: whole, consul: entry(different) })).toEqual([difference]);
});

it('should take the worst of the checks for the one that counts', () => {
  const [check] = entry().checks;
  const checks = [...entry().checks, { ...check, id: 'maintenance', name: 'maintenance', output: '', status: 'critical' as const }];
  expect(between({ consul: entry({ checks }) })).toEqual([
    { field: 'checkStatus', gateway: 'passing', postgres: null, consul: 'critical' },
  ]);
});

it("should find another registry's mark, and another content", () => {
  const meta = { ...service.meta, registry_id: 'registry-2', content_hash: 'other' };
  expect(between({ consul: entry({ meta }) }).map(({ field }) => field)).toEqual(['contentHash', 'registryId']);
});

it.each([
  ['health', { health: 'UNKNOWN' as const }, 'UNKNOWN'],
  ['version', { version: null }, null],
  ['capabilities', { capabilities: ['b', 'a'] }, 'a, b'],
])('should find another %s in Postgres', (field, different, postgres) => {
  const found = between({ postgres: { ...whole, ...different }, consul: entry() });
  expect(found).toMatchObject([{ field, postgres }]);
});

it('should miss what is registered, in one or in both', () => {
  expect(between({ postgres: null, consul: entry() })).toMatchObject([{ field: 'state', postgres: null, consul: 'registered' }]);
  expect(between({ postgres: whole, consul: null })).toMatchObject([{ field: 'state', postgres: 'REGISTERED', consul: null }]);
});

it('should find the ghost of a node that left, and say no more of it', () => {
  const gone: NodeRecord = { ...whole, state: 'REMOVED' };
  expect(between({ postgres: gone, consul: null }, gone)).toEqual([]);
  expect(between({ postgres: gone, consul: entry({ port: 1 }) }, gone)).toEqual([
    { field: 'state', gateway: 'REMOVED', postgres: 'REMOVED', consul: 'registered' },
  ]);
});
