import { describe, expect, it } from 'vitest';
import { bytesOf, type Wish, writesFor } from '../../../src/consul/catalog-writes.ts';
import type { StandingEntry } from '../../../src/consul/standing-entry.ts';
import { RefusedError, TakenError } from '../../../src/errors.ts';
import type { ServiceCheck, ServiceDefinition } from '../../../src/registry/ports.ts';

const CONFIG = {
  host: '127.0.0.1',
  port: 8500,
  token: null,
  secure: false,
  caFile: null,
  mode: 'catalog',
  virtualNodes: 200,
  probes: 'gateway',
  probeConcurrency: 1000,
  checkInterval: 30_000,
  checkTimeout: 10_000,
  successBeforePassing: 2,
  failuresBeforeCritical: 3,
  deregisterCriticalAfter: 90_000,
} as const;

const http: ServiceCheck = { kind: 'http', url: 'http://10.0.0.1/health' };

function service(check: ServiceCheck = http): ServiceDefinition {
  const meta = { node_id: 'a', registry_id: 'ours' };
  return { id: 'effect-a', name: 'effect-service', address: '10.0.0.1', port: 80, tags: ['omninode'], meta, check };
}

function wish(wanted: ServiceDefinition | null = service()): Wish {
  return { node: 'registry-ours-1', serviceId: 'effect-a', service: wanted, initial: 'passing' };
}

function standing(different: Partial<StandingEntry> = {}): StandingEntry {
  const check = {
    CheckID: 'service:effect-a',
    Status: 'passing',
    Output: 'fine',
    Name: 'HTTP check',
    Notes: '',
    ServiceID: 'effect-a',
    ModifyIndex: 8,
    Definition: {},
  };
  return { name: 'old-name', meta: service().meta, index: 7, check, ...different };
}

const writes = (wanted: Wish, entry: StandingEntry | null) => writesFor(wanted, entry, 'ours', CONFIG);

describe('writesFor', () => {
  it('should make a new service only where there is none, with its check as consul-esm reads it', () => {
    expect(writes(wish(), null)).toEqual([
      { service: { verb: 'cas', node: 'registry-ours-1', service: expect.objectContaining({ ID: 'effect-a', ModifyIndex: 0 }) } },
      {
        check: {
          verb: 'cas',
          check: {
            Node: 'registry-ours-1',
            CheckID: 'service:effect-a',
            Name: 'HTTP check',
            Notes: 'Registered by discovery-gateway, registry ours',
            ServiceID: 'effect-a',
            Status: 'passing',
            Output: '',
            Definition: {
              HTTP: 'http://10.0.0.1/health',
              DisableRedirects: true,
              Interval: '30000ms',
              Timeout: '10000ms',
              DeregisterCriticalServiceAfter: '90000ms',
            },
            ModifyIndex: 0,
          },
        },
      },
    ]);
  });

  it('should write over what it saw and nothing else, and keep what the check said last', () => {
    expect(writes(wish(), standing())).toMatchObject([
      { service: { verb: 'cas', service: { ModifyIndex: 7 } } },
      { check: { verb: 'cas', check: { ModifyIndex: 8, Status: 'passing', Output: 'fine' } } },
    ]);
    expect(writes({ ...wish(), initial: 'critical' }, standing())).toMatchObject([
      {},
      { check: { check: { Status: 'critical', Output: '' } } },
    ]);
  });

  it('should say how to reach a bare address, IPv6 included', () => {
    const target = (host: string) => writes(wish(service({ kind: 'tcp', host, port: 80 })), null)[1];
    expect(target('10.0.0.1')).toMatchObject({ check: { check: { Name: 'TCP check', Definition: { TCP: '10.0.0.1:80' } } } });
    expect(target('::1')).toMatchObject({ check: { check: { Definition: { TCP: '[::1]:80' } } } });
  });

  it('should take the check away where there is nothing to probe any more', () => {
    const unchecked = wish(service({ kind: 'none' }));
    expect(writes(unchecked, standing())[1]).toMatchObject({ check: { verb: 'delete-cas', check: { ModifyIndex: 8 } } });
    expect(writes(unchecked, null)).toHaveLength(1);
  });

  it('should remove what is its own, under the name that it has there, and nothing else', () => {
    expect(writes(wish(null), standing())).toEqual([
      { service: { verb: 'delete-cas', node: 'registry-ours-1', service: { ID: 'effect-a', Service: 'old-name', ModifyIndex: 7 } } },
    ]);
    expect(writes(wish(null), null)).toEqual([]);
    expect(writes(wish(null), standing({ meta: { registry_id: 'theirs' } }))).toEqual([]);
  });

  it('should refuse to overwrite what is somebody else’s', () => {
    expect(() => writes(wish(), standing({ meta: { registry_id: 'theirs' } }))).toThrow(TakenError);
    expect(() => writes(wish(), standing({ meta: {} }))).toThrow(/taken by a service that no registry owns/);
    const ofAnotherNode = () => writes(wish(), standing({ meta: { registry_id: 'ours', node_id: 'b' } }));
    expect(ofAnotherNode).toThrow(RefusedError);
    expect(ofAnotherNode).not.toThrow(TakenError);
    expect(ofAnotherNode).toThrow(/give this node another id/);
  });
});

it('should count at least the bytes that a wish has on the wire', () => {
  for (const wanted of [wish(), wish(null), wish({ ...service(), tags: ['ü"\n'.repeat(5000)] })]) {
    const wire = Buffer.byteLength(JSON.stringify(writes(wanted, wanted.service === null ? standing() : null)));
    expect(bytesOf(wanted)).toBeGreaterThanOrEqual(wire);
  }
});
