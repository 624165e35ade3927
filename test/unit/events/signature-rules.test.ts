import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KafkaMessage } from '../../../src/events/kafka-record.ts';
import type { KeyRing } from '../../../src/events/key-ring.ts';
import { parseMessage } from '../../../src/events/parse-message.ts';
import { SIGNATURE_HEADER, type SigningKey, sign, signingKey } from '../../../src/events/signature.ts';
import { judgeSignature, type UnsignedMessages } from '../../../src/events/signature-rules.ts';
import { bytes, KEPT_AT, message } from './message.ts';
import { EVERYBODY, grant, hmacKey, node, PRIVATE_KEY, ring, type } from './signing.ts';

const HEARTBEATS = 'dev.omninode_bridge.onex.evt.node-heartbeat.v1';
const DAY = 86_400_000;
const orders = hmacKey('orders');
const mailer = hmacKey('mailer');
const effect = hmacKey('effect');
const compute = hmacKey('compute');
const fleet = hmacKey('fleet');
const said = (ago = 0) => new Date(KEPT_AT - ago).toISOString();

interface World {
  readonly unsigned?: UnsignedMessages;
  /** Types of the nodes that the registry knows. */
  readonly known?: Readonly<Record<string, string>>;
}

/** What a gateway with these keys makes of a message. */
function hear(keys: KeyRing, heard: KafkaMessage, { unsigned = 'accept', known = {} }: World = {}) {
  const rules = { keys, unsigned, typeOf: (nodeId: string) => known[nodeId], memory: 14 * DAY, now: () => KEPT_AT };
  const meaning = heard.topic === HEARTBEATS ? 'heartbeat' : heard.topic.includes('acked') ? 'acknowledgement' : 'introspection';
  const event = parseMessage(heard, meaning, { judge: (...asked) => judgeSignature(...asked, rules) });
  return event.kind === 'rejection' ? event.errorType : event.kind;
}

function says(fields: object, rest: Partial<KafkaMessage> = {}): KafkaMessage {
  return message(JSON.stringify({ node_id: 'orders-1', node_type: 'effect', timestamp: said(), ...fields }), {
    key: bytes('orders-1'),
    ...rest,
  });
}

function signed(key: SigningKey, heard: KafkaMessage): KafkaMessage {
  return { ...heard, headers: { ...heard.headers, [SIGNATURE_HEADER]: sign(key, heard) } };
}

const goodbye = says({ reason: 'shutdown' });
const tombstone = message('', { key: bytes('orders-1'), value: null });
const heartbeat = says({}, { topic: HEARTBEATS });

