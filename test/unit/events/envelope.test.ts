import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/events/json.ts';
import { parseMessage } from '../../../src/events/parse-message.ts';
import { announcement, bytes, KEPT_AT_MICROS, message, parse, rejection } from './message.ts';

const payload: JsonObject = { node_id: 'node-1', node_type: 'compute', timestamp: '2026-11-24T10:00:00Z', capabilities: ['read'] };
const micros = (iso: string) => Date.parse(iso) * 1000;

describe('envelope', () => {
  it('should take a legacy envelope of four keys', () => {
    const event = announcement(parse({ event_type: 'NODE_INTROSPECTION', event_id: 'e', timestamp: '2026-11-24T11:00:00Z', payload }));
    expect(event.content).toMatchObject({ nodeId: 'node-1', type: 'compute', capabilities: ['read'] });
    expect(event.said).toEqual({ epoch: null, time: micros('2026-11-24T11:00:00Z'), payloadTime: micros('2026-11-24T10:00:00Z') });
  });

  it('should take an envelope that is nothing but a payload', () => {
    expect(announcement(parse({ payload })).content.nodeId).toBe('node-1');
  });

  it('should prefer the event time over other times of the envelope, and the envelope time over that', () => {
    const times = { timestamp: '2026-11-24T13:00:00Z', event_timestamp: '2026-11-24T12:00:00Z' };
    expect(announcement(parse({ payload, ...times })).said.time).toBe(micros('2026-11-24T12:00:00Z'));
    expect(announcement(parse({ payload, ...times, envelope_timestamp: '2026-11-24T11:00:00Z' })).said.time).toBe(
      micros('2026-11-24T11:00:00Z'),
    );
  });

  it('should take the aliases of a platform envelope', () => {
    const { node_id, ...anonymous } = payload;
    const event = announcement(
      parse({ envelope_id: 'e', entity_id: node_id ?? null, emitted_at: '2026-11-24T11:00:00Z', correlation_id: 'c', payload: anonymous }),
    );
    expect(event.content.nodeId).toBe('node-1');
    expect(event.said.time).toBe(micros('2026-11-24T11:00:00Z'));
    expect(event.correlationId).toBe('c');
  });

  it('should never take the sender of a legacy envelope for the node', () => {
    const { node_id, ...anonymous } = payload;
    const senders = { source_node_id: 'bridge', source_node: 'bridge', source_instance: 'bridge', partition_key: 'bridge' };
    expect(rejection(parse({ event_type: 'NODE_INTROSPECTION', ...senders, payload: anonymous })).errorType).toBe('INVALID_NODE_ID');
    expect(rejection(parseMessage(message(anonymous, { key: bytes('node-1') }), 'introspection')).errorType).toBe('INVALID_NODE_ID');
  });

  it('should take an IntrospectionEnvelope, whose own fields stand above those of its data', () => {
    const event = announcement(
      parse({
        node_id: 'node-1',
        node_type: 'REDUCER',
        timestamp: '2026-11-24T11:00:00Z',
        reason: 'manual',
        correlation_id: 'c',
        network_id: 'net',
        deployment_id: 'dep',
        epoch: 4,
        data: { node_type: 'x', service_name: 'orders', capabilities: { read: true }, timestamp: '2026-11-24T10:00:00Z', extra: 1 },
      }),
    );
    expect(event).toMatchObject({ reason: 'manual', correlationId: 'c' });
    expect(event.content).toMatchObject({
      nodeId: 'node-1',
      type: 'reducer',
      announcedServiceName: 'orders',
      capabilities: ['read'],
      networkId: 'net',
      deploymentId: 'dep',
      metadata: { extra: 1 },
    });
    expect(event.said).toEqual({ epoch: 4, time: micros('2026-11-24T11:00:00Z'), payloadTime: micros('2026-11-24T10:00:00Z') });
  });

  it('should let the data speak where the IntrospectionEnvelope says null', () => {
    const event = announcement(parse({ node_id: 'node-1', reason: null, epoch: null, data: { reason: 'manual', epoch: 2 } }));
    expect(event).toMatchObject({ reason: 'manual', said: { epoch: 2 } });
  });

  it('should take an IntrospectionEnvelope inside of a platform envelope', () => {
    const inner = { node_id: 'node-1', reason: 'shutdown', timestamp: '2026-11-24T10:00:00Z', data: { capabilities: ['read'] } };
    const event = parse({ envelope_id: 'e', envelope_timestamp: '2026-11-24T11:00:00Z', payload: inner });
    expect(event).toMatchObject({
      kind: 'goodbye',
      said: { time: micros('2026-11-24T11:00:00Z'), payloadTime: micros('2026-11-24T10:00:00Z') },
    });
  });

  it('should not take a free data field of a whole payload for its content', () => {
    const event = announcement(parse({ ...payload, data: { reason: 'shutdown', service_name: 'orders' } }));
    expect(event.reason).toBe('startup');
    expect(event.content.announcedServiceName).toBe('orders');
    expect(event.content.metadata).toEqual({ data: { reason: 'shutdown', service_name: 'orders' } });
  });

  it('should read camelCase everywhere', () => {
    const event = announcement(
      parse({
        eventType: 'NODE_INTROSPECTION',
        eventTimestamp: '2026-11-24T11:00:00Z',
        sourceInstance: 'instance-2',
        payload: {
          nodeId: 'node-1',
          nodeName: 'orders',
          nodeType: 'EFFECT_GENERIC',
          nodeVersion: { major: 2, minor: 1, patch: 0 },
          nodeRole: 'writer',
          serviceName: 'order-service',
          networkId: 'net',
          deploymentId: 'dep',
          correlationId: 'c',
          introspectionTimestamp: '2026-11-24T10:00:00Z',
          currentState: { healthStatus: 'DEGRADED' },
          declaredCapabilities: { write: true },
          contractCapabilities: { capabilityTags: ['tag'], intentTypes: ['intent'], protocols: ['grpc'] },
          serviceUrl: 'http://orders:8080',
          metadata: { broadcastReason: 'MANUAL' },
          configuration: { nodeTtlHours: 2 },
        },
      }),
    );
    expect(event).toMatchObject({ reason: 'manual', correlationId: 'c', reportedHealth: 'degraded', leaseSeconds: 7200 });
    expect(event.content).toMatchObject({
      nodeId: 'node-1',
      instance: 'instance-2',
      type: 'effect',
      name: 'orders',
      role: 'writer',
      version: '2.1.0',
      announcedServiceName: 'order-service',
      capabilities: ['grpc', 'intent', 'tag', 'write'],
      endpoints: [{ name: 'api', url: 'http://orders:8080' }],
      networkId: 'net',
      deploymentId: 'dep',
    });
    expect(event.content.metadata).toEqual({ broadcastReason: 'MANUAL', configuration: { nodeTtlHours: 2 } });
    expect(event.said).toMatchObject({ time: micros('2026-11-24T11:00:00Z'), payloadTime: micros('2026-11-24T10:00:00Z') });
  });

  it('should refuse an envelope whose payload is no object, naming what it is', () => {
    expect(rejection(parse({ event_type: 'NODE_INTROSPECTION', payload: '{"node_id":"a"}' }))).toMatchObject({
      errorType: 'NOT_AN_OBJECT',
      reason: 'payload is a text, not an object.',
    });
    expect(rejection(parse({ envelope_id: 'e', payload: [payload] })).errorType).toBe('NOT_AN_OBJECT');
  });

  it('should keep a payload field of a bare message that is no envelope', () => {
    expect(announcement(parse({ node_id: 'node-1', payload: 'kilograms' })).content.metadata).toEqual({ payload: 'kilograms' });
  });
});

