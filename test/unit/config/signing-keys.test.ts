import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSigningKeys } from '../../../src/config/signing-keys.ts';
import { ConfigurationError, readConfig } from '../../../src/config.ts';
import { PRIVATE_KEY, PUBLIC_KEY, SECRET } from '../events/signing.ts';

const OTHER_PUBLIC_KEY = 'PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=';
const hmac = { kid: 'orders', alg: 'hmac-sha256', secret: SECRET, nodeId: 'orders-1' };
const ed25519 = { kid: 'effect', alg: 'ed25519', publicKey: PUBLIC_KEY, nodeType: 'EFFECT_GENERIC' };
const fleet = { kid: 'fleet', alg: 'HMAC-SHA-256', secret: `fleet ${SECRET}`, nodeId: '*', comment: 'until all have their own' };
const problemsOf = (...keys: unknown[]) => readSigningKeys(JSON.stringify(keys)).problems;

describe('a key file', () => {
  it('should give each key to its node, its type, or everybody', () => {
    const { keys, problems } = readSigningKeys(JSON.stringify([hmac, ed25519, fleet, { ...hmac, nodeId: 'orders-2' }]));
    expect(problems).toEqual([]);
    expect(keys.ring.size()).toBe(3);
    expect([...(keys.ring.get('orders')?.nodes ?? [])]).toEqual(['orders-1', 'orders-2']);
    expect([...(keys.ring.get('effect')?.types ?? [])]).toEqual(['effect']);
    expect(keys.ring.get('fleet')).toMatchObject({ isForEverybody: true, alg: 'hmac-sha256' });
    expect([...keys.secrets.keys()]).toEqual(['orders', 'fleet']);
  });

  it.each([
    ['a short secret', { ...hmac, secret: 'hunter2' }, 'key 1 (orders): secret is shorter than 32 bytes'],
    ['no secret', { ...hmac, secret: undefined }, 'key 1 (orders): secret is missing'],
    [
      'a kid with a space',
      { ...hmac, kid: 'a b' },
      'key 1: kid must be 1 to 128 letters, digits, or . _ : @ / -, and start with a letter or digit',
    ],
    ['another algorithm', { ...hmac, alg: 'rs256' }, 'key 1 (orders): alg: Invalid option: expected one of "hmac-sha256"|"ed25519"'],
    [
      'nobody to sign for',
      { ...hmac, nodeId: undefined },
      'key 1 (orders): one of nodeId and nodeType says for whom it signs ("*": everybody)',
    ],
    [
      'two to sign for',
      { ...hmac, nodeType: 'effect' },
      'key 1 (orders): one of nodeId and nodeType says for whom it signs ("*": everybody)',
    ],
    ['a node id that none has', { ...hmac, nodeId: ' ' }, 'key 1 (orders): nodeId is not one that a node may have'],
    ['a type that none has', { ...ed25519, nodeType: 'x'.repeat(101) }, 'key 1 (effect): nodeType is longer than 100 characters.'],
    ['no public key', { ...ed25519, publicKey: undefined }, 'key 1 (effect): publicKey is missing'],
    ['a private key in its place', { ...ed25519, publicKey: PRIVATE_KEY }, 'key 1 (effect): publicKey is a private key'],
    [
      'another private key',
      { ...ed25519, publicKey: OTHER_PUBLIC_KEY, privateKey: PRIVATE_KEY },
      'key 1 (effect): privateKey and publicKey do not belong together',
    ],
    ['a secret beside a public key', { ...ed25519, secret: SECRET }, 'key 1 (effect): ed25519 has a publicKey, and no secret'],
    ['a word that it does not know', { ...hmac, nodeID: 'x' }, 'key 1 (orders): Unrecognized key: "nodeID"'],
    ['no object', 5, 'key 1: Invalid input: expected object, received number'],
  ])('should be refused for %s', (_what, key, problem) => {
    expect(problemsOf(key)).toEqual([problem]);
  });

  it('should name every problem, and give no key at all then', () => {
    expect(problemsOf({ ...hmac, secret: 'x' }, ed25519, { ...fleet, kid: 'effect' })).toEqual([
      'key 1 (orders): secret is shorter than 32 bytes',
      'key 3 (effect): another key has that kid',
    ]);
    expect(readSigningKeys(JSON.stringify([hmac, { ...hmac, secret: 'x' }])).keys.ring.size()).toBe(0);
  });

  it.each(['', '{}', `[{"secret": "hunter2 hunter2", }]`, `[{"kid":"a","secret":hunter2}]`])(
    'should be a JSON list, and never quoted: %s',
    (text) => {
      expect(readSigningKeys(text).problems).toEqual(['it is not a JSON list of keys']);
    },
  );
});

