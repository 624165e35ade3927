import { canonicalName } from './names.ts';
import type { RejectedEvent } from './registry.ts';

/**
 * Whether what is kept of a rejected message (300 characters of it, and what was wrong) has any of these names, or one of these node ids
 * as a text of its own: an announcement that would have answered.
 */
export function mentionsAny({ excerpt, reason }: RejectedEvent, names: readonly string[], nodeIds: readonly string[]): boolean {
  const text = canonicalName(`${excerpt ?? ''} ${reason}`);
  return names.some((name) => text.includes(canonicalName(name))) || nodeIds.some((id) => text.includes(canonicalName(`"${id}"`)));
}
