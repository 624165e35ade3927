import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { until } from '../../until.ts';
import { announcement, freshEnvironment, Nodes, type RunningGateway, runGateway } from './running-gateway.ts';

/** Values that WIRE rejects, with the error type that says why. */
const BAD: readonly (readonly [string, string | Buffer, string])[] = [
  ['not JSON', '{"node_id": ', 'NOT_JSON'],
  ['not UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 'NOT_JSON'],
  ['not an object', '[1, 2]', 'NOT_AN_OBJECT'],
  ['over 256 KiB', JSON.stringify(announcement('big', { metadata: { text: 'x'.repeat(270_000) } })), 'TOO_LARGE'],
  ['nested deeper than 32', `{"node_id":"deep","metadata":${'{"a":'.repeat(40)}1${'}'.repeat(40)}}`, 'TOO_DEEP'],
  ['without a node id', JSON.stringify({ ...announcement('x'), node_id: undefined }), 'INVALID_NODE_ID'],
  ['with the nil UUID', JSON.stringify(announcement('00000000-0000-0000-0000-000000000000')), 'INVALID_NODE_ID'],
  ['with a control character in the id', JSON.stringify(announcement('a\u0007b')), 'INVALID_NODE_ID'],
  ['with a type over 100 characters', JSON.stringify(announcement('long', { node_type: 't'.repeat(101) })), 'INVALID_TYPE'],
  ['with U+0000', JSON.stringify(announcement('nul', { metadata: { text: 'a\u0000b' } })), 'INVALID_TEXT'],
  [
    'with half a surrogate pair',
    JSON.stringify(announcement('half', { metadata: { text: 'x' } })).replace('"x"', '"\\ud800"'),
    'INVALID_TEXT',
  ],
  ['with a port out of range', JSON.stringify(announcement('port', { endpoints: { api: 'http://a.example:70000/' } })), 'INVALID_'],
  ['with a URL that is none', JSON.stringify(announcement('url', { endpoints: { api: 'not a url' } })), 'INVALID_ENDPOINT'],
  [
    'outside the allow-list',
    JSON.stringify(announcement('meta', { endpoints: { api: 'http://169.254.169.254/latest' } })),
    'INVALID_ENDPOINT',
  ],
];

type Heard = {
  readonly topic: string;
  readonly key: string | undefined;
  readonly headers: readonly string[];
  readonly value: Readonly<Record<string, unknown>> | null;
};

/** What was and is written to these topics, until the test ends: in a group of its own, so that a second try hears all again. */
async function listen({ kafka }: Nodes, topics: readonly string[]): Promise<readonly Heard[]> {
  const consumer = kafka.consumer({ groupId: `listens-${randomUUID()}`, maxWaitTimeInMs: 100 });
  onTestFinished(() => consumer.disconnect());
  const heard: Heard[] = [];
  await consumer.connect();
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ topic, message: { key, headers, value } }) => {
      heard.push({
        topic,
        key: key?.toString(),
        headers: Object.keys(headers ?? {}),
        value: value === null ? null : JSON.parse(value.toString()),
      });
    },
  });
  return heard;
}

