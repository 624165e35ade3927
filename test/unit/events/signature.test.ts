import { createHash, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  bytesToSign,
  isSignedWith,
  publicKey,
  readSignature,
  type SignedMessage,
  sign,
  signingKey,
} from '../../../src/events/signature.ts';
import { bytes } from './message.ts';
import { PRIVATE_KEY, PUBLIC_KEY, SECRET } from './signing.ts';

const TOPIC = 'dev.omninode_bridge.onex.evt.node-introspection.v1';
const VALUE = bytes('{"node_id":"orders-1","node_type":"effect","reason":"startup","timestamp":"2026-11-24T10:00:00Z"}');
const KEY = bytes('orders-1');
const hmac = signingKey({ kid: 'orders-2026', secret: SECRET });
const ed25519 = signingKey({ kid: 'orders-ed', privateKey: PRIVATE_KEY });

describe('the test vectors of docs/claims.md', () => {
  // Made with the Python of docs/claims.md, and there with `hmac` and `cryptography`.
  it.each<[string, typeof hmac, SignedMessage, string]>([
    [
      'HMAC',
      hmac,
      { topic: TOPIC, key: KEY, value: VALUE },
      'v1;alg=hmac-sha256;kid=orders-2026;sig=asdatQWIdzhEQvPiw8FkVzHdxHyqAUA35bLLDfg7WW0',
    ],
    [
      'a null key',
      hmac,
      { topic: TOPIC, key: null, value: VALUE },
      'v1;alg=hmac-sha256;kid=orders-2026;sig=7_sy6gPl0MdCiZqahJoNEd84d80RCht1cNJeJF-8c9I',
    ],
    [
      'a null value',
      hmac,
      { topic: TOPIC, key: KEY, value: null },
      'v1;alg=hmac-sha256;kid=orders-2026;sig=tDNc_rlHHOSPLKqLE91TnCRAuw_DLoRKdySI7ihE6XQ',
    ],
    [
      'nothing in both',
      hmac,
      { topic: TOPIC, key: bytes(''), value: bytes('') },
      'v1;alg=hmac-sha256;kid=orders-2026;sig=nkRW49T_yhOLHyNnLo2gxFiGNfN1lkaNqToVtwn_OqA',
    ],
    [
      'Ed25519',
      ed25519,
      { topic: TOPIC, key: KEY, value: VALUE },
      'v1;alg=ed25519;kid=orders-ed;sig=0Mp87rT72RhmIX8Ktv3pucTdRpWjCxt5xaYpgRT6KcYwkuVEfRgBz7jRSMkL-UqcrBLlFt6J5cAuK3H6VWN4BA',
    ],
  ])('should be signed as others sign them: %s', (_what, key, message, header) => {
    expect(sign(key, message)).toBe(header);
    const read = readSignature(header);
    if (read === null) expect.fail('not a signature');
    expect(isSignedWith(key === hmac ? hmac.key : publicKey(PUBLIC_KEY), read, message)).toBe(true);
  });

  it('should come to these bytes', () => {
    const signed = bytesToSign('hmac-sha256', 'orders-2026', { topic: TOPIC, key: KEY, value: VALUE });
    expect(createHash('sha256').update(signed).digest('hex')).toBe('d2595d56f929681da136f57816bede08c5262936ca5856030b169bb1ffec2f88');
  });
});

describe('bytesToSign', () => {
  it('should tell apart what could run into each other', () => {
    const messages: [string, SignedMessage][] = [
      ['k', { topic: 'ab', key: bytes('c'), value: bytes('d') }],
      ['k', { topic: 'a', key: bytes('bc'), value: bytes('d') }],
      ['k', { topic: 'ab', key: bytes(''), value: bytes('cd') }],
      ['k', { topic: 'ab', key: null, value: bytes('cd') }],
      ['k', { topic: 'ab', key: bytes('cd'), value: null }],
      ['k', { topic: 'ab', key: bytes('cd'), value: bytes('') }],
      ['ka', { topic: 'b', key: bytes('c'), value: bytes('d') }],
    ];
    const found = new Set(
      messages.flatMap(([kid, message]) =>
        [bytesToSign('ed25519', kid, message), bytesToSign('hmac-sha256', kid, message)].map((signed) => signed.toString('hex')),
      ),
    );
    expect(found.size).toBe(2 * messages.length);
  });
});

describe('the header', () => {
  const good = sign(hmac, { topic: TOPIC, key: KEY, value: VALUE });
  const [start = '', sig = ''] = good.split('sig=');

  it.each([
    ['another version', good.replace('v1', 'v2')],
    ['another order', `v1;kid=orders-2026;alg=hmac-sha256;sig=${sig}`],
    ['a space', good.replace(';kid', '; kid')],
    ['a space at the end', `${good} `],
    ['a line break at the end', `${good}\n`],
    ['an unknown algorithm', good.replace('hmac-sha256', 'none')],
    ['another case', good.replace('hmac', 'HMAC')],
    ['no kid', good.replace('orders-2026', '')],
    ['a kid that would break a log', good.replace('orders-2026', 'a\u0007')],
    ['a long kid', good.replace('orders-2026', 'a'.repeat(129))],
    ['padding', `${good}=`],
    ['base64 that is not base64url', `${start}sig=${sig.replaceAll('-', '+').replaceAll('_', '/')}+`],
    ['a signature that is too short', `${start}sig=${sig.slice(0, -4)}`],
    ['no signature', `${start}sig=`],
    ['something behind it', `${good};x=y`],
    // 32 bytes leave two bits of the last character: `0`, `1`, `2`, `3` would be the same bytes.
    ['other spare bits', `${good.slice(0, -1)}1`],
    ['nothing', ''],
  ])('should not be read leniently: %s', (_what, header) => {
    expect(readSignature(header)).toBeNull();
  });
});

describe('keys', () => {
  it('should be given in PEM or as what they are', () => {
    const { privateKey, publicKey: pair } = generateKeyPairSync('ed25519');
    const pem = pair.export({ type: 'spki', format: 'pem' }).toString();
    expect(publicKey(pem).equals(pair)).toBe(true);
    const x = String(pair.export({ format: 'jwk' }).x);
    expect(publicKey(x).equals(pair)).toBe(true);
    expect(signingKey({ kid: 'a', privateKey }).key).toBe(privateKey);
  });

  it.each([
    ['a short secret', { kid: 'a', secret: 'hunter2-hunter2-hunter2-hunter2' }, /^secret is shorter than 32 bytes$/],
    ['a kid that is none', { kid: 'a b', secret: SECRET }, /^kid must be/],
    ['a private key that is none', { kid: 'a', privateKey: 'hunter2' }, /^privateKey is not an Ed25519 private key in PEM$/],
    ['a key of another kind', { kid: 'a', privateKey: generateKeyPairSync('x25519').privateKey }, /^privateKey is not/],
    ['a public key', { kid: 'a', privateKey: publicKey(PUBLIC_KEY) }, /^privateKey is not/],
  ])('should be refused without repeating them: %s', (_what, secret, message) => {
    expect(() => signingKey(secret)).toThrow(RangeError);
    expect(() => signingKey(secret)).toThrow(message);
  });

  it.each([PRIVATE_KEY, 'aaaa', generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()])(
    'should not be public: %j',
    (text) => {
      expect(() => publicKey(text)).toThrow(/^publicKey is/);
    },
  );
});
