import { Kafka, logLevel } from 'kafkajs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type KafkaClient, nodeTopics } from '../../../src/node/index.ts';
import { nodesOnFakeKafka } from './nodes-on-fake-kafka.ts';

const { introspection } = nodeTopics('dev', 'legacy');

let { kafka, logger, newNode, started, end } = nodesOnFakeKafka();

beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-11-24T10:00:00Z') });
  ({ kafka, logger, newNode, started, end } = nodesOnFakeKafka());
});

afterEach(async () => {
  await end();
  vi.useRealTimers();
});

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