describe('the configuration', () => {
  let folder = '';
  const file = (name: string, content: unknown) => {
    const path = join(folder, name);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };
  const read = (env: Record<string, string>) =>
    readConfig({ KAFKA_BROKER_URL: 'kafka:9092', CONSUL_HOST: 'consul', DATABASE_URL: 'postgres://db', GATEWAY_ID: 'gateway-1', ...env });
  const problems = (env: Record<string, string>) => {
    try {
      read(env);
      return [];
    } catch (error) {
      if (error instanceof ConfigurationError) return error.problems;
      throw error;
    }
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'signing-keys-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('should accept what is unsigned, and know no key, by default', () => {
    expect(read({}).claims).toMatchObject({ unsigned: 'accept', keyFile: null, selfSecret: null });
  });

  it('should report what is wrong in the file beside all other problems', () => {
    const SIGNING_KEYS_FILE = file('wrong.json', [
      { ...hmac, secret: 'hunter2' },
      { ...ed25519, publicKey: 'x' },
    ]);
    const found = problems({ SIGNING_KEYS_FILE, UNSIGNED_MESSAGES: 'perhaps', SERVICE_PORT: 'x' });
    expect(found).toEqual([
      expect.stringMatching(/^SERVICE_PORT: /),
      'SIGNING_KEYS_FILE: key 1 (orders): secret is shorter than 32 bytes',
      'SIGNING_KEYS_FILE: key 2 (effect): publicKey is not an Ed25519 public key, in PEM or as its 32 bytes in base64',
      expect.stringMatching(/^UNSIGNED_MESSAGES: /),
    ]);
    expect(found.join()).not.toContain('hunter2');
    expect(problems({ SIGNING_KEYS_FILE: join(folder, 'absent.json') })).toEqual([expect.stringMatching(/^SIGNING_KEYS_FILE: ENOENT/)]);
  });

  it('should want keys where it rejects what is unsigned', () => {
    expect(problems({ UNSIGNED_MESSAGES: 'reject' })).toEqual([expect.stringMatching(/^UNSIGNED_MESSAGES=reject needs SIGNING_KEYS_FILE/)]);
  });

  it('should find what the gateway signs with in the key file, or in a file of its own', () => {
    const own = { ...fleet, kid: 'gateway', nodeType: 'registry', nodeId: undefined };
    const SIGNING_KEYS_FILE = file('keys.json', [
      own,
      { ...ed25519, kid: 'gateway-ed', nodeType: 'registry' },
      { ...ed25519, kid: 'gateway-pem', nodeType: 'registry', privateKey: PRIVATE_KEY },
    ]);
    const secret = (env: Record<string, string>) => read({ SIGNING_KEYS_FILE, ...env }).claims.selfSecret;
    expect(secret({ SELF_SIGNING_KEY: 'gateway' })).toEqual({ kid: 'gateway', secret: own.secret });
    expect(secret({ SELF_SIGNING_KEY: 'gateway-pem' })).toEqual({ kid: 'gateway-pem', privateKey: PRIVATE_KEY });
    expect(secret({ SELF_SIGNING_KEY: 'gateway-ed', SELF_SIGNING_KEY_FILE: file('own.pem', PRIVATE_KEY) })).toEqual({
      kid: 'gateway-ed',
      privateKey: PRIVATE_KEY.trim(),
    });
  });

  it.each<[Record<string, string>, RegExp]>([
    [{ SELF_SIGNING_KEY: 'nobody' }, /^SELF_SIGNING_KEY: "nobody" is no kid of SIGNING_KEYS_FILE/],
    [{ SELF_SIGNING_KEY: 'effect' }, /^SELF_SIGNING_KEY: "effect" has no privateKey in SIGNING_KEYS_FILE/],
    [
      { SELF_SIGNING_KEY: 'orders' },
      /^SELF_SIGNING_KEY: the key "orders" does not sign for gateway-1, of the type registry: it is the key of another node$/,
    ],
    [{ SELF_SIGNING_KEY_FILE: '/absent' }, /^SELF_SIGNING_KEY_FILE needs SELF_SIGNING_KEY/],
    [{ SELF_SIGNING_KEY: 'fleet', SELF_SIGNING_KEY_FILE: '/absent' }, /^SELF_SIGNING_KEY_FILE: ENOENT/],
  ])('should refuse %j', (env, problem) => {
    const SIGNING_KEYS_FILE = file('some.json', [hmac, ed25519, fleet]);
    expect(problems({ SIGNING_KEYS_FILE, ...env })).toContainEqual(expect.stringMatching(problem));
  });

  it('should refuse a private key that belongs to another public one', () => {
    const SIGNING_KEYS_FILE = file('pair.json', [{ ...ed25519, publicKey: OTHER_PUBLIC_KEY, nodeType: 'registry' }]);
    const env = { SIGNING_KEYS_FILE, SELF_SIGNING_KEY: 'effect', SELF_SIGNING_KEY_FILE: file('other.pem', PRIVATE_KEY) };
    expect(problems(env)).toEqual(['SELF_SIGNING_KEY_FILE: this is not the key "effect" of SIGNING_KEYS_FILE']);
  });
});
