import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nodeTopics } from '../../../src/node/index.ts';
import { nodesOnFakeKafka } from './nodes-on-fake-kafka.ts';

const { requests, accepted, heartbeat } = nodeTopics('dev', 'legacy');
const [request = ''] = requests;
const [acceptedTopic = ''] = accepted;

let { kafka, logger, newNode, started, end } = nodesOnFakeKafka();

beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-11-24T10:00:00Z') });
  ({ kafka, logger, newNode, started, end } = nodesOnFakeKafka());
});

afterEach(async () => {
  await end();
  vi.useRealTimers();
});

describe('heartbeats', () => {
  it('should go out every 30 s with health, load and resource usage', async () => {
    const node = await started({ health: () => 'degraded' });
    let finish: () => void = () => undefined;
    const work = node.trackOperation(() => new Promise<void>((resolve) => (finish = resolve)));
    await vi.advanceTimersByTimeAsync(15_000 + 60_000);
    finish();
    await work;
    await vi.advanceTimersByTimeAsync(30_000);

    expect(kafka.heartbeats().map(({ payload }) => payload['uptime_seconds'])).toEqual([15, 45, 75, 105]);
    expect(kafka.heartbeats()[0]).toMatchObject({ topic: heartbeat, key: 'node-1', value: { event_type: 'NODE_HEARTBEAT' } });
    expect(kafka.heartbeats()[0]?.event).toMatchObject({
      kind: 'heartbeat',
      nodeId: 'node-1',
      type: 'effect',
      reportedHealth: 'degraded',
      activeOperations: 1,
    });
    expect(kafka.heartbeats().map(({ payload }) => payload['active_operations'])).toEqual([1, 1, 1, 0]);
    expect(kafka.heartbeats()[0]?.payload['last_activity_timestamp']).toBe('2026-11-24T10:00:00.001000Z');
    expect(kafka.heartbeats()[0]?.payload['resource_usage']).toMatchObject({
      memory_mb: expect.any(Number),
      memory_percent: expect.any(Number),
    });
  });

  it('should say nothing of a health that nobody knows, and unhealthy when the health function fails', async () => {
    await started({ heartbeatInterval: 1000 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(kafka.heartbeats()[0]?.event).toMatchObject({ reportedHealth: null });

    await started({
      nodeId: 'node-2',
      heartbeatInterval: 1000,
      health: async () => {
        throw new Error('no pulse');
      },
    });
    await vi.advanceTimersByTimeAsync(1000);
    expect(kafka.heartbeats().find(({ key }) => key === 'node-2')?.event).toMatchObject({ reportedHealth: 'unhealthy' });
  });

  it('should not pile up while Kafka hangs', async () => {
    await started({ heartbeatInterval: 1000, publishTimeout: 500 });
    kafka.state = 'hangs';
    await vi.advanceTimersByTimeAsync(60_000);
    expect(logger.warnings.filter((warning) => warning === 'Kafka did not take a message')).toHaveLength(2);
  });
});

describe('changes', () => {
  it.each([
    ['setCapabilities', 'capability_change'],
    ['setEndpoints', 'config_update'],
    ['setConfiguration', 'config_update'],
  ] as const)('should be announced by %s as %s', async (verb, reason) => {
    const node = await started();
    const change = {
      setCapabilities: () => node.setCapabilities(['query']),
      setEndpoints: () => node.setEndpoints({ api: 'http://10.0.0.1/' }),
      setConfiguration: () => node.setConfiguration({ pool_size: 20 }),
    };
    expect(await change[verb]()).toBe(true);
    expect(kafka.reasons()).toEqual(['startup', reason]);
  });

  it('should only be remembered before the start', async () => {
    const node = newNode();
    expect(await node.setCapabilities(['query'])).toBe(true);
    expect(await node.refresh()).toBe(true);
    expect(kafka.sent).toEqual([]);
    await node.start();
    expect(kafka.announcements()[0]?.event).toMatchObject({ content: { capabilities: ['query'] } });
  });

  it('should be noticed by refresh at once, and with a heartbeat when the caches have run out', async () => {
    const names = ['query'];
    const endpoints = { api: 'http://10.0.0.1/' };
    const node = await started({ capabilities: () => [...names], endpoints: () => ({ ...endpoints }) });

    expect(await node.refresh()).toBe(true);
    expect(kafka.reasons()).toEqual(['startup']);
    names.push('transactions');
    expect(await node.refresh()).toBe(true);
    expect(kafka.reasons()).toEqual(['startup', 'capability_change']);

    endpoints.api = 'http://10.0.0.2/';
    await vi.advanceTimersByTimeAsync(45_000);
    expect(kafka.reasons()).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(kafka.reasons()).toEqual(['startup', 'capability_change', 'config_update']);
  });

  it('should not be seen in another order of keys, but in a capability whatever its name', async () => {
    let capabilities: Record<string, true> = { query: true, transactions: true };
    const node = await started({ capabilities: () => capabilities });
    capabilities = { transactions: true, query: true };
    await node.refresh();
    expect(kafka.reasons()).toEqual(['startup']);
    capabilities = { transactions: true, query: true, active_learning: true };
    await node.refresh();
    expect(kafka.reasons()).toEqual(['startup', 'capability_change']);
  });

  it('should not be announced after the goodbye', async () => {
    const node = await started();
    const stopped = node.stop();
    expect(await Promise.all([node.setCapabilities(['query']), node.refresh()])).toEqual([true, true]);
    await stopped;
    expect(kafka.reasons()).toEqual(['startup', 'shutdown']);
  });

  it('should not be seen in what moves all the time', async () => {
    let beat = 0;
    await started({
      cacheTtl: 0,
      capabilities: () => {
        beat += 1;
        return { workflow: { active_workflows: beat }, performance: { beat } };
      },
      heartbeatInterval: 1000,
    });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(beat).toBeGreaterThan(5);
    expect(kafka.reasons()).toEqual(['startup']);
  });

  it('should be announced later when Kafka is down', async () => {
    const node = await started();
    kafka.state = 'refuses';
    expect(await node.setCapabilities(['query'])).toBe(false);
    await vi.advanceTimersByTimeAsync(5000);
    kafka.state = 'up';
    await vi.advanceTimersByTimeAsync(30_000);
    expect(kafka.reasons()).toEqual(['startup', 'capability_change']);
  });
});

describe('requests', () => {
  it('should be answered with their correlation id, once for all topics', async () => {
    await started();
    for (const topic of requests)
      kafka.deliver(topic, { event_type: 'REGISTRY_REQUEST_INTROSPECTION', target_node_id: 'node-1', correlation_id: 'c-1' });
    await vi.advanceTimersByTimeAsync(1);
    expect(kafka.reasons()).toEqual(['startup', 'registry_request']);
    expect(kafka.announcements()[1]?.event).toMatchObject({ reason: 'registry_request', correlationId: 'c-1' });
  });

  it('should be answered from the caches when they are meant for all, and anew when for this node', async () => {
    const capabilities = vi.fn(() => ['query']);
    await started({ capabilities });
    kafka.deliver(request, { correlation_id: 'all' });
    await vi.advanceTimersByTimeAsync(1);
    expect(capabilities).toHaveBeenCalledTimes(1);
    kafka.deliver(request, { correlation_id: 'one', target_node_id: 'node-1' });
    await vi.advanceTimersByTimeAsync(1);
    expect(capabilities).toHaveBeenCalledTimes(2);
    expect(kafka.reasons()).toHaveLength(3);
  });

  it('should be answered after a random part of a second when they are broadcast', async () => {
    await started({ random: () => 0.8 });
    kafka.deliver(request, { correlation_id: 'all' });
    await vi.advanceTimersByTimeAsync(799);
    expect(kafka.reasons()).toEqual(['startup']);
    await vi.advanceTimersByTimeAsync(2);
    expect(kafka.reasons()).toEqual(['startup', 'registry_request']);
  });

  it('should be answered when Kafka is back, with the same correlation id', async () => {
    await started();
    kafka.deliver(request, { correlation_id: 'c-1' });
    kafka.state = 'refuses';
    await vi.advanceTimersByTimeAsync(3000);
    kafka.state = 'up';
    await vi.advanceTimersByTimeAsync(30_000);
    expect(kafka.announcements()[1]?.event).toMatchObject({ reason: 'registry_request', correlationId: 'c-1' });
    expect(kafka.reasons()).toHaveLength(2);
  });

  it('should not be answered after the goodbye', async () => {
    const node = await started({ random: () => 0.5 });
    kafka.deliver(request, { correlation_id: 'c-1' });
    await node.stop();
    await vi.advanceTimersByTimeAsync(5000);
    expect(kafka.reasons()).toEqual(['startup', 'shutdown']);
  });
});

describe('accepted', () => {
  it('should be acknowledged once, and told to the program', async () => {
    const onAccepted = vi.fn();
    await started({ onAccepted });
    for (const topic of accepted)
      kafka.deliver(
        topic,
        { node_id: 'node-1', correlation_id: 'c-1', consul_service_id: 'effect-node-1', cursor: '07' },
        { key: 'node-1' },
      );
    kafka.deliver(acceptedTopic, { node_id: 'node-2', correlation_id: 'c-2' }, { key: 'node-2' });
    await vi.advanceTimersByTimeAsync(1);

    const acknowledged = kafka.sent.filter(({ event }) => event.kind === 'acknowledgement');
    expect(acknowledged).toHaveLength(1);
    expect(acknowledged[0]).toMatchObject({
      topic: 'onex.cmd.platform.node-registration-acked.v1',
      key: 'node-1',
      event: { nodeId: 'node-1', correlationId: 'c-1' },
    });
    expect(onAccepted.mock.calls).toEqual([[{ nodeId: 'node-1', correlationId: 'c-1', consulServiceId: 'effect-node-1', cursor: '07' }]]);
  });

  it('should not be read at all when acknowledging is off', async () => {
    await started({ acknowledge: false });
    expect(kafka.consumers[0]?.topics).toEqual([...requests]);
  });

  it('should survive a program that throws', async () => {
    await started({
      onAccepted: () => {
        throw new Error('not now');
      },
    });
    kafka.deliver(acceptedTopic, { node_id: 'node-1', correlation_id: 'c-1' });
    kafka.deliver(request, { correlation_id: 'c-2' });
    await vi.advanceTimersByTimeAsync(1);
    expect(kafka.reasons()).toEqual(['startup', 'registry_request']);
    expect(logger.warnings).toEqual(['a message to this node could not be handled']);
  });
});
