import { describe, expect, it } from 'vitest';
import type { NodeEvent } from '../../../src/events/announcement.ts';
import type { Meaning } from '../../../src/events/event-kind.ts';
import { isJsonObject, type Json } from '../../../src/events/json.ts';
import { parseMessage } from '../../../src/events/parse-message.ts';
import { KEPT_AT_MICROS, message, sample } from './message.ts';

const HASH = expect.stringMatching(/^[0-9a-f]{64}$/);
const micros = (iso: string, beyondMillis = 0) => Date.parse(iso) * 1000 + beyondMillis;

function within(value: Json | undefined, ...path: string[]): Json | undefined {
  return path.reduce<Json | undefined>((inner, key) => (isJsonObject(inner) ? inner[key] : undefined), value);
}

interface Case {
  readonly name: string;
  readonly meaning: Meaning;
  readonly expected: { readonly kind: NodeEvent['kind']; readonly [field: string]: unknown };
}

const orders = sample('01_infra_introspection_startup_enveloped').value;
const bridge = sample('09_bridge_doc_node_introspection_envelope_v1').value;
const bridgeCode = sample('11_bridge_code_node_introspection_envelope_v1').value;

const cases: readonly Case[] = [
  {
    name: '01_infra_introspection_startup_enveloped',
    meaning: 'introspection',
    expected: {
      kind: 'announcement',
      content: {
        nodeId: '6f1c0f7a-3b1e-4d0e-9a41-0c8c2f5d7e11',
        instance: null,
        type: 'effect',
        name: 'node_orders_effect',
        role: null,
        version: '1.2.3',
        announcedServiceName: null,
        capabilities: ['execute_query'],
        capabilityDetails: {
          declared_capabilities: within(orders, 'payload', 'declared_capabilities'),
          discovered_capabilities: within(orders, 'payload', 'discovered_capabilities'),
        },
        endpoints: [
          { name: 'health', url: 'http://orders-effect.local:8085/health' },
          { name: 'api', url: 'http://orders-effect.local:8085/api/v1' },
        ],
        address: 'orders-effect.local',
        port: 8085,
        metadata: {
          version: null,
          environment: null,
          region: null,
          cluster: null,
          description: null,
          priority: null,
          key: null,
          key1: null,
          meta: null,
          performance_metrics: within(orders, 'payload', 'performance_metrics'),
          event_bus: null,
          resolved_feature_flags: { flags: {}, flag_metadata: {}, default_enabled: false },
        },
        environment: null,
        networkId: null,
        deploymentId: null,
      },
      contentHash: HASH,
      currentState: null,
      reason: 'startup',
      reportedHealth: null,
      leaseSeconds: null,
      said: { epoch: null, time: micros('2026-11-24T10:18:33.296Z', 48), payloadTime: micros('2026-11-24T10:18:33.295Z', 902) },
      correlationId: 'ba0154f2-7239-4073-b17b-2515546c5dc1',
    },
  },
  {
    name: '02_infra_heartbeat_enveloped',
    meaning: 'heartbeat',
    expected: {
      kind: 'heartbeat',
      nodeId: '6f1c0f7a-3b1e-4d0e-9a41-0c8c2f5d7e11',
      type: 'effect',
      reportedHealth: null,
      uptimeSeconds: 3.011363983154297,
      activeOperations: 0,
      cpuPercent: null,
      memoryMb: null,
      memoryPercent: null,
      said: { epoch: null, time: micros('2026-11-24T10:18:36.306Z', 982), payloadTime: micros('2026-11-24T10:18:36.306Z', 875) },
      correlationId: '034c6dbd-df20-4a6e-8586-803c06ee3853',
    },
  },
  {
    name: '03_infra_introspection_shutdown_enveloped',
    meaning: 'introspection',
    expected: {
      kind: 'goodbye',
      nodeId: '6f1c0f7a-3b1e-4d0e-9a41-0c8c2f5d7e11',
      instance: null,
      reason: 'shutdown',
      // The payload's time is that of the startup (sample 01); only the envelope's tells them apart.
      said: { epoch: null, time: micros('2026-11-24T10:18:45.298Z', 821), payloadTime: micros('2026-11-24T10:18:33.295Z', 902) },
      correlationId: '2f7807b8-7ff8-413b-9302-2a7f930e5e58',
    },
  },
  {
    name: '06_infra_registration_acked_command_enveloped',
    meaning: 'acknowledgement',
    expected: {
      kind: 'acknowledgement',
      nodeId: '6f1c0f7a-3b1e-4d0e-9a41-0c8c2f5d7e11',
      said: { epoch: null, time: micros('2026-11-24T10:18:39.316Z', 827), payloadTime: micros('2026-11-24T10:18:39.316Z', 806) },
      correlationId: '2f0f4b8e-5b7f-4f6b-9ed0-2b1ed3d0a002',
    },
  },
  {
    name: '07_infra_legacy_doc_introspection_bare',
    meaning: 'introspection',
    expected: {
      kind: 'announcement',
      content: {
        nodeId: '550e8400-e29b-41d4-a716-446655440000',
        instance: null,
        type: 'effect',
        name: null,
        role: null,
        version: '1.2.3',
        announcedServiceName: null,
        capabilities: ['postgres', 'read', 'write'],
        capabilityDetails: { postgres: true, read: true, write: true },
        endpoints: [{ name: 'health', url: 'http://localhost:8080/health' }],
        address: 'localhost',
        port: 8080,
        metadata: {},
        environment: null,
        networkId: null,
        deploymentId: null,
      },
      contentHash: HASH,
      currentState: null,
      reason: 'startup',
      reportedHealth: null,
      leaseSeconds: null,
      said: { epoch: null, time: micros('2025-01-15T10:30:00Z'), payloadTime: micros('2025-01-15T10:30:00Z') },
      correlationId: '660e8400-e29b-41d4-a716-446655440001',
    },
  },
  {
    name: '09_bridge_doc_node_introspection_envelope_v1',
    meaning: 'introspection',
    expected: {
      kind: 'announcement',
      content: {
        nodeId: 'orchestrator-001',
        instance: null,
        type: 'orchestrator',
        name: null,
        role: null,
        version: '1.0.0',
        announcedServiceName: null,
        capabilities: ['fsm_state_management', 'service_routing', 'workflow_orchestration'],
        capabilityDetails: within(bridge, 'payload', 'capabilities'),
        endpoints: [
          { name: 'health', url: 'http://orchestrator-001:8053/health' },
          { name: 'api', url: 'http://orchestrator-001:8053/api/v1' },
          { name: 'metrics', url: 'http://orchestrator-001:9090/metrics' },
          { name: 'orchestration', url: 'http://orchestrator-001:8053/orchestrate' },
        ],
        address: 'orchestrator-001',
        port: 8053,
        metadata: within(bridge, 'payload', 'metadata'),
        environment: 'production',
        networkId: null,
        deploymentId: null,
      },
      contentHash: HASH,
      currentState: null,
      reason: 'startup',
      reportedHealth: null,
      leaseSeconds: null,
      said: { epoch: null, time: micros('2025-10-03T12:00:00Z'), payloadTime: micros('2025-10-03T12:00:00Z') },
      correlationId: '550e8400-e29b-41d4-a716-446655440001',
    },
  },
  {
    name: '10_bridge_doc_node_heartbeat_envelope_v1',
    meaning: 'heartbeat',
    expected: {
      kind: 'heartbeat',
      nodeId: 'orchestrator-001',
      type: 'orchestrator',
      reportedHealth: 'healthy',
      uptimeSeconds: 150,
      activeOperations: 5,
      cpuPercent: 45.2,
      memoryMb: 512,
      memoryPercent: 32,
      said: { epoch: null, time: micros('2025-10-03T12:00:30Z'), payloadTime: micros('2025-10-03T12:00:30Z') },
      correlationId: null,
    },
  },
  {
    name: '11_bridge_code_node_introspection_envelope_v1',
    meaning: 'introspection',
    expected: {
      kind: 'announcement',
      content: {
        nodeId: 'orchestrator-001',
        instance: null,
        type: 'orchestrator',
        name: null,
        role: null,
        version: '1.0.0',
        announcedServiceName: null,
        capabilities: ['hash_generation', 'metadata_stamping', 'workflow_orchestration'],
        capabilityDetails: within(bridgeCode, 'payload', 'capabilities'),
        endpoints: [
          { name: 'health', url: 'http://orchestrator-001:8053/health' },
          { name: 'api', url: 'http://orchestrator-001:8053/api/v1' },
          { name: 'metrics', url: 'http://orchestrator-001:9090/metrics' },
        ],
        address: 'orchestrator-001',
        port: 8053,
        metadata: within(bridgeCode, 'payload', 'metadata'),
        environment: 'production',
        networkId: null,
        deploymentId: null,
      },
      contentHash: HASH,
      currentState: null,
      reason: 'startup',
      reportedHealth: null,
      leaseSeconds: null,
      said: { epoch: null, time: micros('2025-10-03T12:00:00Z'), payloadTime: micros('2025-10-03T12:00:00Z') },
      correlationId: '7b1f1c52-5a53-4c6e-9d0f-0a6f6f5b2a02',
    },
  },
  {
    name: '13_bridge_code_registry_request_introspection_envelope_v1',
    meaning: 'introspection',
    expected: { kind: 'ignored', reason: 'It is of another kind (registry_request_introspection).' },
  },
  {
    name: '15_omnidash_golden_service_shape_bare',
    meaning: 'introspection',
    expected: {
      kind: 'announcement',
      content: {
        nodeId: 'node-id-001',
        instance: null,
        type: 'intelligence',
        name: 'golden-node-001',
        role: null,
        version: '1.0',
        announcedServiceName: null,
        capabilities: ['pattern-extraction'],
        capabilityDetails: ['pattern-extraction'],
        endpoints: [{ name: 'api', url: 'http://localhost:8080' }],
        address: 'localhost',
        port: 8080,
        metadata: { version: '1.0', capabilities: ['pattern-extraction'] },
        environment: null,
        networkId: null,
        deploymentId: null,
      },
      contentHash: HASH,
      currentState: null,
      reason: 'startup',
      reportedHealth: 'healthy',
      leaseSeconds: null,
      said: { epoch: null, time: KEPT_AT_MICROS, payloadTime: KEPT_AT_MICROS },
      correlationId: null,
    },
  },
  {
    name: '18_omnidash_request_introspection_bare',
    meaning: 'introspection',
    expected: { kind: 'ignored', reason: 'It is a request to introspect.' },
  },
  {
    name: '19_infra_node_became_active_enveloped',
    meaning: 'introspection',
    expected: { kind: 'ignored', reason: 'It is of another kind (platform.node-became-active).' },
  },
  {
    name: '20_infra_heartbeat_first_enveloped',
    meaning: 'heartbeat',
    expected: {
      kind: 'heartbeat',
      nodeId: '6f1c0f7a-3b1e-4d0e-9a41-0c8c2f5d7e11',
      type: 'effect',
      reportedHealth: null,
      uptimeSeconds: 0.0002110004425048828,
      activeOperations: 0,
      cpuPercent: null,
      memoryMb: null,
      memoryPercent: null,
      said: { epoch: null, time: micros('2026-11-24T17:22:35.135Z', 704), payloadTime: micros('2026-11-24T17:22:35.133Z', 758) },
      correlationId: '0bb93adc-14e9-4bfb-b9b9-66ffa60c2780',
    },
  },
];

