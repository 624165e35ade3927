import { createPublicKey } from 'node:crypto';
import { z } from 'zod';
import { messageOf } from '../errors.ts';
import { type KeyGrant, KeyRing, type KeySubject } from '../events/key-ring.ts';
import { isNodeId } from '../events/node-id.ts';
import { nodeTypeOf } from '../events/node-type.ts';
import { isKid, publicKey, type SigningSecret, secretKey, signingKey } from '../events/signature.ts';
import { Unacceptable } from '../events/unacceptable.ts';

/** The keys in a file, with what a gateway signs with where the file holds that too. */
export interface SigningKeys {
  readonly ring: KeyRing;
  /** By kid: secrets, and the private keys that the file holds. */
  readonly secrets: ReadonlyMap<string, SigningSecret>;
}

export const NO_KEYS: SigningKeys = { ring: new KeyRing([]), secrets: new Map() };

const algorithm = z
  .string()
  .transform((text) => text.toLowerCase().replace('sha-256', 'sha256'))
  .pipe(z.enum(['hmac-sha256', 'ed25519']));

const entryShape = z.strictObject({
  kid: z.string(),
  alg: algorithm,
  secret: z.string().optional(),
  publicKey: z.string().optional(),
  privateKey: z.string().optional(),
  nodeId: z.string().optional(),
  nodeType: z.string().optional(),
  comment: z.string().optional(),
});
type Entry = z.output<typeof entryShape>;

/**
 * The keys in the text of a key file (docs/claims.md), with every problem of it; where there is one, the keys are none. No problem quotes
 * a secret, nor anything around it.
 */
export function readSigningKeys(text: string): { readonly keys: SigningKeys; readonly problems: readonly string[] } {
  const list = parse(text);
  if (list === null) return { keys: NO_KEYS, problems: ['it is not a JSON list of keys'] };
  const problems: string[] = [];
  const grants: KeyGrant[] = [];
  const secrets = new Map<string, SigningSecret>();
  for (const [index, item] of list.entries()) {
    const place = placeOf(index, item);
    const parsed = entryShape.safeParse(item);
    if (!parsed.success) {
      problems.push(...parsed.error.issues.map((issue) => `${place}: ${[...issue.path, issue.message].join(': ')}`));
      continue;
    }
    const { kid } = parsed.data;
    try {
      const grant = grantOf(parsed.data);
      const other = grants.find((one) => one.kid === kid);
      if (other !== undefined && !other.key.equals(grant.key)) throw new RangeError('another key has that kid');
      grants.push(grant);
      const secret = secretOf(parsed.data, grant);
      if (secret !== null) secrets.set(kid, secret);
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof Unacceptable)) throw error;
      problems.push(`${place}: ${messageOf(error)}`);
    }
  }
  return problems.length > 0 ? { keys: NO_KEYS, problems } : { keys: { ring: new KeyRing(grants), secrets }, problems };
}

/** null where it is none. What V8 says of bad JSON quotes it, and with it secrets. */
function parse(text: string): readonly unknown[] | null {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

const withKid = z.object({ kid: z.string().refine(isKid) });

function placeOf(index: number, item: unknown): string {
  const named = withKid.safeParse(item);
  return `key ${index + 1}${named.success ? ` (${named.data.kid})` : ''}`;
}

/** Throws RangeError. */
function grantOf(entry: Entry): KeyGrant {
  const { kid, alg } = entry;
  if (!isKid(kid)) throw new RangeError('kid must be 1 to 128 letters, digits, or . _ : @ / -, and start with a letter or digit');
  return { kid, alg, key: keyOf(entry), subject: subjectOf(entry) };
}

function keyOf({ alg, secret, publicKey: text, privateKey }: Entry) {
  if (alg === 'hmac-sha256') {
    if (secret === undefined) throw new RangeError('secret is missing');
    if (text !== undefined || privateKey !== undefined) throw new RangeError('hmac-sha256 has a secret, and no other key');
    return secretKey(secret);
  }
  if (secret !== undefined) throw new RangeError('ed25519 has a publicKey, and no secret');
  if (text === undefined) throw new RangeError('publicKey is missing');
  return publicKey(text);
}

/** What signs with this key, where the entry holds it. */
function secretOf({ kid, secret, privateKey }: Entry, { key }: KeyGrant): SigningSecret | null {
  if (secret !== undefined) return { kid, secret };
  if (privateKey === undefined) return null;
  const own = { kid, privateKey };
  if (!isPairOf(own, key)) throw new RangeError('privateKey and publicKey do not belong together');
  return own;
}

/** Whether what signs and what verifies are the same key. Throws RangeError where the former is none. */
export function isPairOf(secret: SigningSecret, verifying: KeyGrant['key']): boolean {
  const { alg, key } = signingKey(secret);
  return (alg === 'hmac-sha256' ? key : createPublicKey(key)).equals(verifying);
}

function subjectOf({ nodeId, nodeType }: Entry): KeySubject {
  if ((nodeId === undefined) === (nodeType === undefined))
    throw new RangeError('one of nodeId and nodeType says for whom it signs ("*": everybody)');
  if (nodeId === '*' || nodeType === '*') return { kind: 'everybody' };
  if (nodeId !== undefined) {
    if (!isNodeId(nodeId)) throw new RangeError('nodeId is not one that a node may have');
    return { kind: 'node', nodeId };
  }
  const type = nodeTypeOf(nodeType ?? '');
  if (type === null) throw new RangeError('nodeType is not one that a node may have');
  return { kind: 'type', type };
}
