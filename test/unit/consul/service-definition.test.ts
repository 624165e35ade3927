import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutText } from '../../../src/consul/cut-text.ts';
import { define, nodeIdIn } from '../../../src/consul/service-definition.ts';
import { serviceNameOf } from '../../../src/consul/service-name.ts';
import { nodeContent, nodeId } from './node-content.ts';

describe('serviceNameOf', () => {
  it('should prefer the announced name and write _ as -', () => {
    expect(serviceNameOf(nodeContent({ announcedServiceName: 'database_adapter' }))).toBe('database-adapter');
    expect(serviceNameOf(nodeContent({ type: 'runtime_host' }))).toBe('runtime-host-service');
  });

  it('should fall back to the type when nothing of the announced name is left', () => {
    expect(serviceNameOf(nodeContent({ announcedServiceName: '___' }))).toBe('effect-service');
  });

  it('should always be a DNS label', () => {
    fc.assert(
      fc.property(fc.option(fc.string({ unit: 'grapheme', maxLength: 120 }), { nil: null }), fc.string({ minLength: 1 }), (name, type) => {
        expect(serviceNameOf({ announcedServiceName: name, type })).toMatch(/^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/);
      }),
    );
  });
});

describe('define', () => {
  it('should tag the platform, the type, the version and each capability once', () => {
    const { tags } = define(nodeContent({ capabilities: ['bridge', 'read', 'write'] }), 'hash', 'registry');
    expect(tags).toEqual(['omninode', 'bridge', 'onex-v2.0', 'effect', '1.2.3', 'read', 'write']);
  });

  it('should mark node, content and owner in the meta and leave out what is unknown', () => {
    expect(define(nodeContent({ version: null }), 'hash', 'registry').meta).toEqual({
      node_id: 'db-1',
      node_type: 'effect',
      node_name: 'database adapter',
      capabilities: 'read,write',
      content_hash: 'hash',
      registry_id: 'registry',
    });
  });

  it('should cut the capability list after a whole name', () => {
    const capabilities = Array.from({ length: 100 }, (_, n) => `capability-${String(n).padStart(3, '0')}`);
    const { meta, tags } = define(nodeContent({ capabilities }), 'hash', 'registry');
    const kept = (meta['capabilities'] ?? '').split(',');
    expect(kept).toEqual(capabilities.slice(0, 34));
    expect(tags).toEqual(expect.arrayContaining(capabilities));
  });

  it('should keep every meta value within 512 bytes and the node id whole', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 600 });
    const node = fc.constantFrom('日'.repeat(255), '😀'.repeat(127), 'ü'.repeat(255), 'plain').map(nodeId);
    fc.assert(
      fc.property(node, text, text, fc.array(text, { maxLength: 5 }), (id, name, version, capabilities) => {
        const { meta } = define(nodeContent({ nodeId: id, name, version, capabilities }), 'hash', 'registry');
        for (const value of Object.values(meta)) expect(Buffer.byteLength(value)).toBeLessThanOrEqual(512);
        expect(Object.keys(meta).length).toBeLessThanOrEqual(64);
        expect(nodeIdIn(meta)).toBe(id);
      }),
    );
  });

  it('should check HTTP on the health endpoint', () => {
    const endpoints = [
      { name: 'api', url: 'http://10.0.0.1:80/' },
      { name: 'health', url: 'https://10.0.0.1:8443/health' },
    ];
    expect(define(nodeContent({ endpoints, address: '10.0.0.1', port: 80 }), 'hash', 'registry').check).toEqual({
      kind: 'http',
      url: 'https://10.0.0.1:8443/health',
    });
  });

  it('should check TCP where the health endpoint is not HTTP, and nothing where there is no port', () => {
    const endpoints = [{ name: 'health', url: 'grpc://10.0.0.1:9000' }];
    expect(define(nodeContent({ endpoints, address: '10.0.0.1', port: 9000 }), 'hash', 'registry').check).toEqual({
      kind: 'tcp',
      host: '10.0.0.1',
      port: 9000,
    });
    expect(define(nodeContent({ endpoints, address: '10.0.0.1' }), 'hash', 'registry').check).toEqual({ kind: 'none' });
  });
});

describe('cutText', () => {
  it('should count bytes and never halve a character', () => {
    expect(cutText('aüb', 2)).toBe('a');
    expect(cutText('😀😀', 7)).toBe('😀');
    expect(cutText('as it is', 100)).toBe('as it is');
  });
});