describe.each(cases)('sample $name', ({ name, meaning, expected }) => {
  it('should give all that the message says', () => {
    expect(parseMessage(sample(name).message, meaning)).toEqual(expected);
  });

  it('should give the same when the whole record was wrapped as JSON', () => {
    const { record } = sample(name);
    // Why it is ignored may differ: the wrapped record names its topic as well.
    const { reason, ...ignored } = expected;
    const event = parseMessage(message(record), meaning);
    expect(event).toMatchObject(expected.kind === 'ignored' ? ignored : expected);
  });

  it('should give the same when the value inside the wrapped record is a text', () => {
    const { record, value } = sample(name);
    const read: Json = JSON.parse(record);
    const wrapped = { ...(isJsonObject(read) ? read : {}), value: JSON.stringify(value), offset: '7', partition: 1 };
    const { reason, ...ignored } = expected;
    expect(parseMessage(message(wrapped), meaning)).toMatchObject(expected.kind === 'ignored' ? ignored : expected);
  });
});

it('should keep the content hash of earlier versions, or every node counts as changed when gateways are upgraded', () => {
  const event = parseMessage(sample('07_infra_legacy_doc_introspection_bare').message, 'introspection');
  expect(event).toMatchObject({ contentHash: '1cff79e8f136673d8cec7e54e5d576c3d7626d581095191e5a1adb04ad62727f' });
});
