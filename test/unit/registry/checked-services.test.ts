import { expect, it, vi } from 'vitest';
import { CheckedServices } from '../../../src/registry/checked-services.ts';
import { toCursor } from '../../../src/registry/cursor.ts';
import type { NodeRecord } from '../../../src/registry/node-record.ts';
import { RegistryView } from '../../../src/registry/view.ts';
import { MemoryCatalog } from './fakes/memory-catalog.ts';
import { record } from './fakes/node-record.ts';

function over(...nodes: readonly NodeRecord[]) {
  const [view, catalog] = [new RegistryView(), new MemoryCatalog()];
  const define = vi.spyOn(catalog, 'define');
  const services = new CheckedServices(view, catalog);
  const load = (...these: readonly NodeRecord[]) => view.load(these, toCursor(these.length));
  load(...nodes);
  return { services, define, load };
}

it('should name the services of registered nodes, under the ids that they have in Consul, with what is to be probed', () => {
  const { services } = over(
    record('a'),
    record('b', { consulServiceId: 'effect-b-0f8fad5b' }),
    record('c', { state: 'REMOVED', consulServiceId: null }),
    record('d', { state: 'EXPIRED', consulServiceId: null }),
  );
  expect(services.all().map(({ id }) => id)).toEqual(['effect-a', 'effect-b-0f8fad5b']);
  expect(services.all()[0]?.check.kind).toBe('http');
});

it('should work out only what has changed', () => {
  const { services, define, load } = over(record('a'), record('b'));
  const [before] = services.all();
  const all = services.all();
  expect(services.all()).toBe(all);
  expect(define).toHaveBeenCalledTimes(2);
  load(record('a', { health: 'DEGRADED' }), record('b', { contentHash: 'another' }));
  expect(services.all()[0]).toBe(before);
  expect(define).toHaveBeenCalledTimes(3);
  load(record('a', { consulServiceId: 'effect-a-apart' }));
  expect(services.all().map(({ id }) => id)).toEqual(['effect-a-apart']);
});
