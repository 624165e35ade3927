import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseMessage } from '../../../src/events/parse-message.ts';
import type { SigningSecret } from '../../../src/events/signature.ts';
import { judgeSignature } from '../../../src/events/signature-rules.ts';
import { nodeTopics } from '../../../src/node/index.ts';
import { bytes } from '../events/message.ts';
import { grant, node, PRIVATE_KEY, ring, SECRET } from '../events/signing.ts';
import type { SentMessage } from './fake-kafka.ts';
import { nodesOnFakeKafka } from './nodes-on-fake-kafka.ts';

const [acceptedTopic = ''] = nodeTopics('dev', 'legacy').accepted;

let { kafka, newNode, started, end } = nodesOnFakeKafka();

beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-11-24T10:00:00Z') });
  ({ kafka, newNode, started, end } = nodesOnFakeKafka());
});

afterEach(async () => {
  await end();
  vi.useRealTimers();
});

/** What a gateway that rejects what is unsigned makes of a message. */
function heard({ topic, key, text, headers }: SentMessage, secret: SigningSecret): string {
  const rules = {
    keys: ring(grant(secret, node('node-1'))),
    unsigned: 'reject' as const,
    typeOf: () => undefined,
    memory: 60_000,
    now: Date.now,
  };
  const meaning = topic.includes('heartbeat') ? 'heartbeat' : topic.includes('acked') ? 'acknowledgement' : 'introspection';
  const message = { topic, key: bytes(key), value: bytes(text), headers, timestamp: Date.now() };
  const event = parseMessage(message, meaning, { judge: (...asked) => judgeSignature(...asked, rules) });
  return event.kind === 'rejection' ? event.reason : event.kind;
}

describe('a node that signs', () => {
  it.each<[string, SigningSecret]>([
    ['HMAC', { kid: 'node-1', secret: SECRET }],
    ['Ed25519', { kid: 'node-1', privateKey: PRIVATE_KEY }],
  ])('should sign everything that it says: %s', async (_what, signing) => {
    const speaker = await started({ signing, nodeName: 'Grüße', heartbeatInterval: 1000 });
    await vi.advanceTimersByTimeAsync(1000);
    kafka.deliver(acceptedTopic, { node_id: 'node-1', correlation_id: 'c-1' }, { key: 'node-1' });
    await speaker.setCapabilities(['read']);
    await vi.advanceTimersByTimeAsync(1);
    await speaker.stop();
    const outcomes = kafka.sent.map((sent) => heard(sent, signing));
    expect(new Set(outcomes)).toEqual(new Set(['announcement', 'heartbeat', 'acknowledgement', 'goodbye']));
  });

  it('should not sign unless it was told to', async () => {
    await started();
    expect(kafka.sent.map(({ headers }) => headers['onex-signature'])).toEqual([undefined]);
  });

  it('should refuse a key that could not sign, without repeating it', () => {
    expect(() => newNode({ signing: { kid: 'node-1', secret: 'hunter2' } })).toThrow(/^secret is shorter than 32 bytes$/);
    expect(() => newNode({ signing: { kid: 'node-1', privateKey: 'hunter2' } })).toThrow(
      /^privateKey is not an Ed25519 private key in PEM$/,
    );
  });
});