describe('wrapped Kafka record', () => {
  it('should be unwrapped once, not twice', () => {
    const record = { topic: 't', key: null, value: payload, offset: 1, partition: 0 };
    expect(parse(record).kind).toBe('announcement');
    expect(rejection(parse({ topic: 't', value: record })).errorType).toBe('INVALID_NODE_ID');
  });

  it('should not be seen in a node that has a topic and a value of its own', () => {
    const nodes: readonly JsonObject[] = [{ node_id: 'node-1' }, { nodeId: 'node-1' }, { payload }];
    for (const own of nodes) {
      expect(announcement(parse({ topic: 't', value: { node_id: 'other' }, ...own })).content.nodeId).toBe('node-1');
    }
    expect(rejection(parse({ topic: 't', value: 5 })).errorType).toBe('INVALID_NODE_ID');
  });

  it('should refuse a text inside that is not JSON, or no object', () => {
    expect(rejection(parse({ topic: 't', value: 'hello' })).errorType).toBe('NOT_JSON');
    expect(rejection(parse({ topic: 't', value: '[1]' })).errorType).toBe('NOT_AN_OBJECT');
  });

  it('should not hide poison in the text inside', () => {
    expect(rejection(parse({ topic: 't', value: '{"node_id":"a","x":"\\u0000"}' })).errorType).toBe('INVALID_TEXT');
    expect(rejection(parse({ topic: 't', value: `{"node_id":"a","x":${'['.repeat(40)}${']'.repeat(40)}}` })).errorType).toBe('TOO_DEEP');
    const event = announcement(parse({ topic: 't', value: '{"node_id":"a","__proto__":{"polluted":1},"x":{"constructor":1}}' }));
    expect(event.content.metadata).toEqual({ x: {} });
  });

  it('should give its topic and headers the say over the kind and the correlation id', () => {
    const { node_type, ...rest } = payload;
    const record = { topic: 'dev.omninode_bridge.onex.evt.node-heartbeat.v1', headers: { correlation_id: 'inner' }, value: rest };
    expect(parse(record)).toMatchObject({ kind: 'heartbeat', correlationId: 'inner' });
    expect(parse({ topic: 'onex.evt.platform.node-became-active.v1', value: payload }).kind).toBe('ignored');
    expect(parse({ topic: 'my-own-topic', value: payload }).kind).toBe('announcement');
  });

  it('should mean a goodbye when the wrapped value is null', () => {
    expect(parse({ topic: 't', key: 'node-1', value: null })).toMatchObject({ kind: 'goodbye', nodeId: 'node-1' });
    expect(rejection(parse({ topic: 't', value: null })).errorType).toBe('INVALID_NODE_ID');
  });
});

