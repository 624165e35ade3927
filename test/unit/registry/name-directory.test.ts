import { describe, expect, it } from 'vitest';
import { NameDirectory } from '../../../src/registry/name-directory.ts';
import type { NodeRecord } from '../../../src/registry/node-record.ts';
import { record } from './fakes/node-record.ts';

function directoryOf(...nodes: readonly NodeRecord[]): NameDirectory {
  const directory = new NameDirectory();
  for (const node of nodes) directory.add(node);
  return directory;
}

const capable = record('capable', { capabilities: ['Cache'], serviceName: 'x', name: 'y', type: 'z' });
const served = record('served', { capabilities: [], serviceName: 'cache-service', name: null, type: 'z' });
const named = record('named', { capabilities: [], serviceName: 'x', name: 'CACHE', type: 'z' });
const typed = record('typed', { capabilities: [], serviceName: 'x', name: null, type: 'cache' });

function match(directory: NameDirectory, name: string) {
  const { kinds, nodes } = directory.match(name);
  return { kinds, nodes: [...nodes].sort() };
}

describe('a name', () => {
  it('should be that of a capability where there is one, and of nothing else then', () => {
    expect(match(directoryOf(capable, served, named, typed), 'CACHE')).toEqual({ kinds: ['CAPABILITY'], nodes: ['capable'] });
  });

  it('should else be that of services, nodes and types together', () => {
    expect(match(directoryOf(served, named, typed), 'cache')).toEqual({
      kinds: ['SERVICE_NAME', 'NODE_NAME', 'NODE_TYPE'],
      nodes: ['named', 'served', 'typed'],
    });
  });

  it('should lose -service as that of a service only', () => {
    expect(match(directoryOf(capable, served, named, typed), 'cache_service')).toEqual({ kinds: ['SERVICE_NAME'], nodes: ['served'] });
  });

  it('should be that of a service whose name is one -service longer, wherever it ends', () => {
    const doubled = record('a', { serviceName: 'x-service-service' });
    expect(match(directoryOf(doubled), 'x-service').nodes).toEqual(['a']);
    expect(match(directoryOf(doubled), 'x').nodes).toEqual([]);
  });

  it('should be nobody’s when nobody has it', () => {
    expect(match(directoryOf(capable), 'none')).toEqual({ kinds: [], nodes: [] });
    expect(match(directoryOf(capable), '-service').nodes).toEqual([]);
  });
});

it('should know who has a name in any way, of one or several', () => {
  const directory = directoryOf(capable, served, named, typed);
  expect([...directory.any('cache')].sort()).toEqual(['capable', 'named', 'served', 'typed']);
  expect([...directory.any('y', 'cache-service')].sort()).toEqual(['capable', 'served']);
  expect(directory.has('cache', served.nodeId)).toBe(true);
  expect(directory.has('y', served.nodeId)).toBe(false);
});

it('should forget a node under all of its names', () => {
  const directory = directoryOf(capable, served);
  directory.remove(served);
  expect(match(directory, 'cache-service').nodes).toEqual([]);
  expect([...directory.any('z')]).toEqual(['capable']);
});