describe('a node that has a key', () => {
  const keys = ring(
    grant(orders, node('orders-1')),
    grant(mailer, node('mailer-1')),
    grant(fleet, EVERYBODY),
    grant(effect, type('effect')),
  );

  it('should be believed what it signed, by every key that it has', () => {
    const rotating = ring(grant(orders, node('orders-1')), grant({ kid: 'orders-ed', privateKey: PRIVATE_KEY }, node('orders-1')));
    for (const key of [orders, signingKey({ kid: 'orders-ed', privateKey: PRIVATE_KEY })]) {
      expect(hear(rotating, signed(key, says({})), { unsigned: 'reject' })).toBe('announcement');
      expect(hear(rotating, signed(key, goodbye))).toBe('goodbye');
      expect(hear(rotating, signed(key, heartbeat))).toBe('heartbeat');
      expect(hear(rotating, signed(key, says({}, { topic: 'onex.cmd.platform.node-registration-acked.v1' })))).toBe('acknowledgement');
    }
  });

  it.each<UnsignedMessages>(['accept', 'warn', 'reject'])(
    'should not be spoken for without a signature, whatever becomes of unsigned messages: %s',
    (unsigned) => {
      for (const heard of [says({}), says({ node_type: 'compute' }), goodbye, tombstone, heartbeat])
        expect(hear(keys, heard, { unsigned })).toBe('UNSIGNED');
      expect(hear(keys, signed(hmacKey('invented'), goodbye), { unsigned })).toBe('UNKNOWN_KEY');
    },
  );

  it("should not be spoken for with another's key, its type's, or everybody's: the narrowest counts", () => {
    for (const key of [mailer, fleet, effect]) expect(hear(keys, signed(key, goodbye))).toBe('INVALID_SIGNATURE');
    // The right kid with another key.
    expect(hear(keys, signed({ ...mailer, kid: 'orders' }, goodbye))).toBe('INVALID_SIGNATURE');
    expect(
      hear(keys, signed({ ...orders, alg: 'hmac-sha256', key: signingKey({ kid: 'orders', secret: 'x'.repeat(32) }).key }, goodbye)),
    ).toBe('INVALID_SIGNATURE');
  });

  it('should move from a key of everybody to one of its own while both sign for it', () => {
    const moving = ring(grant(fleet, EVERYBODY), grant(fleet, node('orders-1')), grant(orders, node('orders-1')));
    for (const key of [fleet, orders]) expect(hear(moving, signed(key, says({})))).toBe('announcement');
    expect(hear(moving, signed(fleet, message({ node_id: 'other', timestamp: said() })))).toBe('announcement');
  });

  it('should not be spoken for with what it signed for another topic', () => {
    for (const topic of [HEARTBEATS, 'onex.evt.platform.node-introspection.v1', 'prod.omninode_bridge.onex.evt.node-introspection.v1']) {
      expect(hear(keys, { ...signed(orders, says({})), topic }), topic).toBe('INVALID_SIGNATURE');
    }
  });

  it('should not be spoken for with a header that makes its message another', () => {
    const asked = { event_type: 'NODE_INTROSPECTION', correlation_id: 'asked-by-an-operator' };
    const beat = signed(orders, heartbeat);
    expect(hear(keys, { ...beat, headers: { ...beat.headers, ...asked } })).toBe('heartbeat');
    const rules = { keys, unsigned: 'accept' as const, typeOf: () => undefined, memory: DAY, now: () => KEPT_AT };
    const announced = signed(orders, says({}));
    const event = parseMessage({ ...announced, headers: { ...announced.headers, ...asked } }, 'introspection', {
      judge: (...heard) => judgeSignature(...heard, rules),
    });
    expect(event).toMatchObject({ kind: 'announcement', correlationId: null });
  });

  it('should say when: a signature without a time could be repeated for ever', () => {
    expect(hear(keys, signed(orders, says({ timestamp: null })))).toBe('INVALID_SIGNATURE');
    expect(hear(keys, signed(orders, tombstone))).toBe('INVALID_SIGNATURE');
  });

  it('should not be kept alive by old heartbeats', () => {
    const beat = (ago: number) => hear(keys, signed(orders, says({ timestamp: said(ago) }, { topic: HEARTBEATS })));
    expect([beat(0), beat(300_000), beat(-300_000)]).toEqual(['heartbeat', 'heartbeat', 'heartbeat']);
    expect([beat(300_001), beat(-300_001), beat(DAY)]).toEqual(['ignored', 'ignored', 'ignored']);
  });

  it('should not be brought back by what it said before the registry forgot it', () => {
    const old = signed(orders, says({ timestamp: said(15 * DAY) }));
    expect(hear(keys, old)).toBe('EXPIRED_SIGNATURE');
    // The order of its messages decides where the registry knows it.
    expect(hear(keys, old, { known: { 'orders-1': 'effect' } })).toBe('announcement');
    expect(hear(keys, signed(orders, says({ timestamp: said(13 * DAY) })))).toBe('announcement');
  });

  it('should not be kept from saying what is wrong otherwise', () => {
    expect(hear(keys, signed(orders, says({ endpoints: { api: 'nothing' } })))).toBe('INVALID_ENDPOINT');
    expect(hear(keys, signed(orders, says({ node_id: '' })))).toBe('INVALID_NODE_ID');
  });
});

