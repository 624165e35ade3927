import { Kafka, logLevel } from 'kafkajs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type KafkaClient, NodeIntrospection, type NodeIntrospectionOptions, nodeTopics } from '../../../src/node/index.ts';
import { FakeKafka, quietLogger } from './fake-kafka.ts';

const { requests, accepted, introspection, heartbeat } = nodeTopics('dev', 'legacy');
const [request = ''] = requests;
const [acceptedTopic = ''] = accepted;

let kafka: FakeKafka;
let logger: ReturnType<typeof quietLogger>;
let nodes: NodeIntrospection[];

beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-11-24T10:00:00Z') });
  kafka = new FakeKafka();
  logger = quietLogger();
  nodes = [];
});

afterEach(async () => {
  kafka.recover();
  const stopped = Promise.all(nodes.map((node) => node.stop()));
  await vi.advanceTimersByTimeAsync(10_000);
  await stopped;
  vi.useRealTimers();
});

function newNode(options: Partial<NodeIntrospectionOptions> = {}): NodeIntrospection {
  const node = new NodeIntrospection({ kafka, nodeType: 'effect', nodeId: 'node-1', logger, random: () => 0, ...options });
  nodes.push(node);
  return node;
}

/** Starts the node and lets its listener get going. */
async function started(options: Partial<NodeIntrospectionOptions> = {}): Promise<NodeIntrospection> {
  const node = newNode(options);
  await node.start();
  await vi.advanceTimersByTimeAsync(1);
  return node;
}

describe('start', () => {
  it('should announce what the node is, in an envelope that the gateway accepts', async () => {
    const node = newNode({
      nodeName: 'adapter',
      nodeVersion: '1.2.3',
      serviceName: 'database-adapter',
      nodeRole: 'primary',
      instanceId: 'instance-7',
      capabilities: { query: { max_rows: 1000 }, transactions: true },
      operations: ['execute_query'],
      fsmStates: ['IDLE', 'BUSY'],
      endpoints: { api: 'http://10.0.0.7:8080/api', health: 'http://10.0.0.7:8080/health' },
      configuration: { pool_size: 10 },
      nodeTtlHours: 2,
      currentState: { status: 'warm' },
      health: () => 'recovering',
      metadata: { team: 'data' },
      networkId: 'net-1',
      deploymentId: 'blue',
    });

    expect(await node.start()).toBe(true);

    const [message] = kafka.announcements();
    expect(message).toMatchObject({
      topic: introspection,
      key: 'node-1',
      headers: { content_type: 'application/json', event_type: 'NODE_INTROSPECTION', source: 'database-adapter' },
      value: { envelope_version: '1.0', event_type: 'NODE_INTROSPECTION', partition_key: 'node-1', environment: 'dev' },
    });
    expect(message?.headers['correlation_id']).toBe(message?.payload['correlation_id']);
    expect(message?.event).toMatchObject({
      kind: 'announcement',
      reason: 'startup',
      reportedHealth: 'recovering',
      leaseSeconds: 7200,
      said: { epoch: Date.parse('2026-11-24T10:00:00Z') },
      content: {
        nodeId: 'node-1',
        instance: 'instance-7',
        type: 'effect',
        name: 'adapter',
        role: 'primary',
        version: '1.2.3',
        announcedServiceName: 'database-adapter',
        capabilities: ['execute_query', 'query', 'transactions'],
        address: '10.0.0.7',
        port: 8080,
        environment: 'dev',
        networkId: 'net-1',
        deploymentId: 'blue',
        metadata: { team: 'data' },
      },
    });
  });

  it('should take the operations from the methods of the target', async () => {
    class Mailer {
      send() {}
      status() {}
      _secret() {}
    }
    await started({ target: new Mailer() });
    expect(kafka.announcements()[0]?.event).toMatchObject({ content: { capabilities: ['send', 'status'] } });
  });

  it('should give a node without an id a new one that stays', async () => {
    const node = newNode({ nodeId: undefined });
    await node.start();
    await node.publishIntrospection();
    expect(node.nodeId).toMatch(/^[0-9a-f-]{36}$/);
    expect(kafka.announcements().map(({ key }) => key)).toEqual([node.nodeId, node.nodeId]);
  });

  it('should be joined by a second call', async () => {
    const node = newNode();
    await Promise.all([node.start(), node.start()]);
    expect(kafka.reasons()).toEqual(['startup']);
  });

  it.each(['refuses', 'hangs'] as const)('should let the program go on when Kafka %s, and announce when it comes', async (state) => {
    kafka.state = state;
    const node = newNode({ publishTimeout: 1000 });
    const starting = node.start();
    await vi.advanceTimersByTimeAsync(1000);
    expect(await starting).toBe(false);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(kafka.sent).toEqual([]);

    kafka.recover();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(kafka.reasons()).toEqual(['startup']);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(kafka.reasons()).toEqual(['startup']);
    expect(kafka.heartbeats().length).toBeGreaterThan(0);
  });

  it('should still be a startup when other things became owed meanwhile', async () => {
    kafka.state = 'refuses';
    const node = newNode();
    await node.start();
    await node.setCapabilities(['query']);
    kafka.recover();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(kafka.reasons()).toEqual(['startup']);
    expect(kafka.announcements()[0]?.event).toMatchObject({ content: { capabilities: ['query'] } });
  });

  it('should announce a capability that is called like a description of the node', async () => {
    await started({ capabilities: ['config', 'query'], operations: ['execute'] });
    expect(kafka.announcements()[0]?.event).toMatchObject({ content: { capabilities: ['config', 'execute', 'query'] } });
  });

  it('should begin a new life with a higher epoch after a stop, and read everything anew', async () => {
    let port = 1001;
    const node = await started({ epoch: 7, endpoints: () => ({ api: `http://10.0.0.1:${port}` }) });
    await node.stop();
    port = 1002;
    await node.start();
    expect(kafka.announcements().map(({ payload }) => [payload['reason'], payload['epoch']])).toEqual([
      ['startup', 7],
      ['shutdown', 7],
      ['startup', 8],
    ]);
    expect(kafka.announcements()[2]?.payload['endpoints']).toEqual({ api: 'http://10.0.0.1:1002' });
  });

  it.each([
    [{ nodeId: '00000000-0000-0000-0000-000000000000' }, 'nodeId'],
    [{ nodeType: ' ' }, 'nodeType'],
    [{ environment: 'a b' }, 'environment'],
    [{ endpoints: { api: 'localhost' } }, 'the endpoint "api"'],
  ])('should refuse at once what the gateway would reject: %j', (options, said) => {
    expect(() => newNode(options)).toThrow(said);
  });

  it('should take a kafkajs client as it is', () => {
    const client: KafkaClient = new Kafka({ brokers: ['127.0.0.1:1'], logLevel: logLevel.NOTHING });
    expect(newNode({ kafka: client }).nodeId).toBe('node-1');
  });
});

