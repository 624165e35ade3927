import { isLongerThan } from './text-length.ts';

declare const brand: unique symbol;

/** A node's own identity: 1 to 255 characters, no control character, not the nil UUID. Built only by {@link toNodeId}. */
export type NodeId = string & { readonly [brand]: 'NodeId' };

export const NIL_UUID = '00000000-0000-0000-0000-000000000000';
export const NODE_ID_MAX_LENGTH = 255;

// Control characters (C0, DEL, C1) are refused by the Kafka contract: they would end up in logs, DNS names and Consul ids.
const CONTROL = /\p{Cc}/u;

export function hasControlCharacter(text: string): boolean {
  return CONTROL.test(text);
}

export function isNodeId(text: string): text is NodeId {
  return (
    text.length > 0 &&
    !isLongerThan(text, NODE_ID_MAX_LENGTH) &&
    text !== NIL_UUID &&
    text.trim() === text &&
    !hasControlCharacter(text) &&
    text.isWellFormed()
  );
}

/** The text as a node id, or undefined when no node may have that id. */
export function toNodeId(text: string): NodeId | undefined {
  return isNodeId(text) ? text : undefined;
}
