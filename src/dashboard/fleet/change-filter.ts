import type { LoggedType } from '../gateway/change-shape.ts';
import type { Change } from './change.ts';
import { reasonInWords } from './change.ts';

/** Which lines a timeline shows. An empty list is no condition; all that are given must hold. */
export interface ChangeFilter {
  /** A part of the node id or name, reason, operator, correlation id or a changed field. */
  readonly text: string;
  readonly nodeTypes: readonly string[];
  readonly changeTypes: readonly LoggedType[];
}

/** @returns whether a line is shown */
export function changeFilter({ text, nodeTypes, changeTypes }: ChangeFilter): (change: Change) => boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return (change) =>
    (changeTypes.length === 0 || changeTypes.includes(change.type)) &&
    (nodeTypes.length === 0 || nodeTypes.includes(change.nodeType)) &&
    words.every((word) => mentions(change, word));
}

function mentions({ nodeId, nodeName, reason, operator, correlationId, changedFields, cursor }: Change, word: string): boolean {
  const texts = [nodeId, nodeName, reason, reasonInWords(reason), operator, correlationId, cursor, ...changedFields];
  return texts.some((one) => one?.toLowerCase().includes(word) ?? false);
}