describe('a type that has a key', () => {
  const keys = ring(grant(effect, type('effect')), grant(compute, type('compute')), grant(fleet, EVERYBODY));
  const known = { 'orders-1': 'effect' };

  it('should be believed of those who say that type, and of no other', () => {
    expect(hear(keys, signed(effect, says({ node_type: 'EFFECT_GENERIC' })))).toBe('announcement');
    for (const node_type of ['compute', 'reducer', null])
      expect(hear(keys, signed(effect, says({ node_type }))), String(node_type)).toBe('INVALID_SIGNATURE');
    expect(hear(keys, signed(fleet, says({})))).toBe('INVALID_SIGNATURE');
  });

  it('should count for messages without a type by the type that is registered', () => {
    const typeless = { node_type: null };
    expect(hear(keys, signed(effect, says({ ...typeless, reason: 'shutdown' })), { known })).toBe('goodbye');
    expect(hear(keys, signed(compute, says({ ...typeless, reason: 'shutdown' })), { known })).toBe('INVALID_SIGNATURE');
    expect(hear(keys, signed(compute, says(typeless, { topic: HEARTBEATS })), { known })).toBe('INVALID_SIGNATURE');
    // Nobody knows the node: its heartbeat makes the gateway ask it, its goodbye would leave a mark.
    expect(hear(keys, signed(effect, says(typeless, { topic: HEARTBEATS })))).toBe('heartbeat');
    expect(hear(keys, signed(effect, says({ ...typeless, reason: 'shutdown' })))).toBe('INVALID_SIGNATURE');
  });

  it('should not let who says another type take over a node', () => {
    expect(hear(keys, says({ node_type: 'reducer' }), { known })).toBe('UNSIGNED');
    expect(hear(keys, says({ node_type: 'reducer', reason: 'shutdown' }), { known })).toBe('UNSIGNED');
    expect(hear(keys, tombstone, { known })).toBe('UNSIGNED');
    expect(hear(keys, signed(compute, says({ node_type: 'compute' })), { known })).toBe('INVALID_SIGNATURE');
    expect(hear(keys, signed(fleet, says({ node_type: 'reducer' })), { known })).toBe('INVALID_SIGNATURE');
    // What an unsigned message registered does not keep the rightful node out.
    expect(hear(keys, signed(effect, says({})), { known: { 'orders-1': 'reducer' } })).toBe('announcement');
  });
});

describe('a node without a key', () => {
  const keys = ring(grant(orders, node('orders-1')));
  const stranger = message({ node_id: 'stranger', node_type: 'effect', timestamp: said() });

  it('should be heard unless unsigned messages are rejected, signed with a key that nobody knows or not at all', () => {
    for (const unsigned of ['accept', 'warn'] as const) {
      expect(hear(keys, stranger, { unsigned })).toBe('announcement');
      expect(hear(keys, signed(mailer, stranger), { unsigned })).toBe('announcement');
    }
    expect(hear(keys, stranger, { unsigned: 'reject' })).toBe('UNSIGNED');
    expect(hear(keys, signed(mailer, stranger), { unsigned: 'reject' })).toBe('UNKNOWN_KEY');
    expect(hear(keys, signed(hmacKey('fleet'), stranger), { unsigned: 'reject' })).toBe('UNKNOWN_KEY');
    expect(hear(ring(grant(fleet, EVERYBODY)), signed(fleet, stranger), { unsigned: 'reject' })).toBe('announcement');
  });

  it("should never be heard with a stranger's key, or a signature that is wrong", () => {
    expect(hear(keys, signed(orders, stranger))).toBe('INVALID_SIGNATURE');
    expect(hear(keys, { ...stranger, headers: { [SIGNATURE_HEADER]: 'v1' } })).toBe('INVALID_SIGNATURE');
    expect(hear(ring(grant(fleet, EVERYBODY)), { ...signed(fleet, stranger), key: bytes('x') })).toBe('INVALID_SIGNATURE');
  });
});

describe('whatever is changed of a signed message', () => {
  const ed = signingKey({ kid: 'orders-ed', privateKey: PRIVATE_KEY });
  const keys = ring(grant(orders, node('orders-1')), grant(ed, node('orders-1')), grant(mailer, node('mailer-1')));

  /** The bytes with one bit turned over. */
  function flipped(original: Uint8Array, bit: number): Uint8Array {
    const copy = Uint8Array.from(original);
    copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    return copy;
  }

  it('should be refused: a bit of its value, key, topic or header', () => {
    const decoder = new TextDecoder();
    const text = (original: string, bit: number) => decoder.decode(flipped(bytes(original), bit % (8 * original.length)));
    fc.assert(
      fc.property(fc.constantFrom(orders, ed), fc.constantFrom('value', 'key', 'topic', 'header', 'name'), fc.nat(), (key, part, seed) => {
        const original = signed(key, says({ capabilities: ['read'] }));
        const header = original.headers?.[SIGNATURE_HEADER] ?? '';
        const value = original.value ?? bytes('');
        const changed: Record<typeof part, KafkaMessage> = {
          value: { ...original, value: flipped(value, seed % (8 * value.length)) },
          key: { ...original, key: flipped(bytes('orders-1'), seed % 64) },
          topic: { ...original, topic: text(original.topic, seed) },
          header: { ...original, headers: { [SIGNATURE_HEADER]: text(header, seed) } },
          name: { ...original, headers: { [text(SIGNATURE_HEADER, seed)]: header } },
        };
        const outcome = hear(keys, changed[part], { unsigned: 'reject' });
        expect(['announcement', 'goodbye', 'heartbeat', 'acknowledgement']).not.toContain(outcome);
      }),
      { numRuns: 600 },
    );
  });
});
