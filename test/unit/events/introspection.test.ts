import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../../src/events/json.ts';
import { announced, announcement, parse, rejected } from './message.ts';

describe('type', () => {
  it.each([
    ['EFFECT', 'effect'],
    ['Runtime_Host', 'runtime_host'],
    ['EFFECT_GENERIC', 'effect'],
    ['compute_generic', 'compute'],
    [' reducer ', 'reducer'],
    ['_GENERIC', '_generic'],
    ['anything else', 'anything else'],
    ['x'.repeat(100), 'x'.repeat(100)],
  ])('should be %s in lower case, without its suffix', (announcedType, type) => {
    expect(announced({ node_type: announcedType }).content.type).toBe(type);
  });

  it('should come from the first place that says it', () => {
    const places = (fields: JsonObject, envelope: JsonObject = {}) =>
      announcement(parse({ payload: { node_id: 'node-1', ...fields }, ...envelope })).content.type;
    const metadata = { node_type: 'in-metadata' };
    const capabilities = { node_type: 'in-capabilities' };
    const envelope = { node_type: 'in-envelope', metadata: { node_type: 'in-envelope-metadata' } };
    expect(places({ node_type: 'own', service_type: 'service', metadata, capabilities }, envelope)).toBe('own');
    expect(places({ node_type: null, service_type: 'service', metadata, capabilities }, envelope)).toBe('service');
    expect(places({ node_type: '', metadata, capabilities }, envelope)).toBe('in-envelope');
    expect(places({ metadata, capabilities }, { metadata: envelope.metadata })).toBe('in-envelope-metadata');
    expect(places({ metadata, capabilities })).toBe('in-metadata');
    expect(places({ capabilities })).toBe('in-capabilities');
    expect(places({ capabilities: { node_type: { of: 'node' } } })).toBe('unknown');
    expect(places({})).toBe('unknown');
  });

  it.each([['x'.repeat(101)], ['a\u0001b'], [5], [['effect']]])('should be rejected as INVALID_TYPE: %j', (type) => {
    expect(rejected({ node_type: type }).errorType).toBe('INVALID_TYPE');
    expect(rejected({ service_type: type }).errorType).toBe('INVALID_TYPE');
    expect(parse({ node_id: 'node-1', node_type: type }, 'heartbeat')).toMatchObject({ kind: 'rejection', errorType: 'INVALID_TYPE' });
  });
});

describe('version', () => {
  it.each([
    ['1.2.3', '1.2.3'],
    [2, '2'],
    [{ major: 1, minor: 2, patch: 3, prerelease: null, build: null }, '1.2.3'],
    [{ major: 1, minor: 0, patch: 0, prerelease: 'rc.1', build: '5f3' }, '1.0.0-rc.1+5f3'],
    [{ major: 1, minor: 0, patch: 0, prerelease: ['rc', 1], build: [] }, '1.0.0-rc.1'],
    [{ major: '3' }, '3.0.0'],
    [{ major: null, minor: null }, null],
    [{}, null],
    ['', null],
    [null, null],
  ])('should be read from %j', (version, expected) => {
    expect(announced({ node_version: version }).content.version).toBe(expected);
  });

  it('should come from the first place that says it', () => {
    const capabilities = { node_version: '3' };
    expect(announced({ node_version: '1', metadata: { version: '2' }, capabilities }).content.version).toBe('1');
    expect(announced({ metadata: { version: '2' }, capabilities }).content.version).toBe('2');
    expect(announced({ metadata: { version: { major: 2, minor: 1, patch: 0 } }, capabilities }).content.version).toBe('2.1.0');
    expect(announced({ metadata: { version: null, node_version: '2.5' }, capabilities }).content.version).toBe('2.5');
    expect(announced({ metadata: { version: ['no', 'version'] }, capabilities }).content.version).toBe('3');
  });

  it.each<Json>([{ major: -1 }, { major: 1.5 }, { major: 'one' }, { major: 1, minor: 'x' }, true, ['1.0.0']])(
    'should be rejected as INVALID_FIELD: %j',
    (version) => {
      expect(rejected({ node_version: version })).toMatchObject({
        errorType: 'INVALID_FIELD',
        reason: expect.stringContaining('node_version'),
      });
    },
  );
});

describe('reason', () => {
  it.each([
    [{}, 'startup'],
    [{ reason: null, metadata: {} }, 'startup'],
    [{ reason: 'CAPABILITY_CHANGE' }, 'capability_change'],
    [{ metadata: { broadcast_reason: 'Periodic' } }, 'periodic'],
    [{ reason: 'manual', metadata: { broadcast_reason: 'periodic' } }, 'manual'],
    [{ reason: 'because I say so' }, 'because i say so'],
  ])('should be read from %j', (fields, reason) => {
    expect(announced(fields).reason).toBe(reason);
  });

  it.each<JsonObject>([{ reason: 'shutdown' }, { reason: ' SHUTDOWN ' }, { metadata: { broadcast_reason: 'shutdown' } }])(
    'should be a goodbye, whatever else the message says: %j',
    (fields) => {
      const event = parse({ node_id: 'node-1', instance_id: 'i-2', epoch: 3, endpoints: { api: 'no URL' }, node_type: 5, ...fields });
      expect(event).toMatchObject({ kind: 'goodbye', nodeId: 'node-1', instance: 'i-2', reason: 'shutdown', said: { epoch: 3 } });
    },
  );
});