describe('what nodes send', () => {
  let gateway: RunningGateway;
  let nodes: Nodes;

  beforeAll(async () => {
    gateway = await runGateway(await freshEnvironment({ ENDPOINT_ALLOW: '127.0.0.1,localhost,a.example' }));
    nodes = await Nodes.connect(gateway.config);
  });

  afterAll(async () => {
    await nodes?.close();
    await gateway?.stop();
  });

  it('should keep every bad message with its reason, in the topic and in the query, and go on', async () => {
    const heard = await listen(nodes, [gateway.config.kafka.topics.deadLetter]);
    const topic = nodes.topic('introspection');
    await nodes.send(topic, ...BAD.map(([name, value]) => ({ key: name, value })));
    await nodes.announce(announcement('after-1'));
    await until('the one behind them is registered', async () => (await gateway.client.node('after-1'))?.state === 'REGISTERED');
    // At least once: a letter may come twice.
    const letterOf = (name: string) => heard.find(({ value }) => value?.['original_key'] === name)?.value;
    await until('every letter arrived', () => BAD.every(([name]) => letterOf(name) !== undefined));
    const rejected = await gateway.client.get(
      z.array(
        z.object({
          topic: z.string(),
          partition: z.number(),
          offset: z.string(),
          errorType: z.string(),
          reason: z.string(),
          excerpt: z.string().nullable(),
        }),
      ),
      'rejectedEvents',
      '{ rejectedEvents(first: 50) { topic partition offset errorType reason excerpt } }',
    );
    for (const [name, value, errorType] of BAD) {
      const letter = letterOf(name);
      expect(letter, name).toMatchObject({
        original_topic: topic,
        original_partition: expect.any(Number),
        original_offset: expect.stringMatching(/^\d+$/),
        original_value: Buffer.from(value).toString('base64'),
        error_type: expect.stringContaining(errorType),
        failure_reason: expect.stringMatching(/.{5}/),
        failure_timestamp: expect.stringMatching(/^\d{4}-/),
      });
      const row = rejected.find(
        ({ partition, offset }) => partition === letter?.['original_partition'] && offset === letter?.['original_offset'],
      );
      expect(row, name).toMatchObject({ topic, errorType: letter?.['error_type'], reason: letter?.['failure_reason'] });
      expect(row?.excerpt?.length ?? 0).toBeLessThanOrEqual(300);
    }
    expect(JSON.stringify(gateway.lines)).not.toContain('x'.repeat(2000));
  });

  it('should ask a node that heartbeats without being registered, flat on every request topic', async () => {
    const { request: topics } = gateway.config.kafka.topics;
    const heard = await listen(nodes, topics);
    await nodes.heartbeat('ghost-1');
    const asked = (key: string) => heard.filter((each) => each.key === key);
    await until('it is asked on each topic', () => new Set(asked('ghost-1').map(({ topic }) => topic)).size === topics.length);
    const [request] = asked('ghost-1');
    expect(request?.value).toMatchObject({
      event_type: 'REGISTRY_REQUEST_INTROSPECTION',
      target_node_id: 'ghost-1',
      reason: expect.any(String),
      registry_id: expect.any(String),
    });
    expect(request?.headers).toEqual(expect.arrayContaining(['content_type', 'correlation_id', 'event_type', 'source']));
    await until('everybody was asked when the gateway started', () => heard.some(({ value }) => value?.['reason'] === 'registry_startup'));
    const broadcast = heard.find(({ value }) => value?.['reason'] === 'registry_startup');
    expect(broadcast?.value).not.toHaveProperty('target_node_id');
    await nodes.announce(announcement('typed-1', { node_type: 'typed' }));
    await until('it is registered', async () => (await gateway.client.node('typed-1'))?.state === 'REGISTERED');
    const { data } = await gateway.client.ask(
      'mutation { requestIntrospection(nodeTypes: ["typed"], reason: "look") { correlationId expectedNodes } }',
    );
    expect(data).toMatchObject({ requestIntrospection: { expectedNodes: 1 } });
    await until('it is asked by name', () => asked('typed-1').some(({ value }) => value?.['reason'] === 'look'));
  });

  it('should tell nodes that they are registered, and the changes topic what is', async () => {
    const { accepted, changes } = gateway.config.kafka.topics;
    const id = `told-${randomUUID()}`;
    const heard = await listen(nodes, [accepted[0] ?? '', changes]);
    const told = (topic: string | undefined) => heard.filter((each) => each.topic === topic && each.key === id);
    const first = announcement(id, { correlation_id: 'corr-told-1' });
    await nodes.announce(first);
    await until('it is accepted', () => told(accepted[0]).length === 1);
    expect(told(accepted[0])[0]?.value).toMatchObject({
      event_type: 'NODE_REGISTRATION_ACCEPTED',
      node_id: id,
      entity_id: id,
      correlation_id: 'corr-told-1',
      consul_service_id: `effect-${id}`,
      cursor: expect.stringMatching(/^\d{16}$/),
    });
    await nodes.announce({ ...first, timestamp: new Date(Date.now() + 1000).toISOString() });
    await until('the unchanged startup is accepted too', () => told(accepted[0]).length === 2);
    await nodes.announce(announcement(id, { reason: 'shutdown', timestamp: new Date(Date.now() + 2000).toISOString() }));
    await until('its key is removed from the changes', () => told(changes).at(-1)?.value === null);
    expect(told(changes)[0]?.value).toMatchObject({ event_type: 'NODE_ADDED', node_id: id });
  });
});
