import type { Consumer } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { NodeIntrospection } from '../../../src/node/index.ts';
import { until } from '../../until.ts';
import { announcement, freshEnvironment, Nodes, nodeTopics, type RunningGateway, runGateway } from './running-gateway.ts';

interface Heard {
  readonly topic: string;
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Readonly<Record<string, unknown>>;
}

const asked = z.object({ correlationId: z.string(), requestedAt: z.string(), expectedNodes: z.number() });

describe('requestIntrospection', () => {
  let gateway: RunningGateway;
  let nodes: Nodes;
  let listener: Consumer;
  let answering: NodeIntrospection;
  const heard: Heard[] = [];

  beforeAll(async () => {
    gateway = await runGateway(await freshEnvironment());
    nodes = await Nodes.connect(gateway.config);
    const { request, introspection } = gateway.config.kafka.topics;
    listener = nodes.kafka.consumer({ groupId: `listener-${gateway.config.environment}`, maxWaitTimeInMs: 100 });
    await listener.connect();
    await listener.subscribe({ topics: [...request, ...introspection], fromBeginning: true });
    await listener.run({
      eachMessage: async ({ topic, message: { key, value, headers } }) => {
        heard.push({
          topic,
          key: key?.toString() ?? null,
          headers: Object.fromEntries(Object.entries(headers ?? {}).map(([name, text]) => [name, String(text)])),
          value: z.record(z.string(), z.unknown()).parse(JSON.parse(value?.toString() ?? '{}')),
        });
      },
    });
    answering = new NodeIntrospection({
      kafka: nodes.kafka,
      nodeId: 'answering-1',
      nodeType: 'compute',
      environment: gateway.config.environment,
      topics: nodeTopics(gateway.config),
      broadcastJitter: 10,
    });
    expect(await answering.start()).toBe(true);
    await nodes.announce(announcement('mute-1'), announcement('mute-2'), announcement('typed-1', { node_type: 'typed' }));
    await until('all are registered', async () => (await gateway.client.registered()).length === 4);
  });

  afterAll(async () => {
    await answering?.stop();
    await listener?.disconnect();
    await nodes?.close();
    await gateway?.stop();
  });

  const request = (args: string) =>
    gateway.client.get(
      asked,
      'requestIntrospection',
      `mutation { requestIntrospection${args} { correlationId requestedAt expectedNodes } }`,
    );
  const requests = (correlationId: string) =>
    heard.filter(({ topic, value }) => gateway.config.kafka.topics.request.includes(topic) && value['correlation_id'] === correlationId);
  const answers = (correlationId: string) =>
    heard.filter(
      ({ topic, value }) => gateway.config.kafka.topics.introspection.includes(topic) && value['correlation_id'] === correlationId,
    );

  const answerers = (correlationId: string) =>
    answers(correlationId).map(({ value }) => z.object({ node_id: z.string() }).parse(value['payload']).node_id);

  it('should ask one node on every request topic: flat, keyed by the node, with all headers', async () => {
    const { correlationId, requestedAt, expectedNodes } = await request('(nodeId: "mute-1", reason: "look")');
    expect(expectedNodes).toBe(1);
    const { request: topics } = gateway.config.kafka.topics;
    await until('it was sent on each', () => requests(correlationId).length === topics.length);
    const sent = requests(correlationId);
    expect(sent.map(({ topic }) => topic).sort()).toEqual([...topics].sort());
    for (const { key, headers, value } of sent) {
      expect(key).toBe('mute-1');
      expect(headers).toEqual({
        content_type: 'application/json',
        correlation_id: correlationId,
        event_type: 'REGISTRY_REQUEST_INTROSPECTION',
        source: `discovery-gateway/${value['registry_id']}`,
      });
      expect(value).toEqual({
        event_type: 'REGISTRY_REQUEST_INTROSPECTION',
        registry_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        request_timestamp: requestedAt,
        reason: 'look',
        target_node_id: 'mute-1',
        correlation_id: correlationId,
        timestamp: requestedAt,
      });
    }
  });

  it('should be answered by the node library, with the same correlation id, and by nobody else', async () => {
    const { correlationId } = await request('(nodeId: "answering-1")');
    await until('the gateway heard the answer, and nothing new in it', () =>
      gateway.lines.some((line) => line['correlationId'] === correlationId && line['outcome'] === 'unchanged'),
    );
    await until('the answer is on the topic', () => answers(correlationId).length > 0);
    expect(new Set(answerers(correlationId))).toEqual(new Set(['answering-1']));
    // An unchanged node that was asked is no change.
    expect(await gateway.client.changes('answering-1')).toMatchObject([{ type: 'ADDED' }]);
  });

  it('should ask everybody with one message per topic that names nobody, and share its correlation id with all answers', async () => {
    const { correlationId, expectedNodes } = await request('');
    // The gateway is a node too.
    expect(expectedNodes).toBeGreaterThanOrEqual(4);
    await until('node and gateway answer', () =>
      ['answering-1', gateway.config.gatewayId].every((id) => answerers(correlationId).includes(id)),
    );
    const sent = requests(correlationId);
    expect(sent).toHaveLength(gateway.config.kafka.topics.request.length);
    for (const { key, value } of sent) {
      expect(key).toBeNull();
      expect(Object.keys(value)).not.toContain('target_node_id');
      expect(Object.keys(value)).not.toContain('target_node_types');
    }
  });

  it('should ask every node of the given types by name, and no other', async () => {
    const { correlationId, expectedNodes } = await request('(nodeTypes: ["TYPED", "effect"])');
    expect(expectedNodes).toBe(3);
    const topics = gateway.config.kafka.topics.request.length;
    await until('all were asked', () => requests(correlationId).length >= 3 * topics);
    // A message behind them shows that nothing else was sent.
    const next = await request('(nodeId: "mute-2")');
    await until('the next is there', () => requests(next.correlationId).length === topics);
    expect([...new Set(requests(correlationId).map(({ key }) => key))].sort()).toEqual(['mute-1', 'mute-2', 'typed-1']);
    expect(requests(correlationId)).toHaveLength(3 * topics);
  });

  it('should refuse to ask a node that nobody knows', async () => {
    const { data, errors } = await gateway.client.ask('mutation { requestIntrospection(nodeId: "nobody-1") { correlationId } }');
    expect(data ?? null).toBeNull();
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['NODE_NOT_FOUND']);
  });
});
