import { canonicalName } from './names.ts';
import type { RejectedEvent } from './registry.ts';

/**
 * A test of what is kept of a rejected message (300 characters of it, and what was wrong): whether it has any of these names, or one of these
 * node ids as a text of its own, so that it was an announcement that would have answered.
 */
export function mentions(names: readonly string[], nodeIds: readonly string[]): (event: RejectedEvent) => boolean {
  const wanted = [...names, ...nodeIds.map((id) => `"${id}"`)].map(canonicalName);
  return ({ excerpt, reason }) => {
    const text = canonicalName(`${excerpt ?? ''} ${reason}`);
    return wanted.some((name) => text.includes(name));
  };
}
