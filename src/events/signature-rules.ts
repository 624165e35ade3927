import type { RejectionType } from './announcement.ts';
import type { Claim } from './claim.ts';
import type { KafkaMessage } from './kafka-record.ts';
import type { KeyRing, RingKey } from './key-ring.ts';
import { UNKNOWN_TYPE } from './node-type.ts';
import { shownName } from './path.ts';
import { isSignedWith, readSignature, SIGNATURE_HEADER } from './signature.ts';

export type UnsignedMessages = 'accept' | 'warn' | 'reject';

export interface SignatureRules {
  readonly keys: KeyRing;
  /** What becomes of messages of nodes for which no key is given. */
  readonly unsigned: UnsignedMessages;
  /** The type of the node as the registry knows it, in whatever state it is; undefined: it knows no such node. */
  readonly typeOf: (nodeId: string) => string | undefined;
  /** How long the registry remembers a node that left, and with it which of its messages are old. Milliseconds. */
  readonly memory: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** `unverified`: signed with a key that nobody gave to the gateway, of a node that need not sign. `stale`: signed, and too old to count. */
export type SignatureVerdict =
  | { readonly outcome: 'valid' | 'unsigned' | 'unverified' }
  | { readonly outcome: 'stale'; readonly reason: string }
  | { readonly outcome: 'refused'; readonly errorType: RejectionType; readonly reason: string };

/**
 * How far the time of a signed heartbeat or acknowledgement may be from the gateway's. They have no order of their own, so this is how long
 * one can be repeated; it is as far as a node's clock may be ahead. Milliseconds.
 */
export const SIGNED_LIFE = 5 * 60_000;

/** Whether a message may speak in the name that it claims. Pure but for the clock and the registry that are handed in: docs/claims.md. */
export function judgeSignature(message: KafkaMessage, claim: Claim, rules: SignatureRules): SignatureVerdict {
  const header = message.headers?.[SIGNATURE_HEADER];
  const demand = demandOf(claim, rules);
  if (header === undefined) {
    return demand === null ? { outcome: 'unsigned' } : refused('UNSIGNED', `The message has no header ${SIGNATURE_HEADER}, and ${demand}.`);
  }
  const signature = readSignature(header);
  if (signature === null) return invalid(`The header ${SIGNATURE_HEADER} is not v1;alg=…;kid=…;sig=… as docs/claims.md has it.`);
  const { kid } = signature;
  const key = rules.keys.get(kid);
  if (key === undefined) {
    return demand === null ? { outcome: 'unverified' } : refused('UNKNOWN_KEY', `The key ${kid} is not known here, and ${demand}.`);
  }
  const fault = faultOf(key, claim, rules);
  if (fault !== null) return invalid(`The key ${kid} does not sign for ${shownName(claim.nodeId)}: ${fault}.`);
  if (key.alg !== signature.alg) return invalid(`The key ${kid} is one for ${key.alg}, not for ${signature.alg}.`);
  if (!isSignedWith(key.key, signature, message))
    return invalid(`The signature is not that of the key ${kid} on this topic, key and value.`);
  return judgeAge(claim, rules);
}

/** Why messages in that name have to be signed, to follow "and"; null where they need not. A key that is given means: these nodes sign. */
export function demandOf(
  { nodeId, type }: { readonly nodeId: string; readonly type: string | null },
  { keys, unsigned, typeOf }: Pick<SignatureRules, 'keys' | 'unsigned' | 'typeOf'>,
): string | null {
  if (keys.hasNode(nodeId)) return `the node ${shownName(nodeId)} has a key`;
  // Also of the registered type: or whoever says another type would take the node over.
  const bound = [type, typeOf(nodeId)].find((one) => one != null && keys.hasType(one));
  if (bound != null) return `nodes of the type ${shownName(bound)} have a key`;
  return unsigned === 'reject' ? 'UNSIGNED_MESSAGES is reject' : null;
}

/** Why the key may not sign for the node, to follow a colon; null when it may. */
export function faultOf(
  key: RingKey,
  { kind, nodeId, type }: Omit<Claim, 'said'>,
  { keys, typeOf }: Pick<SignatureRules, 'keys' | 'typeOf'>,
): string | null {
  if (keys.hasNode(nodeId)) return key.nodes.has(nodeId) ? null : 'the node has a key of its own';
  const registered = knownType(typeOf(nodeId));
  const said = type ?? registered;
  for (const one of [said, registered]) {
    if (one !== null && keys.hasType(one) && !key.types.has(one)) return `nodes of the type ${shownName(one)} have a key of their own`;
  }
  if (key.isForEverybody || (said !== null && key.types.has(said))) return null;
  if (key.types.size === 0) return 'it is the key of another node';
  // All that these do for a node that is not known is make the gateway ask it who it is.
  if (said === null && kind !== 'introspection') return null;
  return said === null ? 'the message says no node_type, and no such node is registered' : `the node is of the type ${shownName(said)}`;
}

/** A goodbye of a node that was never heard of leaves a memory without a type. */
function knownType(type: string | undefined): string | null {
  return type === undefined || type === UNKNOWN_TYPE ? null : type;
}

/** Old messages of a node are known by its later ones; this is for what the registry cannot know. */
function judgeAge({ kind, nodeId, said }: Claim, { typeOf, memory, now }: SignatureRules): SignatureVerdict {
  if (said === null) return invalid('The message says no time (timestamp), so that its signature could be repeated for ever.');
  const age = now() - said / 1000;
  if (kind !== 'introspection') {
    if (Math.abs(age) <= SIGNED_LIFE) return { outcome: 'valid' };
    return { outcome: 'stale', reason: `It was said ${shownAge(age)}: signed heartbeats and acknowledgements count for 5 minutes.` };
  }
  if (age <= memory || typeOf(nodeId) !== undefined) return { outcome: 'valid' };
  return refused(
    'EXPIRED_SIGNATURE',
    `The message was said ${shownAge(age)}, and no such node is known: it may have been removed since (REMOVED_RETENTION).`,
  );
}

function shownAge(milliseconds: number): string {
  const seconds = Math.round(Math.abs(milliseconds) / 1000);
  return milliseconds < 0 ? `${seconds} s ahead of the gateway's clock` : `${seconds} s ago`;
}

function invalid(reason: string): SignatureVerdict {
  return refused('INVALID_SIGNATURE', reason);
}

function refused(errorType: RejectionType, reason: string): SignatureVerdict {
  return { outcome: 'refused', errorType, reason };
}