describe('null value', () => {
  it('should be a goodbye of the node that the key names', () => {
    expect(parseMessage(message('', { value: null, key: bytes('node-1') }), 'introspection')).toEqual({
      kind: 'goodbye',
      nodeId: 'node-1',
      said: { epoch: null, time: KEPT_AT_MICROS, payloadTime: KEPT_AT_MICROS },
      reason: 'shutdown',
      correlationId: null,
    });
  });

  it.each([
    ['missing', null],
    ['empty', bytes('')],
    ['the nil UUID', bytes('00000000-0000-0000-0000-000000000000')],
    ['no UTF-8', Uint8Array.of(0x6e, 0xff)],
    ['too long', bytes('n'.repeat(256))],
    ['broken by a control character', bytes('node\n1')],
  ])('should be rejected when the key is %s', (_what, key) => {
    expect(rejection(parseMessage(message('', { value: null, key }), 'introspection')).errorType).toBe('INVALID_NODE_ID');
  });

  it('should be ignored on other topics', () => {
    for (const meaning of ['heartbeat', 'acknowledgement'] as const) {
      expect(parseMessage(message('', { value: null, key: bytes('node-1') }), meaning).kind).toBe('ignored');
    }
  });
});

describe('kind', () => {
  it.each([
    ['NODE_INTROSPECTION', 'announcement'],
    ['node_introspection', 'announcement'],
    ['node-introspection', 'announcement'],
    ['NodeIntrospectionEvent', 'announcement'],
    ['dev.omninode_bridge.onex.evt.node-introspection.v1', 'announcement'],
    ['NODE_HEARTBEAT', 'heartbeat'],
    ['nodeHeartbeat', 'heartbeat'],
    ['onex.evt.platform.node-heartbeat.v1', 'heartbeat'],
    ['onex.cmd.platform.node-registration-acked.v1', 'acknowledgement'],
    ['NODE_REGISTRATION_ACKNOWLEDGED', 'acknowledgement'],
    ['REGISTRY_REQUEST_INTROSPECTION', 'ignored'],
    ['node-introspection-requested', 'ignored'],
    ['node-became-active', 'ignored'],
    ['onex.evt.platform.node-registration-ack-received.v1', 'ignored'],
    ['node-registration-accepted', 'ignored'],
    ['x'.repeat(300), 'ignored'],
  ])('should follow the event type %s whatever the topic', (eventType, kind) => {
    for (const meaning of ['introspection', 'heartbeat', 'acknowledgement'] as const) {
      expect(parse({ event_type: eventType, payload }, meaning).kind).toBe(kind);
      expect(parse({ ...payload, event_type: eventType }, meaning).kind).toBe(kind);
    }
  });

  it('should follow the topic where no event type is given', () => {
    for (const eventType of [null, '', ' ', 5, {}]) {
      expect(parse({ event_type: eventType, payload }, 'heartbeat').kind).toBe('heartbeat');
      expect(parse({ event_type: eventType, payload }, 'acknowledgement').kind).toBe('acknowledgement');
      expect(parse({ event_type: eventType, payload }, 'introspection').kind).toBe('announcement');
    }
  });

  it('should follow the header only where it names a known kind and the value says nothing', () => {
    const kindWith = (header: string, value: JsonObject = payload) =>
      parseMessage(message(value, { headers: { event_type: header } }), 'introspection').kind;
    expect(kindWith('node-heartbeat')).toBe('heartbeat');
    expect(kindWith('onex.evt.platform.node-became-active.v1')).toBe('ignored');
    expect(kindWith('created')).toBe('announcement');
    expect(kindWith('node-heartbeat', { ...payload, event_type: 'NODE_INTROSPECTION' })).toBe('announcement');
  });

  it('should ignore requests to introspect, flat or enveloped, also without an event type', () => {
    expect(parse({ registry_id: 'r', request_timestamp: '2026-11-24T10:00:00Z', target_node_id: 'node-1' }).kind).toBe('ignored');
    expect(parse({ envelope_id: 'e', payload: { reason: 'startup', targetNodeTypes: ['effect'], correlationId: 'c' } }).kind).toBe(
      'ignored',
    );
  });

  it('should not take an announcement that forgot its node id for a request', () => {
    expect(rejection(parse({ reason: 'startup', node_type: 'effect' })).errorType).toBe('INVALID_NODE_ID');
    expect(rejection(parse({})).errorType).toBe('INVALID_NODE_ID');
  });
});
