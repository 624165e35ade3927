import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { until } from '../../until.ts';
import { announcement, freshEnvironment, type NodeMessage, Nodes, type RunningGateway, runGateway, sql } from './running-gateway.ts';
import { agreement, everythingIsCounted } from './truth.ts';

interface Letter {
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Record<string, unknown>;
}

describe('what can never be accepted', () => {
  let gateway: RunningGateway;
  let nodes: Nodes;
  let url: string;
  const letters: Letter[] = [];
  let close: () => Promise<void> = async () => undefined;

  beforeAll(async () => {
    const env = await freshEnvironment();
    url = env['DATABASE_URL'] ?? '';
    gateway = await runGateway(env);
    nodes = await Nodes.connect(gateway.config);
    const consumer = nodes.kafka.consumer({ groupId: `letters-${gateway.config.environment}`, maxWaitTimeInMs: 100 });
    await consumer.connect();
    await consumer.subscribe({ topic: gateway.config.kafka.topics.deadLetter, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message: { key, value, headers } }) => {
        const texts = Object.entries(headers ?? {}).map(([name, header]) => [name, String(header)]);
        letters.push({ key: key?.toString() ?? null, headers: Object.fromEntries(texts), value: JSON.parse(value?.toString() ?? '{}') });
      },
    });
    close = () => consumer.disconnect();
  });

  afterAll(async () => {
    await close();
    await nodes?.close();
    await gateway?.stop();
  });

  /** Sends one message and waits for its dead letter. */
  async function refused(topic: string, message: NodeMessage): Promise<Letter> {
    const before = letters.length;
    await nodes.send(topic, message);
    return until('its letter arrives', () => letters[before]);
  }

  const rows = () => sql(url, 'select topic, partition, "offset"::text, error_type, reason, excerpt, correlation_id from rejected_events');

  it('should keep key, correlation id and the whole value, with the headers of every outgoing message', async () => {
    const topic = nodes.topic('introspection', 1);
    const value = JSON.stringify({
      envelope_id: 'e-1',
      correlation_id: 'outer',
      payload: { node_id: '', node_type: 'effect', correlation_id: 'inner', password: 'hunter2' },
    });
    const letter = await refused(topic, { key: 'some-key', value, partition: 1 });
    expect(letter).toMatchObject({
      key: 'some-key',
      headers: {
        content_type: 'application/json',
        event_type: 'REGISTRY_DEAD_LETTER',
        correlation_id: 'inner',
        source: expect.any(String),
      },
      value: {
        original_topic: topic,
        original_partition: 1,
        original_offset: '0',
        original_key: 'some-key',
        original_value: Buffer.from(value).toString('base64'),
        error_type: 'INVALID_NODE_ID',
        failure_reason: expect.stringContaining('node_id'),
        failure_timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        correlation_id: 'inner',
      },
    });
    const [row] = await until('its row is written', async () => {
      const found = await rows();
      return found.length > 0 ? found : null;
    });
    expect(row).toMatchObject({ topic, partition: 1, offset: '0', error_type: 'INVALID_NODE_ID', correlation_id: 'inner' });
    expect(String(row?.['excerpt'])).not.toContain('hunter2');
    expect(JSON.stringify(gateway.lines)).not.toContain('hunter2');
  });

  it('should refuse a null value without a key, and a heartbeat or acknowledgement without a node', async () => {
    expect((await refused(nodes.topic('introspection'), { value: null })).value).toMatchObject({
      original_key: null,
      original_value: null,
      error_type: 'INVALID_NODE_ID',
    });
    for (const meaning of ['heartbeat', 'acknowledgement'] as const) {
      expect((await refused(nodes.topic(meaning), { value: { timestamp: new Date().toISOString() } })).value).toMatchObject({
        original_topic: nodes.topic(meaning),
        error_type: 'INVALID_NODE_ID',
      });
    }
  });

  it('should cut what is too large for the dead-letter topic, and say so', async () => {
    const value = Buffer.alloc(900_000, 'x');
    const letter = await refused(nodes.topic('introspection'), { key: 'k'.repeat(20_000), value });
    expect(letter.value).toMatchObject({
      error_type: 'TOO_LARGE',
      original_value_cut: true,
      original_value_bytes: 900_000,
      original_key_cut: true,
      original_key_bytes: 20_000,
    });
    const { original_value } = z.object({ original_value: z.string() }).parse(letter.value);
    expect(value.subarray(0, Buffer.from(original_value, 'base64').length).equals(Buffer.from(original_value, 'base64'))).toBe(true);
  });

  it('should accept a prototype key without letting it reach an object', async () => {
    await nodes.send(nodes.topic('introspection'), {
      value:
        '{"node_id":"proto-1","node_type":"effect","__proto__":{"polluted":true},"metadata":{"constructor":{"prototype":{"polluted":true}}}}',
    });
    await until('it is registered', async () => (await gateway.client.node('proto-1'))?.state === 'REGISTERED');
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
    expect(JSON.stringify(await sql(url, `select * from node_registrations where node_id = 'proto-1'`))).not.toContain('polluted');
  });

  it('should hold up no good message, however bad its neighbours, and count each once', async () => {
    const before = letters.length;
    const known = (await rows()).length;
    const messages = Array.from({ length: 300 }, (_, index): NodeMessage => {
      const partition = index % 3;
      if (index % 10 === 0) return { value: announcement(`good-${index}`), partition };
      return { value: index % 2 === 0 ? `{"broken": ${index}` : { node_id: 'x'.repeat(256), index }, partition };
    });
    await nodes.send(nodes.topic('introspection'), ...messages);
    await everythingIsCounted(nodes.kafka, gateway.config, url);
    const bad = messages.length - messages.length / 10;
    expect((await gateway.client.registered()).filter((id) => id.startsWith('good-'))).toHaveLength(messages.length / 10);
    expect(await rows()).toHaveLength(known + bad);
    await until('every letter arrives', () => letters.length === before + bad);
    const places = letters.map(({ value }) => `${value['original_topic']} ${value['original_partition']} ${value['original_offset']}`);
    expect(new Set(places).size, 'each once').toBe(places.length);
    await agreement(gateway.config, url, [gateway.client]);
  });
});
