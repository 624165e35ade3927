import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { NodeIntrospection, SIGNATURE_HEADER, type SigningKey, sign, signingKey } from '../../../src/node/index.ts';
import { until } from '../../until.ts';
import {
  announcement,
  freshEnvironment,
  healthServer,
  type NodeMessage,
  Nodes,
  nodeTopics,
  type RunningGateway,
  runGateway,
  sql,
} from './running-gateway.ts';
import { everythingIsCounted } from './truth.ts';

const secretOf = (kid: string) => `${kid} 0123456789abcdef0123456789abcdef`;
const keyOf = (kid: string) => signingKey({ kid, secret: secretOf(kid) });
const entry = (kid: string, subject: object) => ({ kid, alg: 'hmac-sha256', secret: secretOf(kid), ...subject });

/** The Ed25519 key of the test vectors. */
const PRIVATE_KEY =
  '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n';
const PUBLIC_KEY = '11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=';

describe('a gateway that rejects what is unsigned', () => {
  let gateway: RunningGateway;
  let nodes: Nodes;
  let url: string;
  let folder: string;
  let server: Awaited<ReturnType<typeof healthServer>>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'claims-'));
    const keys = [
      entry('orders', { nodeId: 'orders-1' }),
      entry('mailer', { nodeId: 'mailer-1' }),
      entry('effect', { nodeType: 'effect' }),
      entry('gateways', { nodeType: 'registry' }),
      { kid: 'library', alg: 'ed25519', publicKey: PUBLIC_KEY, nodeId: 'library-1' },
    ];
    await writeFile(join(folder, 'keys.json'), JSON.stringify(keys));
    const env = await freshEnvironment({
      SIGNING_KEYS_FILE: join(folder, 'keys.json'),
      UNSIGNED_MESSAGES: 'reject',
      SELF_SIGNING_KEY: 'gateways',
    });
    url = env['DATABASE_URL'] ?? '';
    gateway = await runGateway(env);
    nodes = await Nodes.connect(gateway.config);
    server = await healthServer();
  });

  afterAll(async () => {
    await nodes?.close();
    await gateway?.stop();
    await server?.close();
    await rm(folder, { recursive: true });
  });

  const introspections = () => nodes.topic('introspection');

  /** The message as the key's owner would send it to the topic. */
  function signed(key: SigningKey, topic: string, nodeId: string, value: object): NodeMessage {
    const text = JSON.stringify(value);
    return {
      key: nodeId,
      value: text,
      headers: { [SIGNATURE_HEADER]: sign(key, { topic, key: Buffer.from(nodeId), value: Buffer.from(text) }) },
    };
  }

  const say = (kid: string, nodeId: string, value: object) =>
    nodes.send(introspections(), signed(keyOf(kid), introspections(), nodeId, value));

  /** What became of everything sent so far: types and reasons of the latest rejections, the latest first. */
  async function rejected(): Promise<{ errorType: string; reason: string; topic: string }[]> {
    await everythingIsCounted(nodes.kafka, gateway.config, url);
    const shape = z.array(z.object({ errorType: z.string(), reason: z.string(), topic: z.string() }));
    return gateway.client.get(shape, 'rejectedEvents', '{ rejectedEvents(first: 50) { errorType reason topic } }');
  }

  it('should announce itself signed, and so be found', async () => {
    await until('it finds itself', async () => (await gateway.client.healthy('service_discovery')).length === 1);
    expect(await rejected()).toEqual([]);
  });

  it('should register a node that signs, and nobody else under its name', async () => {
    const before = (await rejected()).length;
    await say('orders', 'orders-1', announcement('orders-1', { endpoints: server.endpoints }));
    await until('it is registered', async () => (await gateway.client.node('orders-1'))?.state === 'REGISTERED');
    const evil = announcement('orders-1', { capabilities: ['stolen'], timestamp: new Date(Date.now() + 1000).toISOString() });
    await nodes.announce(evil);
    await say('mailer', 'orders-1', evil);
    await say('effect', 'orders-1', evil);
    await say('invented', 'orders-1', evil);
    await nodes.send(introspections(), signed({ ...keyOf('mailer'), kid: 'orders' }, introspections(), 'orders-1', evil));
    const platform = nodes.topic('introspection', 1);
    await nodes.send(platform, signed(keyOf('orders'), introspections(), 'orders-1', evil));
    const found = (await rejected()).slice(0, -before || undefined);
    expect(found.map(({ errorType }) => errorType).sort()).toEqual([...Array(4).fill('INVALID_SIGNATURE'), 'UNKNOWN_KEY', 'UNSIGNED']);
    expect(found.find(({ topic }) => topic === platform)?.reason).toBe(
      'The signature is not that of the key orders on this topic, key and value.',
    );
    expect(await gateway.client.node('orders-1')).toMatchObject({ capabilities: ['ping'], state: 'REGISTERED' });
  });

  it("should not take a goodbye that is somebody else's", async () => {
    const before = (await rejected()).length;
    const goodbye = { node_id: 'orders-1', node_type: 'effect', reason: 'shutdown', timestamp: new Date(Date.now() + 1000).toISOString() };
    await nodes.announce(goodbye, { ...goodbye, node_type: 'reducer' });
    await nodes.send(introspections(), { key: 'orders-1', value: null });
    await say('mailer', 'orders-1', goodbye);
    expect((await rejected()).slice(0, -before || undefined).map(({ errorType }) => errorType)).toEqual(
      expect.arrayContaining(['UNSIGNED', 'INVALID_SIGNATURE']),
    );
    expect((await rejected()).length).toBe(before + 4);
    expect(await gateway.client.node('orders-1')).toMatchObject({ state: 'REGISTERED' });
    expect((await gateway.client.changes('orders-1')).map(({ type }) => type)).not.toContain('REMOVED');
    await say('orders', 'orders-1', goodbye);
    await until('its own goodbye counts', async () => (await gateway.client.node('orders-1'))?.state === 'REMOVED');
  });

  it('should not bring a node back when its announcement is repeated', async () => {
    const first = signed(keyOf('mailer'), introspections(), 'mailer-1', announcement('mailer-1'));
    await nodes.send(introspections(), first);
    await until('it is registered', async () => (await gateway.client.node('mailer-1'))?.state === 'REGISTERED');
    await say('mailer', 'mailer-1', { node_id: 'mailer-1', reason: 'shutdown', timestamp: new Date(Date.now() + 1).toISOString() });
    await until('it left', async () => (await gateway.client.node('mailer-1'))?.state === 'REMOVED');
    await nodes.send(introspections(), first);
    await rejected();
    expect(await gateway.client.node('mailer-1')).toMatchObject({ state: 'REMOVED' });
  });

  it('should refuse a metadata address of a node whose signature is right, and name the rule', async () => {
    await say(
      'effect',
      'greedy-1',
      announcement('greedy-1', { endpoints: { health: 'http://2852039166/latest/meta-data/', api: 'http://10.0.0.7/' } }),
    );
    expect((await rejected())[0]).toMatchObject({
      errorType: 'INVALID_ENDPOINT',
      reason: 'endpoints.health is refused by the rule 169.254.0.0/16 of the endpoint deny-list (ENDPOINT_DENY).',
    });
    expect(await gateway.client.node('greedy-1')).toBeNull();
  });

  it('should hear all that a node of the library says', async () => {
    const before = (await rejected()).length;
    const library = new NodeIntrospection({
      kafka: nodes.kafka,
      nodeId: 'library-1',
      nodeType: 'compute',
      environment: gateway.config.environment,
      topics: nodeTopics(gateway.config),
      endpoints: server.endpoints,
      capabilities: ['count'],
      heartbeatInterval: 100,
      broadcastJitter: 10,
      signing: { kid: 'library', privateKey: PRIVATE_KEY },
    });
    await library.start();
    await until('it is found', async () => (await gateway.client.healthy('count')).includes('library-1'));
    await until('its heartbeats and acknowledgement count', async () => {
      const found = await gateway.client.node('library-1');
      return found?.lastHeartbeatAt !== null && found?.acknowledgedAt !== null;
    });
    await library.stop();
    await until('its goodbye counts', async () => (await gateway.client.node('library-1'))?.state === 'REMOVED');
    expect((await rejected()).length).toBe(before);
  });

  it('should sign what it sends to nodes', async () => {
    const topic = gateway.config.kafka.topics.request[0] ?? '';
    const seen: { key: Buffer | null; value: Buffer | null; header: string }[] = [];
    const consumer = nodes.kafka.consumer({ groupId: `requests-${gateway.config.environment}`, maxWaitTimeInMs: 100 });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message: { key, value, headers } }) =>
        void seen.push({ key, value, header: String(headers?.[SIGNATURE_HEADER]) }),
    });
    await until('the request of its start arrives', () => seen.length > 0, { timeout: 30_000 });
    await consumer.disconnect();
    for (const { key, value, header } of seen) expect(header).toBe(sign(keyOf('gateways'), { topic, key, value }));
  });

  it('should take over keys that change while it runs, and count what it judged', async () => {
    const keys = [entry('orders-new', { nodeId: 'orders-1' }), entry('gateways', { nodeType: 'registry' })];
    await writeFile(join(folder, 'keys.json'), JSON.stringify(keys));
    await until('the keys changed', () => gateway.lines.some(({ msg }) => msg === 'the signing keys changed'), { timeout: 30_000 });
    await say('orders-new', 'orders-1', announcement('orders-1', { timestamp: new Date(Date.now() + 2000).toISOString() }));
    await until('it is registered', async () => (await gateway.client.node('orders-1'))?.state === 'REGISTERED');
    await say('orders', 'orders-1', { node_id: 'orders-1', reason: 'shutdown', timestamp: new Date(Date.now() + 3000).toISOString() });
    expect((await rejected())[0]?.errorType).toBe('UNKNOWN_KEY');
    const metrics = await (await fetch(`${gateway.client.url}/metrics`)).text();
    expect(metrics).toMatch(/discovery_gateway_signatures_total\{result="valid"\} [1-9]/);
    expect(JSON.stringify(gateway.lines)).not.toContain('0123456789abcdef');
    expect(JSON.stringify(await sql(url, 'select * from rejected_events'))).not.toContain('0123456789abcdef');
  });
});
