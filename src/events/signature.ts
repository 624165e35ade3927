import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  type KeyObject,
  sign as signWith,
  timingSafeEqual,
  verify as verifyWith,
} from 'node:crypto';

/** The Kafka header in which a message carries its signature. The format, with test vectors, is docs/claims.md. */
export const SIGNATURE_HEADER = 'onex-signature';

export type SignatureAlgorithm = 'hmac-sha256' | 'ed25519';

/** What is signed of a message: what Kafka carries, byte for byte, and where. */
export interface SignedMessage {
  readonly topic: string;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

/** What the header says. */
export interface Signature {
  readonly alg: SignatureAlgorithm;
  readonly kid: string;
  readonly bytes: Uint8Array;
}

/** A key that signs. */
export interface SigningKey {
  /** Under which name the other side finds the key. */
  readonly kid: string;
  readonly alg: SignatureAlgorithm;
  readonly key: KeyObject;
}

/** A key as its owner writes it: a secret shared with the gateway (HMAC-SHA-256), or an Ed25519 private key (PEM, or a KeyObject). */
export type SigningSecret =
  | { readonly kid: string; readonly secret: string }
  | { readonly kid: string; readonly privateKey: string | KeyObject };

/** HMAC keys shorter than the hash make it weaker (RFC 2104). Bytes. */
export const SECRET_MIN_BYTES = 32;

/** The version is part of it: nothing that is signed for another purpose is a signature here. */
const DOMAIN = Buffer.from('onex-signature:v1\0', 'ascii');

const KID = '[A-Za-z0-9][A-Za-z0-9._:@/-]{0,127}';
const KID_FORM = new RegExp(`^${KID}$`);
/** One way only to write a signature: a header that was changed is not read leniently. */
export const SIGNATURE_FORM = `^v1;alg=(hmac-sha256|ed25519);kid=(${KID});sig=([A-Za-z0-9_-]+)$`;
const HEADER_FORM = new RegExp(SIGNATURE_FORM);
const SIGNATURE_BYTES: Readonly<Record<SignatureAlgorithm, number>> = { 'hmac-sha256': 32, ed25519: 64 };

/** What comes before the 32 bytes of an Ed25519 public key in DER (RFC 8410). */
const ED25519_DER = Buffer.from('302a300506032b6570032100', 'hex');

export function isKid(text: string): boolean {
  return KID_FORM.test(text);
}

/** The header's value for a message. */
export function sign({ kid, alg, key }: SigningKey, message: SignedMessage): string {
  const bytes = bytesToSign(alg, kid, message);
  const signature = alg === 'hmac-sha256' ? createHmac('sha256', key).update(bytes).digest() : signWith(null, bytes, key);
  return `v1;alg=${alg};kid=${kid};sig=${signature.toString('base64url')}`;
}

/** What the header's value says; null where it is no signature of version 1, to the letter. */
export function readSignature(header: string): Signature | null {
  const [, alg, kid, text] = HEADER_FORM.exec(header) ?? [];
  if ((alg !== 'hmac-sha256' && alg !== 'ed25519') || kid === undefined || text === undefined) return null;
  const bytes = Buffer.from(text, 'base64url');
  // The last character has bits to spare: with others in them it would be the same signature under another name.
  return bytes.length === SIGNATURE_BYTES[alg] && bytes.toString('base64url') === text ? { alg, kid, bytes } : null;
}

/** Whether the key's owner signed this message. `key` must be of the signature's algorithm. Takes as long for a wrong HMAC as for a right one. */
export function isSignedWith(key: KeyObject, { alg, kid, bytes }: Signature, message: SignedMessage): boolean {
  const signed = bytesToSign(alg, kid, message);
  return alg === 'hmac-sha256'
    ? timingSafeEqual(createHmac('sha256', key).update(signed).digest(), bytes)
    : verifyWith(null, signed, key, bytes);
}

/** Every part with its length before it, so that no two messages come to the same bytes. */
export function bytesToSign(alg: SignatureAlgorithm, kid: string, { topic, key, value }: SignedMessage): Buffer {
  return Buffer.concat([
    DOMAIN,
    ...part(Buffer.from(alg)),
    ...part(Buffer.from(kid)),
    ...part(Buffer.from(topic)),
    ...part(key),
    ...part(value),
  ]);
}

/** As Kafka itself writes bytes that may be null: the length in four bytes, big end first, −1 for null. */
function part(bytes: Uint8Array | null): readonly Uint8Array[] {
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes === null ? -1 : bytes.byteLength);
  return bytes === null ? [length] : [length, bytes];
}

/** Throws RangeError that says what is wrong, and never repeats the key. */
export function signingKey(secret: SigningSecret): SigningKey {
  const { kid } = secret;
  if (!isKid(kid)) throw new RangeError('kid must be 1 to 128 letters, digits, or . _ : @ / -, and start with a letter or digit');
  if ('secret' in secret) return { kid, alg: 'hmac-sha256', key: secretKey(secret.secret) };
  return { kid, alg: 'ed25519', key: privateKey(secret.privateKey) };
}

/** The text's UTF-8 bytes as an HMAC key. Throws RangeError. */
export function secretKey(text: string): KeyObject {
  const bytes = Buffer.from(text);
  if (bytes.length < SECRET_MIN_BYTES) throw new RangeError(`secret is shorter than ${SECRET_MIN_BYTES} bytes`);
  return createSecretKey(bytes);
}

/** From PEM, or the key's 32 bytes in base64 or base64url. Throws RangeError. */
export function publicKey(text: string): KeyObject {
  const problem = 'publicKey is not an Ed25519 public key, in PEM or as its 32 bytes in base64';
  // createPublicKey takes a private key too, and derives the other from it: then the private one lies where it must not.
  if (text.includes('PRIVATE KEY')) throw new RangeError('publicKey is a private key');
  const key = keyFrom(problem, () =>
    text.includes('-----BEGIN')
      ? createPublicKey(text)
      : createPublicKey({ key: Buffer.concat([ED25519_DER, Buffer.from(text, 'base64')]), format: 'der', type: 'spki' }),
  );
  if (key.asymmetricKeyType !== 'ed25519') throw new RangeError(problem);
  return key;
}

function privateKey(given: string | KeyObject): KeyObject {
  const problem = 'privateKey is not an Ed25519 private key in PEM';
  const key = typeof given === 'string' ? keyFrom(problem, () => createPrivateKey(given)) : given;
  if (key.type !== 'private' || key.asymmetricKeyType !== 'ed25519') throw new RangeError(problem);
  return key;
}

function keyFrom(problem: string, read: () => KeyObject): KeyObject {
  try {
    return read();
  } catch (error) {
    throw new RangeError(problem, { cause: error });
  }
}