describe('publishIntrospection', () => {
  it('should say why and in answer to what', async () => {
    const node = await started();
    expect(await node.publishIntrospection('state_change', { correlationId: 'c-1' })).toBe(true);
    expect(kafka.announcements()[1]?.event).toMatchObject({ reason: 'state_change', correlationId: 'c-1' });
    expect(kafka.announcements()[1]?.headers['correlation_id']).toBe('c-1');
  });

  it('should return false, and log, when Kafka does not take it in time', async () => {
    const node = await started({ publishTimeout: 700 });
    kafka.state = 'hangs';
    const published = node.publishIntrospection();
    await vi.advanceTimersByTimeAsync(700);
    expect(await published).toBe(false);
    expect(logger.warnings).toEqual(['Kafka did not take a message']);
  });

  it('should warn on stderr, and say nothing else, where no logger is given', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const node = await started({ logger: undefined });
    await node.publishIntrospection();
    expect(warn).not.toHaveBeenCalled();
    kafka.state = 'refuses';
    await node.publishIntrospection();
    expect(warn).toHaveBeenCalledWith('Kafka did not take a message', expect.objectContaining({ error: 'connection refused' }));
    warn.mockRestore();
  });

  it('should return false when what is to be announced cannot be gathered', async () => {
    const node = newNode({
      capabilities: () => {
        throw new Error('the registry of plugins is locked');
      },
    });
    expect(await node.publishIntrospection()).toBe(false);
    expect(logger.warnings).toContain('cannot gather what to announce');
  });

  it('should work before the start, with everything closed by stop', async () => {
    const node = newNode();
    expect(await node.publishIntrospection()).toBe(true);
    expect(kafka.open).toBe(1);
    await node.stop();
    expect(kafka.open).toBe(0);
    expect(await node.publishIntrospection()).toBe(false);
  });

  it('should give announcements strictly growing times, on a clock that stands still or steps back', async () => {
    let now = 1_790_000_000_000;
    const node = newNode({ now: () => now });
    await node.publishIntrospection();
    await Promise.all([node.publishIntrospection(), node.publishIntrospection()]);
    now -= 60_000;
    await node.publishIntrospection();
    const times = kafka.announcements().map(({ event }) => (event.kind === 'announcement' ? event.said.time : Number.NaN));
    expect(times).toEqual([0, 1, 2, 3].map((microseconds) => 1_790_000_000_000_000 + microseconds));
  });

  it('should never give older content the later time', async () => {
    const answers: ((names: string[]) => void)[] = [];
    const node = newNode({ capabilities: () => new Promise<string[]>((resolve) => answers.push(resolve)), resourceLimits: false });
    const first = node.publishIntrospection('manual', { forceRefresh: true });
    const second = node.publishIntrospection('manual', { forceRefresh: true });
    await vi.advanceTimersByTimeAsync(1);
    expect(answers).toHaveLength(1);
    answers[0]?.(['old']);
    await first;
    await vi.advanceTimersByTimeAsync(1);
    answers[1]?.(['new']);
    await second;
    expect(kafka.announcements().map(({ event }) => event.kind === 'announcement' && event.content.capabilities)).toEqual([
      ['old'],
      ['new'],
    ]);
  });

  it('should speak the platform generation when told to', async () => {
    await started({ generation: 'platform', metadata: { team: 'data' } });
    const [message] = kafka.announcements();
    expect(message?.topic).toBe('onex.evt.platform.node-introspection.v1');
    expect(message?.value).toHaveProperty('envelope_id');
    expect(message?.event).toMatchObject({ kind: 'announcement', content: { environment: 'dev', metadata: { team: 'data' } } });
  });
});

