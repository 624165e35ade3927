import type { OpenedEnvelope } from './envelope.ts';
import type { Meaning } from './event-kind.ts';
import { isGoodbye } from './introspection.ts';
import type { NodeId } from './node-id.ts';
import { readType, UNKNOWN_TYPE } from './node-type.ts';
import { timeSaid } from './origin.ts';
import { Unacceptable } from './unacceptable.ts';

/** In whose name a message speaks: what a signature on it has to cover. */
export interface Claim {
  readonly kind: Meaning;
  readonly nodeId: NodeId;
  /** null: it says none, which leaves the type of the node as it is known. */
  readonly type: string | null;
  /** When it says that it was said, microseconds since 1970; null where only Kafka's record has a time, which nobody signed. */
  readonly said: number | null;
}

/** Throws Unacceptable where the reason of an introspection is unusable. */
export function readClaim(kind: Meaning, opened: OpenedEnvelope, nodeId: NodeId): Claim {
  const type = softType(opened);
  // An announcement without a type registers the node as one of no type; whatever else says none changes nothing of it.
  const isAnnouncement = kind === 'introspection' && !isGoodbye(opened);
  return { kind, nodeId, type: type ?? (isAnnouncement ? UNKNOWN_TYPE : null), said: timeSaid(opened) };
}

/** A goodbye counts whatever is wrong with its type; where a type matters, a wrong one is refused further on. */
function softType({ payload, envelope, path }: OpenedEnvelope): string | null {
  try {
    return readType(payload, envelope, path);
  } catch (error) {
    if (error instanceof Unacceptable) return null;
    throw error;
  }
}
