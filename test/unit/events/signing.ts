import { createPublicKey } from 'node:crypto';
import { type KeyGrant, KeyRing, type KeySubject } from '../../../src/events/key-ring.ts';
import { type SigningKey, type SigningSecret, signingKey } from '../../../src/events/signature.ts';

/** The secret of the test vectors in docs/claims.md. */
export const SECRET = '0123456789abcdef0123456789abcdef';

/** The Ed25519 key of the test vectors, which is the first one of RFC 8032. */
export const PRIVATE_KEY =
  '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n';
export const PUBLIC_KEY = '11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=';

export const node = (nodeId: string): KeySubject => ({ kind: 'node', nodeId });
export const type = (name: string): KeySubject => ({ kind: 'type', type: name });
export const EVERYBODY: KeySubject = { kind: 'everybody' };

/** A key of its own for each kid. */
export function hmacKey(kid: string): SigningKey {
  return signingKey({ kid, secret: `${kid} ${SECRET}` });
}

/** The gateway's side of a key. */
export function grant(secret: SigningKey | SigningSecret, subject: KeySubject): KeyGrant {
  const { kid, alg, key } = 'alg' in secret ? secret : signingKey(secret);
  return { kid, alg, key: alg === 'ed25519' ? createPublicKey(key) : key, subject };
}

export function ring(...grants: readonly KeyGrant[]): KeyRing {
  return new KeyRing(grants);
}