describe('caches', () => {
  it('should ask functions again after 60 s, the state after 30 s, or when told to', async () => {
    const capabilities = vi.fn(() => ['query']);
    const endpoints = vi.fn(async () => ({ api: 'http://10.0.0.1/' }));
    const currentState = vi.fn(() => 'busy');
    const node = newNode({ capabilities, endpoints, currentState });
    const calls = () => [capabilities, endpoints, currentState].map((supplier) => supplier.mock.calls.length);

    await node.getIntrospectionData();
    await node.getIntrospectionData();
    expect(calls()).toEqual([1, 1, 1]);
    vi.advanceTimersByTime(30_000);
    await node.getIntrospectionData();
    expect(calls()).toEqual([1, 1, 2]);
    vi.advanceTimersByTime(30_000);
    await node.getIntrospectionData();
    expect(calls()).toEqual([2, 2, 3]);
    await node.publishIntrospection('manual', { forceRefresh: true });
    expect(calls()).toEqual([3, 3, 4]);
    expect(await node.getEndpoints()).toEqual({ api: 'http://10.0.0.1/' });
    expect(await node.extractCapabilities()).toMatchObject({ node_type: 'effect', query: true });
    expect(calls()).toEqual([3, 3, 4]);
  });

  it('should announce what was last known when a function fails', async () => {
    let broken = false;
    const node = newNode({
      capabilities: () => {
        if (broken) throw new Error('broken');
        return ['query'];
      },
    });
    await node.publishIntrospection();
    broken = true;
    expect(await node.publishIntrospection('manual', { forceRefresh: true })).toBe(true);
    expect(kafka.announcements()[1]?.event).toMatchObject({ content: { capabilities: ['query'] } });
    expect(logger.warnings).toHaveLength(1);
  });
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

describe('stop', () => {
  it('should say goodbye last and close everything', async () => {
    const capabilities = vi.fn(() => ['query']);
    const node = await started({ capabilities });
    const publishing = node.publishIntrospection();
    await node.stop();
    expect(await publishing).toBe(true);
    expect(kafka.reasons()).toEqual(['startup', 'manual', 'shutdown']);
    expect(kafka.announcements()[2]?.event).toMatchObject({ kind: 'goodbye', nodeId: 'node-1' });
    expect(kafka.open).toBe(0);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(kafka.sent).toHaveLength(3);
  });

  it('should end in bounded time while Kafka hangs', async () => {
    const node = await started({ stopTimeout: 2000 });
    kafka.state = 'hangs';
    const stopped = node.stop();
    await vi.advanceTimersByTimeAsync(2000);
    await stopped;
    expect(logger.warnings).toContain('could not say goodbye: the gateway will miss the heartbeats instead');
  });

  it('should have nothing to say when the node never reached Kafka', async () => {
    kafka.state = 'refuses';
    const node = newNode();
    await node.start();
    kafka.state = 'up';
    await node.stop();
    expect(kafka.sent).toEqual([]);
    expect(kafka.open).toBe(0);
  });
});
