import { canonicalName } from '../registry/names.ts';
import type { CapabilitySummary } from '../registry/registry.ts';
import { boundedCount, boundedText, LIMITS } from './limits.ts';

export interface CapabilityArguments {
  readonly search?: string | null;
  readonly first?: number | null;
  readonly after?: string | null;
}

/**
 * A part of the capabilities, which are sorted by name: a name is the place to go on from, whether or not anybody still has it. Throws
 * BAD_USER_INPUT and LIMIT_EXCEEDED.
 */
export function capabilityList(all: readonly CapabilitySummary[], { search, first, after }: CapabilityArguments): CapabilitySummary[] {
  boundedText('search', search);
  boundedText('after', after);
  const count = boundedCount('first', first ?? LIMITS.capabilities.fallback, 1, LIMITS.capabilities.max);
  const wanted = canonicalName(search ?? '');
  const found: CapabilitySummary[] = [];
  for (const summary of all) {
    if (found.length === count) break;
    const isBehind = after === null || after === undefined || summary.name > after;
    if (isBehind && (wanted === '' || canonicalName(summary.name).includes(wanted))) found.push(summary);
  }
  return found;
}