describe('content', () => {
  it('should name the service from the top level, else from the metadata', () => {
    expect(announced({ service_name: 'a', metadata: { service_name: 'b' } }).content.announcedServiceName).toBe('a');
    expect(announced({ metadata: { service_name: 'b' } }).content.announcedServiceName).toBe('b');
    expect(announced({ metadata: { service_name: ['b'] } }).content.announcedServiceName).toBeNull();
  });

  it('should take the environment from the envelope, else from the payload, else from the metadata', () => {
    const environmentOf = (payload: JsonObject, envelope: JsonObject = {}) =>
      announcement(parse({ payload: { node_id: 'node-1', ...payload }, ...envelope })).content.environment;
    expect(environmentOf({ environment: 'b', metadata: { environment: 'c' } }, { environment: 'a' })).toBe('a');
    expect(environmentOf({ environment: 'b', metadata: { environment: 'c' } })).toBe('b');
    expect(environmentOf({ metadata: { environment: 'c' } })).toBe('c');
    expect(environmentOf({})).toBeNull();
  });

  it('should take the place from the payload, else from the envelope', () => {
    const event = parse({ network_id: 'outer', deployment_id: 'outer', payload: { node_id: 'node-1', network_id: 'inner' } });
    expect(announcement(event).content).toMatchObject({ networkId: 'inner', deploymentId: 'outer' });
  });

  it('should take the instance of the payload, else of the sender, and none that is the node id', () => {
    const instanceOf = (payload: JsonObject) =>
      announcement(parse({ source_instance: 'sender', payload: { node_id: 'node-1', ...payload } })).content.instance;
    expect(instanceOf({ instance_id: 'i-1' })).toBe('i-1');
    expect(instanceOf({})).toBe('sender');
    expect(instanceOf({ instance_id: 'node-1' })).toBeNull();
    expect(announced({ instance_id: 'node-1' }).content.instance).toBeNull();
  });

  it('should keep unknown fields beside the announced metadata, which stands where both have a key', () => {
    const { metadata } = announced({ metadata: { region: 'eu', owner: 'a' }, owner: 'b', event_bus: null, custom: { x: [1] } }).content;
    expect(metadata).toEqual({ region: 'eu', owner: 'a', event_bus: null, custom: { x: [1] } });
    expect(announced({ metadata: 'free text' }).content.metadata).toEqual({ metadata: 'free text' });
  });

  it('should keep an alias that was not needed', () => {
    const fields = { node_type: 'effect', service_type: 'x', endpoints: { api: 'http://a:1' }, service_url: 'http://b:1' };
    expect(announced(fields).content.metadata).toEqual({ service_type: 'x', service_url: 'http://b:1' });
    expect(announced({ service_type: 'x', service_url: 'http://b:1' }).content.metadata).toEqual({});
  });
});

describe('state', () => {
  it.each([
    [{ current_state: { health_status: 'Degraded' }, health_status: 'healthy' }, 'degraded'],
    [{ current_state: { health_status: 'fine' }, health_status: 'CRITICAL' }, 'critical'],
    [{ current_state: 'unhealthy' }, null],
    [{ health_status: 'recovering' }, 'recovering'],
    [{ health_status: 'unhealthy' }, 'unhealthy'],
    [{ health_status: 'so so' }, null],
    [{ health_status: 5 }, null],
    [{}, null],
  ])('should report the health in %j', (fields, health) => {
    expect(announced(fields).reportedHealth).toBe(health);
  });

  it('should be kept as announced', () => {
    expect(announced({ current_state: 'ready' }).currentState).toBe('ready');
    expect(announced({ current_state: { a: [1] } }).currentState).toEqual({ a: [1] });
    expect(announced({}).currentState).toBeNull();
  });

  it.each([
    [{ configuration: { node_ttl_hours: 0.5 } }, 1800],
    [{ metadata: { configuration: { node_ttl_hours: 2 } } }, 7200],
    [{ configuration: { node_ttl_hours: 0 } }, null],
    [{ configuration: { node_ttl_hours: -1 } }, null],
    [{ configuration: { node_ttl_hours: '2' } }, null],
    [{ configuration: 'none' }, null],
  ])('should give the lease of %j', (fields, seconds) => {
    expect(announced(fields).leaseSeconds).toBe(seconds);
  });
});
