import { canonicalName } from './names.ts';
import type { RejectedEvent } from './registry.ts';

/** Whether what is kept of a rejected message names any of these (canonical) names: an announcement that would have answered to it. */
export function mentionsAny({ excerpt, reason }: RejectedEvent, names: readonly string[]): boolean {
  const text = canonicalName(`${excerpt ?? ''} ${reason}`);
  return names.some((name) => text.includes(name));
}
