import { beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/events/json.ts';
import { NodeIntrospection } from '../../../src/node/index.ts';
import { FakeKafka, quietLogger } from './fake-kafka.ts';

const LIMIT = 2048;

let kafka: FakeKafka;
let logger: ReturnType<typeof quietLogger>;

beforeEach(() => {
  kafka = new FakeKafka();
  logger = quietLogger();
});

async function announced(parts: { names: number; states?: number; metadata?: number; state?: JsonObject; reason?: string }) {
  const node = new NodeIntrospection({
    kafka,
    logger,
    nodeType: 'effect',
    nodeId: 'node-1',
    capabilities: Array.from({ length: parts.names }, (_, index) => `capability_${index}`),
    fsmStates: Array.from({ length: parts.states ?? 2 }, (_, index) => `STATE_${index}`),
    metadata: { note: 'x'.repeat(parts.metadata ?? 10) },
    endpoints: { api: 'http://10.0.0.1:8080/api' },
    currentState: parts.state ?? 'active',
    health: () => 'healthy',
  });
  await node.trackOperation(() => undefined);
  await node.publishIntrospection(parts.reason ?? 'manual');
  await node.stop();
  const message = kafka.announcements()[kafka.announcements().length - 2];
  const capabilities = message?.payload['capabilities'];
  const state = message?.payload['current_state'];
  return {
    bytes: message?.bytes ?? 0,
    has: {
      performance: JSON.stringify(capabilities).includes('"performance"'),
      state: typeof state === 'object' && state !== null ? Object.keys(state).sort() : [],
      current: JSON.stringify(capabilities).includes('current_memory_usage_mb'),
      limits: JSON.stringify(capabilities).includes('resource_limits'),
      states: JSON.stringify(capabilities).includes('fsm_states'),
      metadata: message?.payload['metadata'] !== undefined,
    },
    event: message?.event,
  };
}

describe('an announcement', () => {
  it('should be sent whole where it is small', async () => {
    const { bytes, has } = await announced({ names: 3 });
    expect(bytes).toBeLessThan(LIMIT);
    expect(has).toEqual({
      performance: true,
      state: ['health_status', 'status', 'uptime_seconds'],
      current: true,
      limits: true,
      states: true,
      metadata: true,
    });
    expect(logger.warnings).toEqual([]);
  });

  it('should stay under 2 KB by leaving out what is volatile first, and say nothing of that', async () => {
    const { bytes, has } = await announced({ names: 10, state: { detail: 'y'.repeat(1500) } });
    expect(bytes).toBeLessThan(LIMIT);
    expect(has).toEqual({ performance: false, state: ['health_status'], current: true, limits: true, states: true, metadata: true });
    expect(logger.warnings).toEqual([]);
  });

  it('should leave out resource limits, then the states, then metadata, and say so', async () => {
    const limits = await announced({ names: 10, metadata: 1050 });
    expect(limits.has).toMatchObject({ limits: false, states: true, metadata: true });
    const states = await announced({ names: 10, metadata: 1000, states: 30 });
    expect(states.has).toMatchObject({ limits: false, states: false, metadata: true });
    const metadata = await announced({ names: 10, metadata: 1500 });
    expect(metadata.has).toMatchObject({ limits: false, states: false, metadata: false });
    for (const { bytes } of [limits, states, metadata]) expect(bytes).toBeLessThan(LIMIT);
    expect(logger.warnings).toEqual(Array(3).fill('announcements leave out what does not fit'));
  });

  it('should keep all capabilities even where they alone are too large, and say so', async () => {
    const { bytes, event } = await announced({ names: 150 });
    expect(bytes).toBeGreaterThan(LIMIT);
    expect(event?.kind === 'announcement' && event.content.capabilities.length).toBe(150);
    expect(logger.warnings).toEqual(['announcements are larger than they should be: say less in capabilities or endpoints']);
  });

  it('should have the same content at every size near the limit, whatever else it says', async () => {
    for (let metadata = 800; metadata < 1300; metadata += 7) {
      const hashes = new Set<unknown>();
      for (const [reason, state] of [
        ['manual', {}],
        ['capability_change', { detail: 'y'.repeat(60) }],
        ['startup', { detail: 'y' }],
      ] as const) {
        const { event, bytes } = await announced({ names: 5, metadata, reason, state });
        expect(bytes).toBeLessThan(LIMIT);
        hashes.add(event?.kind === 'announcement' ? event.contentHash : undefined);
      }
      expect(hashes.size).toBe(1);
    }
  });

  it('should be gathered and built in 5 ms', async () => {
    const node = new NodeIntrospection({ kafka, logger, nodeType: 'effect', nodeId: 'node-1', capabilities: ['query'] });
    const times: number[] = [];
    for (let round = 0; round < 100; round += 1) {
      const before = performance.now();
      await node.publishIntrospection('manual', { forceRefresh: true });
      times.push(performance.now() - before);
    }
    // The fastest tenth: the others waited for whatever else the machine does.
    expect(times.sort((a, b) => a - b)[10]).toBeLessThan(5);
    await node.stop();
  });
});
